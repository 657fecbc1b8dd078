"""Prior correction and estimation against the published formulas, worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.decision import correct_prior, estimate_prior, factors_to
from steelyard.errors import SteelyardError


def two(p):
    p = np.asarray(p, float)
    return np.column_stack([1 - p, p])


def test_elkan():
    found = correct_prior(two([0.9, 0.5, 0.2]), [0.5, 0.5], [0.98, 0.02])[:, 1]
    np.testing.assert_allclose(found, [0.155172, 0.020000, 0.005076], atol=5e-7)


def test_random_under_sampling_is_dal_pozzolo():
    """A tenth of the majority kept; p = beta p_s / (beta p_s - p_s + 1)."""
    beta, share = 0.1, 0.02
    sampled = share / (share + beta * (1 - share))
    p = np.array([0.9, 0.5, 0.2])
    found = correct_prior(two(p), [1 - sampled, sampled], [1 - share, share])[:, 1]
    np.testing.assert_allclose(found, beta * p / (beta * p - p + 1), rtol=1e-12)
    np.testing.assert_allclose(found, [0.473684, 0.090909, 0.024390], atol=5e-7)


def test_more_classes():
    found = correct_prior([[0.2, 0.3, 0.5]], [1, 1, 1], [0.9, 0.09, 0.01])
    np.testing.assert_allclose(found, [[0.849057, 0.127358, 0.023585]], atol=5e-7)


@given(
    st.lists(st.floats(0.001, 0.999), min_size=1, max_size=20),
    st.floats(0.01, 0.99),
    st.floats(0.01, 0.99),
)
def test_there_and_back(p, a, b):
    there = correct_prior(two(p), [1 - a, a], [1 - b, b])
    back = correct_prior(there, [1 - b, b], [1 - a, a])[:, 1]
    np.testing.assert_allclose(back, p, rtol=1e-9)
    in_order = there[np.argsort(p), 1]
    assert (np.diff(in_order) >= -1e-15).all(), "the order stays, but for the last digit"


@pytest.mark.parametrize("prior", [[0, 1], [1, 0], [0.5, -0.5], [0.2, 0.3, 0.5]])
def test_a_share_of_zero_or_of_another_number_of_classes(prior):
    with pytest.raises(SteelyardError):
        correct_prior([[0.5, 0.5]], [0.5, 0.5], prior)


def test_saerens():
    p = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8], [0.95, 0.05]]
    found = estimate_prior(p, [0.5, 0.5])
    assert found.converged
    np.testing.assert_allclose(found.prior, [0.825402, 0.174598], atol=5e-7)
    one = estimate_prior(p, [0.5, 0.5], max_iterations=1)
    np.testing.assert_allclose(one.prior, [0.63, 0.37], atol=1e-12)
    assert not one.converged
    adjusted = correct_prior(p, [0.5, 0.5], found.prior)[:, 1]
    np.testing.assert_allclose(
        adjusted, [0.022964, 0.050226, 0.330464, 0.458324, 0.011011], atol=5e-6
    )


@given(st.lists(st.floats(0.02, 0.98), min_size=2, max_size=30), st.floats(0.05, 0.95))
def test_factors_bring_the_mean_where_it_is_wanted(p, wanted):
    values = two(p) * factors_to(two(p), [1 - wanted, wanted])
    lifted = values / values.sum(axis=1, keepdims=True)
    assert lifted[:, 1].mean() == pytest.approx(wanted, abs=1e-6)
    odds = lifted[:, 1] / lifted[:, 0] / (np.array(p) / (1 - np.array(p)))
    np.testing.assert_allclose(odds, odds[0], rtol=1e-9)
