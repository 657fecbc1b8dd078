"""Pass, review or block: the closed form against brute force, with and without a capacity."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.decision import Costs, DecisionRule, ThreeWay, goal_from_dict, tune
from steelyard.errors import DataError, GoalError
from steelyard.stats.three_way import BLOCK, PASS, REVIEW

amounts = st.floats(0.1, 1000)


@given(amounts, amounts, st.floats(0, 500), st.floats(0.05, 1), st.floats(0, 1))
def test_each_row_takes_the_cheapest_of_three(fp, fn, review, hit, p):
    goal = ThreeWay(Costs(fp=fp, fn=fn), review_cost=review, hit_rate=hit)
    found = tune([[1 - p, p], [0.5, 0.5]], [0, 1], goal, positive=1)
    action = int(found.rule.act([[1 - p, p]])[0])
    costs = [p * fn, review + p * (1 - hit) * fn, (1 - p) * fp]
    assert costs[action] <= min(costs) + 1e-9 * max(costs)
    low, high = goal.between()
    if low < high and min(abs(p - low), abs(p - high)) > 1e-6:
        assert action == (PASS if p < low else REVIEW if p < high else BLOCK)
    elif low == high and abs(p - low) > 1e-6:
        assert action == (BLOCK if p >= low else PASS)


def scored(rows, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.beta(0.4, 3.6, rows)
    return (
        np.column_stack([1 - p, p]),
        (rng.random(rows) < p).astype(int),
        rng.lognormal(3, 1, rows),
    )


def expected(p, actions, fp, fn, review, hit):
    return np.choose(actions, [p * fn, review + p * (1 - hit) * fn, (1 - p) * fp]).sum()


@pytest.mark.parametrize("seed", range(20))
def test_with_a_capacity_no_other_choice_of_actions_costs_less(seed):
    """All 3^7 ways to treat seven rows, of which at most two may be reviewed."""
    p, y, fn = scored(7, seed)
    y[:2] = [0, 1]
    fp, review, hit = 8.0, 1.0, 0.9
    goal = ThreeWay(Costs(fp, "Amount"), review, hit, capacity=2000 / 7 + 1e-9)
    actions = tune(p, y, goal, positive=1, columns={"Amount": fn}).rule.act(p, {"Amount": fn})
    assert (actions == REVIEW).sum() <= 2
    best = min(
        expected(p[:, 1], np.array(way), fp, fn, review, hit)
        for way in itertools.product((PASS, REVIEW, BLOCK), repeat=7)
        if way.count(REVIEW) <= 2
    )
    assert expected(p[:, 1], actions, fp, fn, review, hit) == pytest.approx(best)


def test_the_capacity_is_kept_and_what_it_costs_is_said():
    p, y, amount = scored(5000)
    columns = {"Amount": amount}
    free = tune(p, y, ThreeWay(Costs(30, "Amount"), 1, 0.8), positive=1, columns=columns)
    tight = tune(
        p, y, ThreeWay(Costs(30, "Amount"), 1, 0.8, capacity=50), positive=1, columns=columns
    )
    reviewed = [(one.rule.act(p, columns) == REVIEW).mean() for one in (free, tight)]
    assert reviewed[0] > 0.05
    assert 0.049 < reviewed[1] <= 0.05
    assert tight.value > free.value
    assert any("the capacity binds" in note for note in tight.notes)
    wide = tune(
        p, y, ThreeWay(Costs(30, "Amount"), 1, 0.8, capacity=1000), positive=1, columns=columns
    )
    assert wide.rule == free.rule


def test_the_value_is_what_rows_cost_and_reviews_save():
    p, y, amount = scored(20_000)
    goal = ThreeWay(Costs(30, "Amount"), review_cost=1, hit_rate=0.8)
    found = tune(p, y, goal, positive=1, columns={"Amount": amount})
    actions = found.rule.act(p, {"Amount": amount})
    missed, alarm = np.where(y == 1, amount, 0), np.where(y == 1, 0, 30)
    paid = np.choose(actions, [missed, 1 + 0.2 * missed, alarm])
    assert found.value == pytest.approx(paid.mean())
    two = tune(p, y, Costs(30, "Amount"), positive=1, columns={"Amount": amount})
    assert found.value < 0.9 * two.value
    np.testing.assert_array_equal(found.rule.decide(p, {"Amount": amount}), actions > 0)


def test_ties_at_the_capacity_and_rows_without_loss():
    p = np.full((10, 2), 0.5)
    y = (np.arange(10) < 5).astype(int)
    goal = ThreeWay(Costs(10, 10), review_cost=1, capacity=300)
    assert not (tune(p, y, goal, positive=1).rule.act(p) == REVIEW).any()  # all or none of equals
    rule = tune(p, y, ThreeWay(Costs(10, "a"), 1), positive=1, columns={"a": 9.0 * y}).rule
    assert set(rule.act(p, {"a": np.zeros(10)})) == {PASS}
    assert set(rule.act(p, {"a": np.full(10, np.nan)})) == {REVIEW}


def test_plain_values_and_refusals():
    goal = ThreeWay(Costs(10, "Amount"), 2, 0.9, capacity=20)
    assert goal_from_dict(goal.to_dict()) == goal
    p, y, amount = scored(100)
    rule = tune(p, y, goal, positive=1, columns={"Amount": amount}).rule
    assert DecisionRule.from_dict(rule.to_dict()) == rule
    assert rule.labels(("no", "yes")) == ("pass", "review", "block")
    for bad in (
        lambda: ThreeWay(Costs(1, 2), -1),
        lambda: ThreeWay(Costs(1, 2), 1, hit_rate=0),
        lambda: ThreeWay(Costs(1, 2), 1, capacity=0),
        lambda: ThreeWay(5, 1),
    ):
        with pytest.raises(GoalError):
            bad()
    with pytest.raises(DataError, match="no column 'Amount'"):
        tune(p, y, goal, positive=1)
