"""Plain progress lines: a remaining time only once it means something."""

import pytest

from steelyard import _progress
from steelyard.cli import progress


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when told to."""
    now = [0.0]
    monkeypatch.setattr(_progress.time, "monotonic", lambda: now[0])
    return now


def test_lines_off_a_terminal(clock, capsys):
    with progress.progress_bar("comparing") as report:
        for seconds, done in ((1.0, 1.0), (6.0, 2.0), (20.0, 25.0), (22.0, 30.0), (60.0, 75.0)):
            clock[0] = seconds
            report(done, 100.0, "fold 1")
    assert capsys.readouterr().err.splitlines() == [
        "fold 1: 2%",  # six seconds of imports are not the pace of the work
        "fold 1: 25%, about 59 s left",
        "fold 1: 75%, about 20 s left",
    ]


def test_quiet_is_quiet(capsys):
    with progress.progress_bar("comparing", quiet=True) as report:
        assert report is None
    assert not capsys.readouterr().err


def test_time_before_the_first_step_says_nothing_of_the_rest(clock):
    pace = _progress.Pace()
    clock[0] = 60.0  # imports, compiling
    assert pace.left(0.0) is None
    assert pace.left(0.1) is None
    clock[0] = 70.0
    assert pace.left(0.2) == pytest.approx(80.0)
    clock[0] = 110.0
    assert pace.left(0.6) == pytest.approx(40.0)
