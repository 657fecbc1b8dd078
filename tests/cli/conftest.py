"""Runs a command in this process and hands back what a shell would see."""

import pytest
from click.testing import CliRunner

from steelyard.cli import main


@pytest.fixture
def run():
    """Call with the words of a command line; returns click's result."""

    def call(*words):
        return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)

    return call
