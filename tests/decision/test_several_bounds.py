"""Several bounds at once: kept together, refused together, or the closest with its chance."""

import numpy as np
import pytest

from steelyard.decision import (
    Alerts,
    Bounds,
    MinPrecision,
    MinRecall,
    as_goal,
    check_enough_rows,
    goal_from_dict,
    tune,
)
from steelyard.errors import GoalError

ROWS = 20_000


def scored(seed=0, rows=ROWS, strength=3.0, share=0.02):
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < share).astype(int)
    logit = rng.normal(size=rows) + strength * y
    odds = np.exp(strength * logit - strength**2 / 2) * share / (1 - share)
    p = odds / (1 + odds)
    return np.column_stack([1 - p, p]), y


def test_all_are_kept_and_f1_is_the_largest_of_what_is_left():
    p, y = scored()
    goal = Bounds(MinRecall(0.7), Alerts(40), MinPrecision(0.3))
    found = tune(p, y, goal, positive=1, interval=False)
    flagged = p[:, 1] >= found.rule.threshold
    recall, precision = flagged[y == 1].mean(), y[flagged].mean()
    assert recall > 0.7
    assert precision > 0.3
    assert flagged.mean() < 0.04
    assert found.value == pytest.approx(2 * recall * precision / (recall + precision))
    assert found.out_of_reach is None
    assert found.holds > 0.9


def test_where_they_exclude_each_other_the_line_says_how_many_each_wants():
    p, y = scored(strength=1.0)
    goal = Bounds(MinRecall(0.8), Alerts(20))
    with pytest.raises(GoalError, match=r"all bounds on new rows: a recall.* of 1,000 rows flagge"):
        tune(p, y, goal, positive=1)
    close = tune(p, y, Bounds(MinRecall(0.8), Alerts(20), closest=True), positive=1)
    assert close.out_of_reach
    assert close.holds < 0.05
    assert "comes closest and keeps them on new rows with a probability" in close.notes[0]


def test_one_that_cannot_be_had_alone_is_named():
    p, y = scored(rows=1000)
    with pytest.raises(GoalError, match=r"recall of 0\.99"):
        tune(p, y, Bounds(MinRecall(0.99), Alerts(200)), positive=1)
    with pytest.raises(GoalError, match=r"recall of 0\.99"):
        check_enough_rows(Bounds(MinRecall(0.99), Alerts(200)), 20, 1000)


def test_they_break_together_no_more_often_than_once_in_twenty():
    """The truth is known: scores are true probabilities; breaks of either bound count."""
    rows, strength, share = 4000, 2.5, 0.05
    fresh_p, fresh_y = scored(99, 400_000, strength, share)
    goal, given, broken = Bounds(MinRecall(0.7), Alerts(150)), 0, 0
    for seed in range(120):
        try:
            rule = tune(*scored(seed, rows, strength, share), goal, positive=1, interval=False).rule
        except GoalError:
            continue
        flagged = fresh_p[:, 1] >= rule.threshold
        given += 1
        broken += flagged[fresh_y == 1].mean() < 0.7 or flagged.mean() > 0.15
    assert given > 80
    assert broken / given <= 0.05 + 2 * (0.05 * 0.95 / given) ** 0.5


def test_plain_values_lists_and_refusals():
    goal = Bounds(MinRecall(0.8), Alerts(20), closest=True)
    assert goal_from_dict(goal.to_dict()) == goal
    assert as_goal([MinRecall(0.8), Alerts(20)]) == Bounds(MinRecall(0.8), Alerts(20))
    for bad in (
        lambda: Bounds(MinRecall(0.8)),
        lambda: Bounds(MinRecall(0.8), MinRecall(0.9)),
        lambda: Bounds(MinRecall(0.8), Alerts(20, per="day")),
        lambda: Bounds(MinRecall(0.8), "f1"),
    ):
        with pytest.raises(GoalError):
            bad()
