"""Stopped half-way and started again: the same result as without the interruption."""

import json

import pytest
from polars.testing import assert_frame_equal

import steelyard

ASKED = {"techniques": ["plain", "random-under"], "folds": 2, "repeats": 2}


class Stop:
    """Progress that presses Ctrl-C at a share of the work."""

    def __init__(self, at):
        self.at = at

    def __call__(self, done, total, what):
        if done / total >= self.at:
            raise KeyboardInterrupt


def without_times(run):
    """What may differ between two runs of the same: seconds and the machine's state."""
    if isinstance(run, dict):
        return {k: without_times(v) for k, v in run.items() if k not in ("seconds", "environment")}
    return [without_times(v) for v in run] if isinstance(run, list) else run


def test_stopped_and_continued_equals_uninterrupted(customers, tmp_path):
    frame = customers(rows=200)
    whole = steelyard.compare(frame, "churned", out=tmp_path / "whole", **ASKED)
    with pytest.raises(KeyboardInterrupt):
        steelyard.compare(frame, "churned", out=tmp_path / "cut", progress=Stop(at=0.5), **ASKED)
    assert sorted(path.name for path in (tmp_path / "cut").iterdir()) == ["journal.jsonl", "parts"]
    kept = (tmp_path / "cut" / "journal.jsonl").read_text().splitlines()
    assert len(kept) > 1, "some jobs were done before the stop"

    again = steelyard.compare(frame, "churned", out=tmp_path / "cut", **ASKED)
    assert (tmp_path / "cut" / "journal.jsonl").read_text().startswith("\n".join(kept))
    by = ["technique", "repeat", "row"]
    assert again.predictions.sort(by).equals(whole.predictions.sort(by))
    assert without_times(again.run) == without_times(whole.run)
    assert json.dumps(again.ledger, sort_keys=True) == json.dumps(whole.ledger, sort_keys=True)
    new = customers(rows=50, seed=1)
    assert_frame_equal(again.predict(new), whole.predict(new), abs_tol=1e-6)


def test_another_request_is_not_continued(customers, tmp_path):
    frame = customers(rows=120)
    with pytest.raises(KeyboardInterrupt):
        steelyard.compare(frame, "churned", out=tmp_path / "cut", progress=Stop(at=0.3), **ASKED)
    with pytest.raises(steelyard.SteelyardError, match="seed"):
        steelyard.compare(frame, "churned", out=tmp_path / "cut", seed=5, **ASKED)
