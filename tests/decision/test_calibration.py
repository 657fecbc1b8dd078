"""Calibration fits against scikit-learn and against probabilities known to be true."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from steelyard.decision import Affine, Beta, Identity, Isotonic, check_and_refit
from steelyard.decision.calibrator_fit import fit_affine, fit_isotonic
from steelyard.decision.calibrators import KINDS
from steelyard.decision.weighted_rows import Rows
from steelyard.stats.calibration import calibration_line


def bent(slope, shift, rows=20_000, share=0.05, seed=0):
    """True log-odds, labels drawn from them, and probabilities bent by a slope and a shift."""
    rng = np.random.default_rng(seed)
    true = rng.normal(logit(share), 1.5, rows)
    y = (rng.random(rows) < expit(true)).astype(int)
    p = expit((true - shift) / slope)
    return np.column_stack([1 - p, p]), y, expit(true)


def test_the_line_is_that_of_an_unpenalised_logistic_regression():
    p, y, _ = bent(0.5, 1.0)
    intercept, slope = calibration_line(y, p[:, 1])
    theirs = LogisticRegression(C=1e12, tol=1e-10).fit(logit(p[:, 1:]), y)
    assert slope == pytest.approx(theirs.coef_[0, 0], rel=1e-3)
    # At slope 1 the mean probability is the share.
    assert expit(logit(p[:, 1]) + intercept).mean() == pytest.approx(y.mean(), rel=1e-4)


@pytest.mark.parametrize("p", [[0.1, 0.2, 0.3, 0.4], [0.9, 0.8, 0.2, 0.1], [0.1, 0.2, 0.2, 0.3]])
def test_classes_that_are_parted_have_no_line(p):
    assert calibration_line([False, False, True, True], p) is None


def test_true_probabilities_are_left_alone():
    p, y, _ = bent(1.0, 0.0)
    chosen, report = check_and_refit(p, y)
    assert chosen == Identity()
    assert report["chosen"] == "identity"
    asked_for, _ = check_and_refit(p, y, closed_form=False)  # where no formula is known
    np.testing.assert_allclose(asked_for.apply(p)[:, 1], p[:, 1], atol=0.02)


@pytest.mark.parametrize(("slope", "shift"), [(0.5, 0.0), (1.0, -1.5), (2.0, 0.7)])
def test_bent_probabilities_are_straightened(slope, shift):
    p, y, true = bent(slope, shift)
    chosen, _ = check_and_refit(p, y, closed_form=False)
    mended = chosen.apply(p)[:, 1]
    assert np.abs(mended - true).mean() < 0.01
    assert y.sum() / mended.sum() == pytest.approx(1, abs=0.02)
    assert log_loss(y, mended) < log_loss(y, p[:, 1])


def test_affine_is_unpenalised_logistic_regression():
    p, y, _ = bent(2.0, 0.7, rows=5000)
    mine = fit_affine(Rows.of(p, y)).calibration.apply(p)[:, 1]
    score = logit(p[:, 1])[:, None]
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(score, y).predict_proba(score)[:, 1]
    np.testing.assert_allclose(mine, theirs, atol=0.003)


def test_isotonic_is_scikit_learns_within_its_bounds():
    p, y, _ = bent(2.0, 0.7, rows=5000)
    mine = fit_isotonic(Rows.of(p, y)).apply(p)[:, 1]
    positives, negatives = y.sum(), (1 - y).sum()
    theirs = IsotonicRegression(
        y_min=1 / (negatives + 2), y_max=(positives + 1) / (positives + 2)
    ).fit_transform(p[:, 1], y)
    np.testing.assert_allclose(mine, theirs, atol=1e-9)


@pytest.mark.parametrize(
    "calibration",
    [
        Identity(),
        Affine(1.2, (0.1, -0.1)),
        Beta(1.1, 0.9, 0.2),
        Isotonic(((0.1, 0.5, 0.9),), ((0.0, 0.2, 1.0),)),
        Isotonic(((0.0, 1.0), (0.2, 0.8)), ((0.1, 0.9), (0.0, 1.0))),
    ],
    ids=lambda c: c.kind,
)
def test_plain_values_and_rows_that_sum_to_one(calibration):
    p = np.random.default_rng(0).dirichlet([2, 1], 50)
    out = calibration.apply(p)
    np.testing.assert_allclose(out.sum(1), 1, atol=1e-12)
    values = calibration.to_dict()
    kind = values.pop("kind")
    assert KINDS[kind](**values) == calibration


def test_many_rows_are_calibrated_by_groups_as_they_would_be_one_by_one(monkeypatch):
    p, y, true = bent(0.6, 1.0, rows=120_000)
    grouped, report = check_and_refit(p, y, closed_form=False)
    monkeypatch.setattr("steelyard.decision.calibration.MOST_ROWS", 10**9)
    each, of_each = check_and_refit(p, y, closed_form=False)
    assert report["chosen"] == of_each["chosen"]
    assert report["slope"] == pytest.approx(of_each["slope"], rel=1e-4)
    ours, theirs = (logit(one.apply(p)[:, 1]) for one in (grouped, each))
    assert (
        np.sqrt(np.mean((ours - theirs) ** 2)) < np.sqrt(np.mean((theirs - logit(true)) ** 2)) / 3
    )
