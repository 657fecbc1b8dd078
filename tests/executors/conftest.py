"""What the tests of executors share."""

import os
from pathlib import Path

import pytest

from steelyard.resample import pieces


@pytest.fixture
def small_pieces(monkeypatch):
    """Every file is a piece, and one of all rows many."""
    monkeypatch.setattr(pieces, "SMALL", 10_000)
    monkeypatch.setattr(pieces, "LARGE", 60_000)


@pytest.fixture(scope="module")
def on_workers():
    """Workers find the functions of these tests, as they find an installed package."""
    with pytest.MonkeyPatch.context() as patch:
        paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        yield
