"""Shared set-up: quiet TensorFlow, two threads, one place for small real tables."""

import os

import pytest
from click.testing import CliRunner
from hypothesis import settings

from steelyard.cli import main

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# Values that tests compare are of float32: a GPU would round a product's factors to 10 bits.
os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")

# The same examples every time, so that a run tells about the change and not about its luck. To go
# looking for new ones: pytest --hypothesis-profile explore
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile("same")


@pytest.fixture
def run():
    """Call with the words of a command line in this process; returns click's result."""

    def call(*words):
        return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)

    return call
