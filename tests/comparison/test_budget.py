"""A time budget: read, planned by measured cost, cut in a fixed order, said."""

import time

import numpy as np
import pytest

pytest.importorskip("keras")

from steelyard.comparison import budget
from steelyard.comparison.budget import Cost, Plan, planned, seconds_of
from steelyard.errors import RequestError
from steelyard.techniques import choose


class Trainer:
    """Eight members, then four, then two."""

    def __init__(self, size=8):
        self.size = size

    def lighter(self):
        return Trainer(self.size // 2) if self.size > 2 else None


class Table:
    times = None


@pytest.mark.parametrize(
    ("said", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), ("45", 45), (2.5, 2.5)]
)
def test_times_are_read(said, seconds):
    assert seconds_of(said) == seconds


@pytest.mark.parametrize("said", ["", "soon", "10 days", "-3m", "0", 0])
def test_other_words_are_refused(said):
    with pytest.raises(RequestError, match="90s, 10m or 1h"):
        seconds_of(said)


def plan_for(seconds, monkeypatch, job=1.0, judging=0.0):
    monkeypatch.setattr(budget, "measured", lambda *_: Cost(job, start=0.0, judging=judging))
    techniques = choose(["plain", "class-weight", "smote"])
    asked = Plan(Trainer(), techniques, folds=5, repeats=2)
    deadline = time.monotonic() + seconds / budget.USED
    return planned(asked, Table(), lambda *_: None, 0, deadline)


# By hand, a job 1 s: 3 x 5 x 2 jobs and one final of 1.25 = 31.25; one repeat 16.25; three folds
# 9 + 1.5 = 10.5; four members half of it 5.25, two 2.625; then without smote 7.5 / 4 = 1.875.
@pytest.mark.parametrize(
    ("seconds", "left_out"),
    [
        (31.5, []),
        (31, ["1 of 2 repeats"]),
        (16, ["1 of 2 repeats", "2 of 5 folds"]),
        (10, ["1 of 2 repeats", "2 of 5 folds", "members: 4 instead of 8"]),
        (5, ["members: 4 instead of 8", "members: 2 instead of 4"]),
        (2.5, ["members: 2 instead of 4", "technique smote"]),
        (1.7, ["technique smote", "technique class-weight"]),
    ],
)
def test_the_first_plan_that_fits_is_taken(seconds, left_out, monkeypatch):
    plan = plan_for(seconds, monkeypatch)
    assert plan.left_out[-len(left_out) or len(plan.left_out) :] == left_out
    assert plan.techniques[0].name == "plain"


def test_judging_counts(monkeypatch):
    assert not plan_for(60, monkeypatch, judging=1.0).left_out
    assert plan_for(40, monkeypatch, judging=1.0).left_out == ["1 of 2 repeats"]


def test_too_small_for_one_job_is_one_clear_line(monkeypatch):
    with pytest.raises(RequestError, match="plain alone on 3 folds takes about"):
        plan_for(0.5, monkeypatch)


def test_a_comparison_under_a_budget_says_what_was_cut(monkeypatch):
    import steelyard

    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = X[:, 0] + rng.normal(size=300) > 1.3
    monkeypatch.setattr(budget, "measured", lambda *_: Cost(1.0, start=0.0, judging=0.0))
    study = steelyard.compare(
        (X, y), techniques=["plain", "class-weight"], model="trees", repeats=4, budget=20
    )
    assert study.run["left_out"] == ["3 of 4 repeats"]
    assert study.run["protocol"]["repeats"] == 1
    assert "Left out. 3 of 4 repeats." in repr(study)
