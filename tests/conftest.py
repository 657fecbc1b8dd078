"""Shared set-up: quiet TensorFlow, two threads, one place for small real tables."""

import os

import pytest
from click.testing import CliRunner

from steelyard.cli import main

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


@pytest.fixture
def run():
    """Call with the words of a command line in this process; returns click's result."""

    def call(*words):
        return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)

    return call
