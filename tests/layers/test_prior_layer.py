"""PriorCorrection and the output bias, against the closed form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard._keras import keras
from steelyard.errors import ClassCountError
from steelyard.layers import PriorBias, PriorCorrection, prior_bias

SHARES = st.lists(st.floats(1e-4, 1), min_size=2, max_size=5)


@pytest.mark.parametrize(("p", "expected"), [(0.9, 0.155172), (0.5, 0.02), (0.2, 0.005076)])
def test_binary_oracle(p, expected):
    layer = PriorCorrection(trained_on=0.5, deployed_on=0.02)
    two = layer(np.array([[1 - p, p]])).numpy()
    one = layer(np.array([[p]])).numpy()
    np.testing.assert_allclose(two, [[1 - expected, expected]], atol=1e-6)
    np.testing.assert_allclose(one, [[expected]], atol=1e-6)


def test_three_class_oracle():
    layer = PriorCorrection([1, 1, 1], [900, 90, 10])
    p = np.array([[0.2, 0.3, 0.5]])
    np.testing.assert_allclose(layer(p), [[0.849057, 0.127358, 0.023585]], atol=1e-6)
    logits = PriorCorrection([1, 1, 1], [900, 90, 10], from_logits=True)
    np.testing.assert_allclose(logits(np.log(p) + 3.0), layer(p), atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(SHARES, st.data())
def test_there_and_back_is_where_we_were(trained, data):
    deployed = data.draw(st.lists(st.floats(1e-4, 1), min_size=len(trained), max_size=len(trained)))
    p = np.random.default_rng(len(trained)).dirichlet(np.ones(len(trained)), 20)
    back = PriorCorrection(deployed, trained)(PriorCorrection(trained, deployed)(p))
    np.testing.assert_allclose(back, p, atol=2e-5)


def test_certainty_stays_certain():
    out = PriorCorrection(0.5, 0.001)(np.array([[0.0, 1.0], [1.0, 0.0]]))
    np.testing.assert_array_equal(out, [[0, 1], [1, 0]])


def test_float16_policy_keeps_the_probability_of_a_rare_class():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        out = PriorCorrection(0.5, 1e-6)(np.array([[0.9, 0.1]]))
    finally:
        keras.config.set_dtype_policy("float32")
    assert float(out[0, 1]) == pytest.approx(1.1111e-7, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((0.5, [1, 2, 3]), "3"),
        (([1, 0], 0.5), "class_counts\\[1\\] = 0"),
        ((1.5, 0.5), "1.5"),
        (([1, -2], 0.5), "-2"),
    ],
)
def test_bad_shares_are_named(arguments, named):
    with pytest.raises(ClassCountError, match=named):
        PriorCorrection(*arguments)


def test_columns_that_disagree_are_named():
    with pytest.raises(ClassCountError, match=r"2 classes but the input has 3 columns"):
        PriorCorrection(0.5, 0.1)(np.ones((1, 3)) / 3)


def test_an_untrained_model_predicts_the_shares():
    counts = [1000, 100, 10]
    softmax = keras.layers.Dense(3, "softmax", bias_initializer=PriorBias(counts))
    np.testing.assert_allclose(
        softmax(np.zeros((1, 4)))[0], [0.900901, 0.090090, 0.009009], atol=1e-6
    )
    sigmoid = keras.layers.Dense(1, "sigmoid", bias_initializer=PriorBias([98, 2]))
    assert float(sigmoid(np.zeros((1, 4)))[0, 0]) == pytest.approx(0.02, abs=1e-6)
    with pytest.raises(ClassCountError, match="3 classes but the output layer has 1 units"):
        prior_bias(counts, units=1)
