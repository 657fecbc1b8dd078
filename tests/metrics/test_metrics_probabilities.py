"""Proper scores and calibration agree with scikit-learn and the small vector of formulas 2.4."""

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from steelyard import metrics
from steelyard.errors import RequestError, TargetError

SMALL_Y = [0] * 8 + [1] * 2
SMALL_P = [0.05, 0.1, 0.1, 0.2, 0.3, 0.1, 0.05, 0.6, 0.7, 0.4]


@pytest.fixture
def binary():
    rng = np.random.default_rng(0)
    p = rng.beta(0.3, 6, size=4000)
    return (rng.random(p.size) < p).astype(int), p, rng.random(p.size) * 5


@pytest.fixture
def wide():
    rng = np.random.default_rng(1)
    p = rng.dirichlet([8, 1, 0.3], size=3000)
    return (rng.random((p.shape[0], 1)) > p.cumsum(axis=1)).sum(axis=1), p, rng.random(p.shape[0])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (metrics.log_loss, sk.log_loss),
        (metrics.brier_score, sk.brier_score_loss),
        (metrics.brier_skill, sk.d2_brier_score),
    ],
)
@pytest.mark.parametrize("case", ["binary", "wide"])
@pytest.mark.parametrize("weighted", [False, True])
def test_proper_scores_agree_with_sklearn(ours, theirs, case, weighted, request):
    y, p, weight = request.getfixturevalue(case)
    both = {"sample_weight": weight if weighted else None}
    assert ours(y, p, **both) == pytest.approx(theirs(y, p, **both), abs=1e-12)


def test_small_vector_of_the_formulas():
    assert metrics.brier_score(SMALL_Y, SMALL_P) == pytest.approx(0.0975)
    assert metrics.brier_skill(SMALL_Y, SMALL_P) == pytest.approx(0.390625)
    assert metrics.log_loss(SMALL_Y, SMALL_P) == pytest.approx(0.318774, abs=5e-7)
    assert metrics.calibration_error(SMALL_Y, SMALL_P, bins=5) == pytest.approx(0.12)


def test_a_certain_mistake_costs_36_nats_as_in_sklearn():
    assert metrics.log_loss([1, 0], [0.0, 0.0]) == pytest.approx(
        sk.log_loss([1, 0], [0.0, 0.0]), abs=1e-12
    )


def test_two_columns_read_as_one(binary):
    y, p, _ = binary
    wide = np.column_stack([1 - p, p])
    for figure in (
        metrics.log_loss,
        metrics.brier_score,
        metrics.brier_skill,
        metrics.calibration_error,
        metrics.observed_expected,
    ):
        assert figure(y, wide) == pytest.approx(figure(y, p), abs=1e-12)


def test_forecasting_the_prevalence_has_no_skill():
    y = np.repeat([0, 1], [99, 1])
    constant = np.full(100, 0.01)
    assert metrics.brier_score(y, constant) < 0.01  # looks splendid
    assert metrics.brier_skill(y, constant) == pytest.approx(0, abs=1e-12)
    assert metrics.calibration_error(y, constant) == pytest.approx(0, abs=1e-12)


def test_calibration_error_agrees_with_sklearns_quantile_bins(binary):
    y, p, _ = binary  # no ties, 4000 rows in 10 bins of 400
    observed, expected = calibration_curve(y, p, n_bins=10, strategy="quantile")
    assert metrics.calibration_error(y, p) == pytest.approx(
        np.abs(observed - expected).mean(), abs=1e-12
    )


def test_calibration_error_ignores_order_and_splits_ties_evenly():
    rng = np.random.default_rng(3)
    p = rng.choice([0.1, 0.2, 0.5], size=101)
    y = (rng.random(101) < 0.4).astype(int)
    shuffled = rng.permutation(101)
    value = metrics.calibration_error(y, p)
    assert metrics.calibration_error(y[shuffled], p[shuffled]) == pytest.approx(value, abs=1e-15)
    # Repeating every row changes no mean: equal mass does not depend on n being divisible.
    assert metrics.calibration_error(y.repeat(10), p.repeat(10)) == pytest.approx(value)
    # Weights are counts.
    count = rng.integers(1, 5, size=101)
    assert metrics.calibration_error(y, p, sample_weight=count) == pytest.approx(
        metrics.calibration_error(y.repeat(count), p.repeat(count))
    )


def test_observed_expected_by_hand(wide):
    y, p, weight = wide
    assert metrics.observed_expected([0, 1, 1], [0.5, 0.5, 0.25]) == pytest.approx(1.6)
    assert metrics.observed_expected(
        [0, 1, 1], [0.5, 0.5, 0.25], sample_weight=[0, 1, 2]
    ) == pytest.approx(3.0)
    each = metrics.observed_expected(y, p, sample_weight=weight)
    np.testing.assert_allclose(each, np.eye(3)[y].T @ weight / (p.T @ weight))
    assert metrics.observed_expected([0, 0], [0.5, 0.5]) == 0.0


def test_per_class_calibration_of_one_class_against_the_rest(wide):
    y, p, _ = wide
    each = metrics.calibration_error(y, p, average=None)
    for k in range(3):
        assert each[k] == pytest.approx(metrics.calibration_error(y == k, p[:, k]))
    assert metrics.calibration_error(y, p) == pytest.approx(each.mean())


def test_what_is_no_probability_is_refused():
    with pytest.raises(RequestError, match="sigmoid"):
        metrics.log_loss([0, 1], [-2.0, 3.0])
    with pytest.raises(RequestError, match="sum of 1"):
        metrics.brier_score([0, 1, 2], np.full((3, 3), 0.2))
    with pytest.raises(RequestError, match="sum to 0"):
        metrics.observed_expected([0, 1], [0.0, 0.0])
    with pytest.raises(RequestError, match="bins"):
        metrics.calibration_error([0, 1], [0.1, 0.9], bins=0)
    with pytest.raises(TargetError, match="one class"):
        metrics.brier_skill([1, 1], [0.1, 0.9])
