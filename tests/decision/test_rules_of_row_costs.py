"""Costs that differ by row: every row is decided by brute force, ties and gaps included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.decision import Costs, DecisionRule, goal_from_dict, tune
from steelyard.errors import DataError, GoalError

ROWS = 400


def rows(seed, amounts=None):
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(1, 5, ROWS), 2)  # many ties
    y = (rng.random(ROWS) < p).astype(int)
    y[:2] = [0, 1]
    amount = rng.choice([0.0, 1.0, 5.0, 20.0, 1000.0], ROWS) if amounts is None else amounts
    amount = np.where(y == 1, np.maximum(amount, 1.0), amount)
    return np.column_stack([1 - p, p]), y, {"Amount": amount}


@given(st.integers(0, 10_000), st.sampled_from([0.5, 1.0, 5.0]))
def test_each_row_takes_the_cheaper_side(seed, fp):
    p, y, columns = rows(seed)
    found = tune(p, y, Costs(fp=fp, fn="2*Amount"), positive=1, columns=columns)
    decided = found.rule.decide(p, columns)
    alarm, miss = (1 - p[:, 1]) * fp, p[:, 1] * 2 * columns["Amount"]
    clear = np.abs(alarm - miss) > 1e-9
    np.testing.assert_array_equal(decided[clear], (miss > alarm)[clear].astype(int))
    assert not decided[columns["Amount"] == 0].any()
    wrong = decided != y
    paid = np.where(y == 1, 2 * columns["Amount"], fp)[wrong].sum() / ROWS
    assert found.value == pytest.approx(paid, rel=1e-12)


@given(st.integers(0, 10_000), st.floats(0.01, 1e4), st.floats(0.01, 1e4))
def test_equal_costs_are_constant_costs_to_the_last_digit(seed, fp, fn):
    p, y, _ = rows(seed)
    constant = tune(p, y, Costs(fp=fp, fn=fn), positive=1)
    by_row = tune(p, y, Costs(fp=fp, fn="c"), positive=1, columns={"c": np.full(ROWS, fn)})
    assert by_row.value == constant.value
    assert by_row.near_best == constant.near_best
    at = by_row.rule.row_costs.thresholds({"c": np.full(3, fn)})
    assert set(at) == {constant.rule.threshold}
    assert any("every row costs the same" in note for note in by_row.notes)


def test_deployed_shares_count_in_the_cost():
    p, y, columns = rows(0)
    moved = tune(p, y, Costs(1, "Amount"), positive=1, columns=columns, deployed_on=[0.5, 0.5])
    wrong = moved.rule.decide(p, columns) != y
    paid = np.where(y == 1, columns["Amount"], 1.0) * wrong
    expected = 0.5 * paid[y == 0].mean() + 0.5 * paid[y == 1].mean()
    assert moved.value == pytest.approx(expected)


def test_the_other_class_can_be_the_one_of_interest():
    p, y, columns = rows(1)
    found = tune(p[:, ::-1], 1 - y, Costs(1, "Amount"), positive=0, columns=columns)
    same = tune(p, y, Costs(1, "Amount"), positive=1, columns=columns)
    decided = found.rule.decide(p[:, ::-1], columns)
    np.testing.assert_array_equal(decided == 0, same.rule.decide(p, columns) == 1)
    assert found.value == same.value


def test_a_rule_and_a_goal_come_back_from_plain_values():
    p, y, columns = rows(2)
    goal = Costs(fp="fee+1", fn='0.9*"Claim amount"+2')
    assert goal_from_dict(goal.to_dict()) == goal
    assert goal.columns == ("fee", "Claim amount")
    named = {"fee": np.ones(ROWS), "Claim amount": columns["Amount"]}
    rule = tune(p, y, goal, positive=1, columns=named).rule
    assert DecisionRule.from_dict(rule.to_dict()) == rule


def test_what_cannot_be_decided_is_said_in_one_line():
    p, y, columns = rows(3)
    goal = Costs(5, "Amount")
    with pytest.raises(DataError, match="no column 'Amount'"):
        tune(p, y, goal, positive=1)
    rule = tune(p, y, goal, positive=1, columns=columns).rule
    with pytest.raises(DataError, match="no column 'Amount'"):
        rule.decide(p, {"amount": columns["Amount"]})
    with pytest.raises(GoalError, match="its own threshold"):
        _ = goal.threshold
    with pytest.raises(GoalError, match="for two classes"):
        tune(np.full((4, 3), 1 / 3), [0, 1, 2, 0], goal, positive=1, columns=columns)


def test_few_positives_one_score_and_one_kind():
    _, _, columns = rows(4)
    tied = np.full((ROWS, 2), 0.5)
    y = (np.arange(ROWS) < 8).astype(int)
    amount = {"Amount": np.where(y == 1, 10.0, columns["Amount"])}
    found = tune(tied, y, Costs(5, "Amount"), positive=1, columns=amount)
    assert "only 8 positives: the probabilities decided by are a guess" in found.notes
    assert "all rows have the same probability: their costs alone decide" in found.notes
    flagged = found.rule.decide(tied, amount) == 1
    np.testing.assert_array_equal(flagged, amount["Amount"] >= 5.0)
