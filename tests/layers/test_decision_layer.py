"""Decision, against numpy and the expected cost worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from steelyard.decision import DecisionRule
from steelyard.errors import ClassCountError, GoalError
from steelyard.layers import Decision

# Few values, so that ties are common.
TABLES = hnp.arrays("float32", (12, 3), elements=st.sampled_from([0.0, 0.125, 0.25, 0.5, 1.0]))


@settings(max_examples=25, deadline=None)
@given(TABLES)
def test_rules_agree_with_numpy_on_ties_too(p):
    costs = np.array([[0, 1, 2], [4, 0, 1], [8, 2, 0]], "float32")
    weights = np.array([1, 2, 4], "float32")
    np.testing.assert_array_equal(Decision()(p), p.argmax(1))
    np.testing.assert_array_equal(Decision(weights=weights.tolist())(p), (p * weights).argmax(1))
    np.testing.assert_array_equal(Decision(costs=costs.tolist())(p), (p @ costs).argmin(1))


def test_threshold_includes_its_own_value_and_either_positive_column():
    p = np.array([[0.75, 0.25], [0.875, 0.125], [0.25, 0.75]], "float32")
    np.testing.assert_array_equal(Decision(threshold=0.25)(p), [1, 0, 1])
    np.testing.assert_array_equal(Decision(threshold=0.25)(p[:, 1:]), [1, 0, 1])
    np.testing.assert_array_equal(Decision(threshold=0.75, positive=0)(p), [0, 0, 1])


def test_cost_matrix_is_the_closed_form_threshold():
    # Elkan: flag from c_fp / (c_fp + c_fn) = 1 / (1 + 9) = 0.1.
    p = np.linspace(0, 1, 1001)[:, None]
    by_cost = Decision(costs=[[0, 1], [9, 0]])(p).numpy()
    clear = np.abs(p[:, 0] - 0.1) > 1e-6  # at 0.1 itself both cost the same
    np.testing.assert_array_equal(by_cost[clear], (p[:, 0] > 0.1).astype(int)[clear])


def test_codes_are_int32():
    assert Decision()(np.ones((2, 2))).dtype == "int32"
    assert Decision(threshold=0.5)(np.ones((2, 2))).dtype == "int32"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"threshold": 1.5}, "1.5"),
        ({"threshold": 0.5, "weights": [1, 2]}, "threshold and weights"),
        ({"threshold": 0.5, "positive": 2}, "positive = 2"),
        ({"positive": 1}, "positive = 1"),
        ({"weights": [1, -1]}, "-1"),
        ({"costs": [[0, 1]]}, r"\(1, 2\)"),
        ({"costs": [[0, float("nan")], [1, 0]]}, "finite"),
    ],
)
def test_bad_rules_are_named(arguments, named):
    with pytest.raises(GoalError, match=named):
        Decision(**arguments)


def test_columns_that_disagree_are_named():
    for layer in (Decision(threshold=0.5), Decision(weights=[1, 2]), Decision(costs=np.eye(2))):
        with pytest.raises(ClassCountError, match="3 columns"):
            layer(np.ones((1, 3)))


@pytest.mark.parametrize("weights", [[0.0, 0.0], [1.0, -1.0], [1.0, np.inf], [[1.0, 2.0]]])
def test_rule_and_layer_refuse_the_same_weights(weights):
    for kind in (Decision, DecisionRule):
        with pytest.raises(GoalError, match="weights"):
            kind(weights=weights)


@pytest.mark.parametrize(
    "rule",
    [{}, {"threshold": 0.5}, {"threshold": 0.0}, {"weights": [1, 0]}, {"costs": [[0, 1]] * 2}],
)
def test_without_probabilities_there_is_no_class(rule):
    p = np.array([[0.25, 0.75], [np.nan, 0.5], [0.5, np.nan], [np.nan, np.nan]], "float32")
    codes = Decision(**rule)(p).numpy()
    assert codes.dtype == "int32"
    assert codes[1:].tolist() == [-1, -1, -1]
    assert codes[0] in (0, 1)
    assert (Decision(**rule)(p[:, :1]).numpy() == -1).tolist() == [False, True, False, True]
