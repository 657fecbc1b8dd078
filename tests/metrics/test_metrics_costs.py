"""Costs and net benefit: by hand, and the oracles of formulas 2.4."""

import numpy as np
import pytest

from steelyard import metrics
from steelyard.errors import RequestError

# TP 8, FN 2, FP 30, TN 960
Y = np.repeat([1, 1, 0, 0], [8, 2, 30, 960])
P = np.repeat([0.9, 0.01, 0.9, 0.01], [8, 2, 30, 960])


def test_net_benefit_of_the_formulas():
    ours = metrics.net_benefit(Y, P, threshold=[0.05, 0.1, 0.2])
    np.testing.assert_allclose(ours, [0.006421, 0.004667, 0.0005], atol=5e-7)
    everybody = metrics.net_benefit(Y, np.ones(1000), threshold=[0.05, 0.1, 0.2])
    np.testing.assert_allclose(everybody, [-0.042105, -0.1, -0.2375], atol=5e-7)
    assert metrics.net_benefit(Y, np.zeros(1000), threshold=0.1) == 0.0


def test_net_benefit_flags_at_the_threshold_itself_and_weighs_rows():
    assert metrics.net_benefit([0, 1], [0.1, 0.5], threshold=0.5) == 0.5
    weight = np.array([1.0, 3.0, 2.0])
    value = metrics.net_benefit([1, 0, 1], [0.6, 0.6, 0.1], threshold=0.25, sample_weight=weight)
    assert value == pytest.approx((1 - 3 / 3) / 6)


def test_expected_cost_by_hand():
    decided = P > 0.5
    assert metrics.expected_cost(Y, decided, fp=1, fn=50) == pytest.approx((30 + 2 * 50) / 1000)
    # Flagging everybody costs 990, nobody 500: the better trivial rule is the unit.
    assert metrics.normalized_cost(Y, decided, fp=1, fn=50) == pytest.approx(0.26)
    names = np.array(["fine", "fraud"])
    assert metrics.expected_cost(
        names[Y], names[decided.astype(int)], fp=1, fn=50, positive="fraud"
    ) == pytest.approx(0.13)


def test_expected_cost_of_a_matrix():
    y, decided = [0, 1, 2, 2], [0, 2, 2, 0]
    costs = [[1, 5, 5], [2, 0, 3], [10, 4, 0]]
    assert metrics.expected_cost(y, decided, costs=costs) == pytest.approx((1 + 3 + 0 + 10) / 4)
    weight = [1, 2, 3, 4]
    assert metrics.expected_cost(y, decided, costs=costs, sample_weight=weight) == pytest.approx(
        (1 + 6 + 40) / 10
    )
    # Constant decisions cost 23, 13 and 8 on these four rows.
    assert metrics.normalized_cost(y, decided, costs=costs) == pytest.approx(14 / 8)


def test_costs_that_make_no_sense_are_refused():
    with pytest.raises(RequestError, match="shape"):
        metrics.expected_cost([0, 1, 2], [0, 1, 2], costs=np.zeros((2, 2)))
    with pytest.raises(RequestError, match="matrix"):
        metrics.expected_cost([0, 1, 2], [0, 1, 2], labels=[0, 1, 2])
    with pytest.raises(RequestError, match="use expected_cost"):
        metrics.normalized_cost([0, 0], [0, 1])
    for negative in ({"fp": -1}, {"costs": [[0, 1], [-5, 0]]}):
        with pytest.raises(RequestError, match=">= 0"):
            metrics.expected_cost([0, 1], [0, 1], **negative)
    with pytest.raises(RequestError, match="strictly"):
        metrics.net_benefit(Y, P, threshold=1.0)
    with pytest.raises(RequestError, match="one column"):
        metrics.net_benefit([0, 1], [[0.5, 0.5], [0.5, 0.5]], threshold=0.5)
