"""What decisions cost row by row: sums by hand, intervals where the truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.errors import DataError, GoalError, RequestError
from steelyard.stats.metric_intervals import metric_values
from steelyard.stats.money import by_share_flagged, in_money
from steelyard.stats.predictions import Predictions
from steelyard.stats.row_costs import NEVER, RowCosts, learned, notes_on, row_thresholds

COSTS = np.array([[5.0, 100.0], [5.0, 10.0], [5.0, 40.0], [5.0, 0.0]])
TRUTH = np.array([True, True, False, False])
FLAGGED = np.array([True, False, True, False])


def test_sums_by_hand():
    found = in_money(COSTS, TRUTH, FLAGGED, p=np.array([0.9, 0.01, 0.2, 0.0]))
    per_row = {name: value["value"] for name, value in found.items()}
    assert per_row["cost_per_row"] == (10 + 5) / 4
    assert per_row["cost_of_none"] == 110 / 4
    assert per_row["cost_of_all"] == 10 / 4
    assert per_row["saved"] == (10 - 15) / 4  # flagging every row is cheaper here
    # One threshold: that of the mean costs, 5 / (5 + 55), which flags the first and the third.
    assert per_row["one_threshold"] == (10 + 5) / 4
    assert per_row["saved_by_row"] == 0.0


costs = st.floats(0, 1e6, allow_subnormal=False)


@given(costs, costs, st.floats(0, 1))
def test_a_rows_threshold_is_where_the_expected_costs_meet(fp, fn, p):
    threshold = row_thresholds(np.array([[fp, fn]]))[0]
    if fn == 0.0:
        assert threshold == NEVER
    elif abs(p - threshold) > 1e-9:
        assert (p >= threshold) == (p * fn >= (1 - p) * fp)


def test_gaps_and_costs_below_zero():
    amount = np.array([-20.0, np.nan, 50.0, 0.0, 100.0])
    positive = np.array([False, True, True, False, True])
    found = learned(5.0, "Amount", {"Amount": amount}, positive)
    assert found.if_missing == (5.0, 75.0)  # a miss happens to positives
    assert found.of({"Amount": amount})[:, 1].tolist() == [0.0, 75.0, 50.0, 0.0, 100.0]
    said = "; ".join(notes_on(found, {"Amount": amount}))
    assert "no value in 1 rows: they count with the mean, 75" in said
    assert "below 0 in 1 rows" in said
    assert "2 rows, whose miss costs nothing, are never flagged" in said


@pytest.mark.parametrize(
    ("columns", "error", "words"),
    [
        ({}, DataError, "no column 'Amount'"),
        ({"Amount": [np.nan, np.nan]}, DataError, "no value in any row"),
        ({"Amount": [3.0, 0.0]}, GoalError, "0 or less in every row"),
    ],
)
def test_costs_that_decide_nothing_are_refused(columns, error, words):
    with pytest.raises(error, match=words):
        learned(5.0, "Amount", columns, np.array([False, True]))


def test_costs_that_are_no_text_of_columns():
    for bad in (0, -1, float("nan"), "0", "2-2", "1/0", None, [3]):
        with pytest.raises(GoalError):
            RowCosts(5.0, bad, (5.0, 1.0))
    assert RowCosts("10/2", "Amount", (5.0, 1.0)).fp == 5.0


@given(st.integers(0, 2**32 - 1))
def test_equal_costs_give_the_figures_of_constant_costs(seed):
    rng = np.random.default_rng(seed)
    p = rng.random(200)
    y, d = (rng.random(200) < p).astype(int), (p > 0.3).astype(int)
    both = np.column_stack([1 - p, p])
    constant = Predictions.of(y, both, d, positive=1, costs=(5.0, 33.3))
    by_row = Predictions.of(y, both, d, positive=1, row_costs=np.tile([5.0, 33.3], (200, 1)))
    assert metric_values(by_row) == metric_values(constant)


def test_normalized_cost_by_hand_and_with_its_interval():
    y, d = TRUTH.astype(int), FLAGGED.astype(int)
    rows = Predictions.of(y, np.eye(2)[d], d, positive=1, row_costs=COSTS)
    found = metric_values(rows, ["normalized_cost"])["normalized_cost"]
    assert found["value"] == 15 / 10
    assert found["low"] < 15 / 10 < found["high"]
    perfect = Predictions.of(y, np.eye(2)[y], y, positive=1, row_costs=COSTS)
    found = metric_values(perfect, ["normalized_cost"])["normalized_cost"]
    assert found["value"] == found["low"] == 0.0
    assert found["high"] > 0.5  # two of each kind prove little


def test_bad_row_costs_are_refused():
    y = TRUTH.astype(int)
    for bad in (COSTS[:2], -COSTS, np.full((4, 2), np.nan), COSTS[:, 0]):
        with pytest.raises(RequestError):
            Predictions.of(y, np.eye(2)[y], y, positive=1, row_costs=bad)


def test_flagging_by_expected_saving_is_the_cheapest_share_by_share():
    rng = np.random.default_rng(0)
    p = rng.beta(1, 9, 20_000)
    truth, amount = rng.random(20_000) < p, rng.lognormal(3, 1, 20_000)
    money = np.column_stack([np.full(20_000, 5.0), amount])
    curve = by_share_flagged(money, truth, p)
    assert curve["flagged"][0] == 0.0
    assert curve["flagged"][-1] == 1.0
    assert curve["cost"][0] == pytest.approx(1000 * amount[truth].sum() / 20_000)
    assert curve["cost"][-1] == pytest.approx(curve["by_probability"][-1])
    assert min(curve["cost"]) < 0.95 * min(curve["by_probability"])


@pytest.mark.parametrize(("sigma", "least"), [(1.0, 0.9), (1.5, 0.88)])
def test_the_interval_of_the_cost_per_row_holds(sigma, least):
    """Lognormal losses, some 60 missed a time; the large simulation is benchmarks/money.py."""
    rng = np.random.default_rng(0)
    rows, hit = 3000, 0
    flagged = np.zeros(rows, dtype=bool)
    for _ in range(300):
        amount = np.exp(sigma * rng.normal(size=rows) - sigma**2 / 2)
        truth = rng.random(rows) < 0.02
        money = np.column_stack([np.ones(rows), amount])
        found = in_money(money, truth, flagged, p=np.full(rows, 0.02))["cost_per_row"]
        hit += found["low"] <= 0.02 <= found["high"]
    assert hit / 300 >= least
