"""Sample weights in calibration and decisions: scikit-learn's fits, repeated rows, the truth."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from steelyard.decision import (
    Alerts,
    CostMatrix,
    Costs,
    Maximise,
    MinPrecision,
    MinRecall,
    Threshold,
    check_and_refit,
    tune,
)
from steelyard.decision.calibrator_fit import fit_affine, fit_isotonic
from steelyard.decision.weighted_rows import Rows
from steelyard.errors import WeightError

GOALS = [
    Costs(1, 9),
    Maximise("balanced_accuracy"),
    Maximise("f1"),
    Maximise("fbeta", beta=0.5),
    Maximise("mcc"),
    Maximise("gmean"),
    MinPrecision(0.3),
    MinRecall(0.7),
    Alerts(120),
    Threshold(0.2),
    CostMatrix([[0, 1], [4, 0]]),
]


def scored(rows=3000, seed=0, bend=1.0):
    """Probabilities, true ones for `bend` 1, labels drawn from them, whole weights 1 to 3."""
    rng = np.random.default_rng(seed)
    true = rng.normal(logit(0.1), 1.5, rows).round(2)
    y = (rng.random(rows) < expit(true)).astype(int)
    p = expit(true / bend)
    return np.column_stack([1 - p, p]), y, rng.integers(1, 4, rows)


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.describe())
def test_whole_weights_decide_as_repeated_rows_do(goal):
    p, y, w = scored()
    at = np.repeat(np.arange(len(y)), w)
    options = {"positive": 1, "interval": False, "strict": False}
    weighted = tune(p, y, goal, sample_weight=w, **options)
    # Rows repeated tell no more than once: the bounds must not take them for new ones.
    repeated = tune(p[at], y[at], goal, groups=at, **options)
    assert weighted.value == pytest.approx(repeated.value, rel=0.02 if weighted.holds else 1e-9)
    if weighted.holds is None:
        assert weighted.rule.threshold == pytest.approx(repeated.rule.threshold)


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.describe())
def test_the_scale_of_weights_decides_nothing(goal):
    p, y, w = scored(800)
    one, other = (
        tune(p, y, goal, positive=1, strict=False, sample_weight=scale * w) for scale in (1, 1e9)
    )
    assert one.rule.threshold == pytest.approx(other.rule.threshold)
    assert one.interval == (None if other.interval is None else pytest.approx(other.interval))


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.describe())
def test_rows_of_weight_0_are_not_there(goal):
    p, y, w = scored(800)
    w = w - 1
    some = w > 0
    groups = np.arange(len(y)) // 2
    options = {"positive": 1, "strict": False}
    one = tune(p, y, goal, sample_weight=w, groups=groups, **options)
    other = tune(p[some], y[some], goal, sample_weight=w[some], groups=groups[some], **options)
    assert one == other


def test_several_classes_by_weights_as_by_repeated_rows():
    rng = np.random.default_rng(0)
    y = rng.choice(3, 900, p=[0.7, 0.2, 0.1])
    z = rng.normal(size=(900, 3)) + 1.5 * np.eye(3)[y] + np.log([0.7, 0.2, 0.1])
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    w = rng.integers(1, 4, 900)
    at = np.repeat(np.arange(900), w)
    one = tune(p, y, "f1", positive=2, sample_weight=w, interval=False)
    decided = one.rule.decide(p[at])
    share = np.mean([2 * ((decided == k) & (y[at] == k)).sum() / ((decided == k).sum() +
                     (y[at] == k).sum()) for k in range(3)])  # fmt: skip
    assert one.value == pytest.approx(share)


def test_calibrators_are_scikit_learns_with_weights():
    p, y, w = scored(20_000, bend=2.0)
    rows = Rows.of(p, y, w / w.mean())
    affine = fit_affine(rows).calibration
    theirs = LogisticRegression(C=1e12, tol=1e-10).fit(logit(p[:, 1:]), y, sample_weight=w)
    np.testing.assert_allclose(
        affine.apply(p)[:, 1], theirs.predict_proba(logit(p[:, 1:]))[:, 1], atol=2e-3
    )
    curve = IsotonicRegression().fit(p[:, 1], y, sample_weight=w)
    np.testing.assert_allclose(
        fit_isotonic(rows).apply(p)[:, 1], curve.predict(p[:, 1]).clip(1e-3, 1 - 1e-3), atol=2e-3
    )


def test_a_bend_of_the_counted_rows_is_mended_for_them():
    """Half of the rows, of no weight to speak of, promise the wrong thing."""
    rng = np.random.default_rng(0)
    p, y, _ = scored(20_000)
    wrong = rng.random(len(y)) < 0.5
    y = np.where(wrong, rng.random(len(y)) < 0.5, y).astype(int)
    chosen, report = check_and_refit(p, y, sample_weight=np.where(wrong, 1e-6, 1.0))
    assert report["chosen"] == "identity"
    unweighted, _ = check_and_refit(p, y)
    assert np.abs(unweighted.apply(p) - p).mean() > 0.1 > np.abs(chosen.apply(p) - p).mean()


def test_the_error_of_a_slope_is_that_of_rows_drawn_by_chance():
    """Known truth: rows kept with chance pi and weighted 1 / pi, the slope's spread over draws."""
    slopes, errors = [], []
    for seed in range(60):
        p, y, _ = scored(4000, seed)
        rng = np.random.default_rng(seed + 1000)
        chance = np.where(y == 1, 1.0, np.where(p[:, 1] > 0.2, 0.5, 0.1))
        kept = rng.random(len(y)) < chance
        w = 1 / chance[kept]
        found = fit_affine(Rows.of(p[kept], y[kept], w / w.mean()))
        slopes.append(found.calibration.scale)
        errors.append(found.scale_error)
    assert np.mean(slopes) == pytest.approx(1.0, abs=0.03)
    assert np.mean(errors) == pytest.approx(np.std(slopes), rel=0.3)


def test_a_bound_holds_where_rows_were_drawn_by_chance():
    """At least 95 % of the thresholds that are sure to keep a recall of .7 in fact keep it."""
    whole, truth, _ = scored(200_000, 99)
    kept_it, sure = 0, 0
    for seed in range(150):
        p, y, _ = scored(4000, seed)
        rng = np.random.default_rng(seed + 1000)
        chance = np.where(y == 1, np.where(p[:, 1] > 0.3, 0.9, 0.3), 0.2)
        kept = rng.random(len(y)) < chance
        found = tune(
            p[kept], y[kept], MinRecall(0.7), positive=1, sample_weight=1 / chance[kept],
            interval=False, strict=False,
        )  # fmt: skip
        if found.out_of_reach is None:
            sure += 1
            kept_it += (whole[truth == 1, 1] >= found.rule.threshold).mean() >= 0.7
    assert sure > 100
    assert kept_it / sure >= 0.93


@pytest.mark.parametrize("w", [[1, -1], [1, np.nan], [0, 0], [1], ["a", "b"], [1, np.inf]])
def test_bad_weights_are_refused_in_one_line(w):
    p, y = [[0.9, 0.1], [0.2, 0.8]], [0, 1]
    for refuse in (
        lambda: tune(p, y, "f1", positive=1, sample_weight=w),
        lambda: check_and_refit(p, y, sample_weight=w),
    ):
        with pytest.raises(WeightError) as error:
            refuse()
        assert "\n" not in str(error.value)
