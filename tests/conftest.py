"""Shared set-up: quiet TensorFlow, two threads, one place for small real tables."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
