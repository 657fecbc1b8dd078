"""Alerts a day: the best rows of each period by brute force, ties, short days, gaps."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.decision import Alerts, best_of_each_period, goal_from_dict, tune
from steelyard.errors import DataError, GoalError
from steelyard.stats.periods import period_of


def by_brute_force(goal, p, columns):
    """Day by day, the rows in the order of their worth, the earlier of equal ones first."""
    flagged = np.zeros(len(p), dtype=bool)
    worth = p * columns["Amount"] if goal.by else p
    days = np.floor(columns["when"])
    for day in set(days.tolist()):
        rows = [i for i in range(len(p)) if days[i] == day]
        best = sorted(rows, key=lambda i: (-worth[i], i))[: int(goal.most)]
        flagged[[i for i in best if not goal.by or worth[i] > 0]] = True
    return flagged


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.1, 0.5, 0.9]),
            st.sampled_from([-1.0, 0.0, 2.0, 10.0]),
            st.integers(-3, 3),
        ),
        min_size=1,
        max_size=40,
    ),
    st.integers(1, 5),
    st.sampled_from([None, "Amount"]),
)
def test_the_best_of_each_day(rows, most, by):
    p, amount, when = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    columns = {"Amount": amount, "when": when + 0.25}
    goal = Alerts(most, per="day", time="when", by=by)
    found = best_of_each_period(goal, p, columns)
    np.testing.assert_array_equal(found, by_brute_force(goal, p, columns))
    assert max(np.bincount((when + 3).astype(int)[found], minlength=1)) <= most


def scored(seed=0, rows=3000, days=30):
    rng = np.random.default_rng(seed)
    p = rng.beta(0.5, 9.5, rows)
    columns = {"when": np.sort(rng.random(rows) * days), "Amount": rng.lognormal(3, 1, rows)}
    return np.column_stack([1 - p, p]), (rng.random(rows) < p).astype(int), columns


@pytest.mark.parametrize("by", [None, "Amount", "0.9*Amount+2"])
def test_the_models_own_rule_flags_as_many_on_average(by):
    p, y, columns = scored()
    goal = Alerts(5, per="day", time="when", by=by)
    found = tune(p, y, goal, positive=1, columns=columns)
    alone = found.rule.decide(p, columns)
    assert alone.sum() == pytest.approx(150, abs=1)
    together = best_of_each_period(goal, p[:, 1], columns)
    worth = (
        np.ones(len(y))
        if by is None
        else {"Amount": 1.0, "0.9*Amount+2": 0.9}[by] * columns["Amount"]
        + (2 if by == "0.9*Amount+2" else 0)
    )
    assert found.value == pytest.approx((worth * y)[together].sum() / (worth * y).sum())
    assert "5 alerts on average over 30 periods" in found.notes[0]
    assert "the model alone sees one row" in found.notes[0]


def test_ranked_by_what_is_saved_more_is_saved():
    p, y, columns = scored(rows=20_000, days=100)
    saved = {}
    for by in (None, "Amount"):
        goal = Alerts(5, per="day", time="when", by=by)
        flagged = best_of_each_period(goal, p[:, 1], columns)
        saved[by] = columns["Amount"][flagged & (y == 1)].sum()
    assert saved["Amount"] > 1.2 * saved[None]


def test_short_days_ties_and_few_positives_are_said():
    y = (np.arange(40) < 8).astype(int)
    columns = {"when": np.repeat([0.0, 1.0], [37, 3])}
    goal = Alerts(5, per="day", time="when")
    found = tune(np.full((40, 2), 0.5), y, goal, positive=1, columns=columns)
    said = "; ".join(found.notes)
    assert "1 of 2 periods have fewer rows than the budget" in said
    assert "1 of 2 periods hold no positive" in said
    assert "of equal rows the earlier are taken" in said
    assert "only 8 positives" in said
    flagged = best_of_each_period(goal, np.full(40, 0.5), columns)
    assert flagged.nonzero()[0].tolist() == [0, 1, 2, 3, 4, 37, 38, 39]
    one_kind = tune(np.full((40, 2), 0.5), np.zeros(40, int), goal, positive=1, columns=columns)
    assert one_kind.value == 0.0


def test_periods_are_those_of_the_calendar():
    stamps = np.array(
        ["1969-12-31T23:59", "2024-02-29T00:00", "2024-02-29T23:00", "2024-03-03T12:00",
         "2024-03-04T00:00"], "datetime64[m]",
    )  # fmt: skip
    days = stamps.astype(float) / 1440
    assert np.diff(period_of(days, "day")).tolist() == [19783, 0, 3, 1]
    assert np.diff(period_of(days, "month"))[1:].tolist() == [0, 1, 0]
    assert np.diff(period_of(days, "week"))[1:].tolist() == [0, 0, 1]  # Monday 4 March
    assert np.diff(period_of(days, "hour"))[1] == 23
    assert period_of([0.0, 86_399.0, 86_400.0], 86_400).tolist() == [0, 0, 1]


def test_a_goal_comes_back_from_plain_values_and_copies():
    for goal in (Alerts(5), Alerts(50, per="day", time="t", by="Amount"), Alerts(3, per=60.0)):
        assert goal_from_dict(goal.to_dict()) == goal == copy.deepcopy(goal)
    assert Alerts(5).to_dict() == {"kind": "alerts", "per_thousand": 5.0}
    assert Alerts(50, per="day").timed("when").time == "when"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Alerts(0, per="day"), "a budget of 0"),
        (lambda: Alerts(2.5, per="day"), "whole number"),
        (lambda: Alerts(5, per="fortnight"), "hour, day, week, month"),
        (lambda: Alerts(5, per=0), "length of a period"),
        (lambda: Alerts(5, by="Amount"), "goes with per"),
        (lambda: Alerts(5, per="day", by="3"), "name a column"),
        (lambda: Alerts(5, per="day", closest=True), "always kept"),
        (lambda: Alerts(5, per="day").timed(None), "needs to know when"),
        (lambda: Alerts(5, per="day", time="t").check_time(dates=False), "per=86400"),
    ],
)
def test_what_is_no_budget_is_refused(make, words):
    with pytest.raises(GoalError, match=words):
        make()


def test_rows_without_a_time_or_a_column_are_named():
    p, y, columns = scored(rows=50)
    goal = Alerts(5, per="day", time="when", by="Amount")
    gone = columns["when"].copy()
    gone[3] = np.nan
    with pytest.raises(DataError, match=r"1 rows have no time \(first: row 4\)"):
        tune(p, y, goal, positive=1, columns=columns | {"when": gone})
    with pytest.raises(DataError, match="no column 'when'"):
        tune(p, y, goal, positive=1, columns={"Amount": columns["Amount"]})
    with pytest.raises(DataError, match="no column 'Amount'"):
        tune(p, y, goal, positive=1, columns={"when": columns["when"]})
