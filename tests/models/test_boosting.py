"""One bagged member of trees: rows, weights, focal loss and stopping, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest

lightgbm = pytest.importorskip("lightgbm")
pytest.importorskip("keras")
from scipy.special import log_softmax, softmax  # noqa: E402
from sklearn.base import clone  # noqa: E402

from steelyard.layers.trees import TreeEnsemble  # noqa: E402
from steelyard.models.boosting import Rows, log_loss, per_class, rows_of  # noqa: E402
from steelyard.models.boosting_lightgbm import LightGBM, _Focal  # noqa: E402
from steelyard.models.boosting_sklearn import HistGradientBoosting  # noqa: E402
from steelyard.models.members import Member  # noqa: E402
from steelyard.techniques.loss import LossNumbers  # noqa: E402
from steelyard.techniques.sample import SampleIndices  # noqa: E402

GROWERS = [LightGBM(), HistGradientBoosting()]


def rows(weight=1.0, gamma=0.0, classes=2, n=600, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)).astype("float32")
    score = X[:, 0] + 0.5 * rng.normal(size=n)
    y = np.digitize(score, np.quantile(score, [0.7, 0.9][: classes - 1]))
    k = 2 * n // 3
    weights = np.where(y == classes - 1, weight, 1.0)
    # The prior correction of held-out rows, up to a constant.
    shift = np.append(np.zeros(classes - 1), -np.log(weight))
    return Rows(X[:k], y[:k], weights[:k], X[k:], y[k:], shift, gamma, classes, [], 0)


def grown_of(booster, given):
    return booster.grow(given, booster.bins(given.X, given.categorical))


def test_copies_become_weights_and_made_up_rows_are_made_up():
    X = np.array([[0, 1], [2, 2], [np.nan, 1], [4, 3]], "float32")
    y = np.array([0, 1, 1, 1])
    drawn = SampleIndices(
        np.array([0, 1, 1, 3, 1, 3]),
        np.array([0, 1, 1, 3, 3, 2]),
        np.array([0, 0, 0, 0, 0.25, 0.5], "float32"),
    )
    cost = LossNumbers(np.array([0.5, 3.0]), np.zeros(2))
    member = Member(drawn, np.array([2]), cost, cost, np.array([0.5, 0.5]), 2, (0,))
    found = rows_of(member, X, y, numbers=1, classes=2, seed=0)
    np.testing.assert_array_equal(found.X, [[0, 1], [2, 2], [4, 3], [2.5, 2], [4, 3]])
    np.testing.assert_array_equal(found.y, [0, 1, 1, 1, 1])
    np.testing.assert_array_equal(found.weight, [0.5, 6.0, 3.0, 3.0, 3.0])
    assert np.isnan(found.X_validation[0, 0])
    assert found.categorical == [1]


def test_levels_are_told_apart_by_fewer_rows_than_a_hundred():
    """A row is positive where each of three columns has one of two of six levels: 39 rows."""
    levels = np.random.default_rng(0).integers(0, 6, (600, 3)).astype("float32")
    y = np.isin(levels, [1, 4]).all(1).astype(int)
    held = np.arange(600) % 5 == 0
    given = replace(
        rows(), X=levels[~held], y=y[~held], weight=np.ones((~held).sum()),
        X_validation=levels[held], y_validation=y[held], categorical=[0, 1, 2],
    )  # fmt: skip
    p = softmax(grown_of(LightGBM(), given).logits(levels[held]), axis=1)[:, 1]
    assert p[y[held] == 1].min() > 0.97
    assert p[y[held] == 0].max() < 0.012


@pytest.mark.parametrize("booster", GROWERS, ids=lambda booster: booster.name)
def test_a_weight_moves_the_odds_as_copies_would(booster):
    given = rows(weight=20.0)
    p = softmax(grown_of(booster, given).logits(given.X), axis=1)[:, 1]
    # Boosting keeps the weighted mean of the classes.
    expected = np.average(given.y, weights=given.weight)
    assert np.average(p, weights=given.weight) == pytest.approx(expected, abs=0.03)
    assert expected > 2 * given.y.mean()


@pytest.mark.parametrize("booster", GROWERS, ids=lambda booster: booster.name)
def test_it_stops_on_the_held_out_rows(booster):
    """More rounds than were kept do worse there; the library itself says so."""
    given = rows(n=300)
    grown = grown_of(booster, given)
    kept = log_loss(grown.logits(given.X_validation), given.y_validation)
    model = lightgbm.LGBMClassifier(
        n_estimators=300, num_leaves=15, learning_rate=0.05, reg_lambda=1, n_jobs=1, verbose=-1
    ).fit(given.X, given.y)
    whole = per_class(model.predict_proba(given.X_validation, raw_score=True), np.arange(2), 2)
    assert kept < log_loss(whole, given.y_validation) - 0.02


def many_kinds(n, seed):
    """Many values, few values, gaps and infinities, a category column, a column of gaps only."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5)).astype("float32")
    X[:, 1] = rng.integers(0, 4, n)
    X[rng.random((n, 5)) < 0.1] = np.nan
    X[rng.random(n) < 0.02, 0] = np.inf
    X[:, 3] = np.nan
    X[:, 4] = rng.integers(0, 6, n)
    y = (np.nan_to_num(X[:, 0]) + (X[:, 4] % 2) + rng.normal(size=n) > 1.5).astype(int)
    return X, y


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_rows_that_were_binned_already_grow_what_they_grow_binned_anew(gamma):
    X, y = many_kinds(1500, 0)
    trained = np.flatnonzero(np.arange(len(y)) % 5 > 0)
    rng = np.random.default_rng(1)
    kept = np.sort(rng.permutation(trained)[:1000])
    held = np.setdiff1d(trained, kept)
    drawn = SampleIndices.observed(rng.choice(kept, 1500))  # with copies
    cost = LossNumbers(np.array([1.0, 3.0]), np.zeros(2), gamma)
    member = Member(drawn, held, cost, cost, np.array([0.8, 0.2]), 5, (0,))
    given = rows_of(member, X, y, numbers=4, classes=2, seed=0, binned=trained)
    anew = rows_of(member, X, y, numbers=4, classes=2, seed=0)
    np.testing.assert_array_equal(X[trained][given.binned], anew.X)
    assert not len(given.X)
    bins = LightGBM().bins(X[trained], [4])
    ours, theirs = (LightGBM().grow(one, bins).logits(X) for one in (given, anew))
    np.testing.assert_array_equal(ours, theirs)
    assert np.ptp(ours[:, 1]) > 1


def test_bins_are_those_of_the_numbers():
    """Few values: scikit-learn itself on the numbers parts the rows the same way."""
    X, y = many_kinds(1200, 0)
    X[:, 0] = np.round(X[:, 0], 1)
    shift, none = np.zeros(2), np.array([], int)
    given = Rows(X, y, np.ones(len(y)), X[:0], none, shift, 0.0, 2, [4], 0)
    grown = grown_of(HistGradientBoosting(), given)
    X[:, 3] = 0  # scikit-learn takes no column of gaps only
    model = clone(grown.model).set_params(warm_start=False).fit(X, y)
    np.testing.assert_allclose(grown.logits(X)[:, 1], model.decision_function(X), atol=1e-6)


def test_the_forest_of_binned_trees_reads_numbers():
    X, y = many_kinds(2000, 1)
    k = 1500
    shift = np.zeros(2)
    given = Rows(X[:k], y[:k], np.ones(k), X[k:], y[k:], shift, 0.0, 2, [4], 0)
    grown = grown_of(HistGradientBoosting(), given)
    new, _ = many_kinds(3000, 2)
    walked = TreeEnsemble.of_forest(grown.forest())(new).numpy()
    np.testing.assert_allclose(walked[:, 1], grown.logits(new)[:, 1], atol=1e-5)


def test_a_class_that_training_never_saw_gets_no_chance():
    logits = per_class(np.array([[0.3], [-2.0]]), np.array([0, 2]), 3)
    p = softmax(logits, axis=1)
    np.testing.assert_allclose(p[:, 1], 0, atol=1e-8)
    np.testing.assert_allclose(p[:, 2], 1 / (1 + np.exp([-0.3, 2.0])), atol=1e-8)


class _Labels:
    def __init__(self, y):
        self.y = y

    def get_label(self):
        return self.y


@pytest.mark.parametrize("classes", [2, 3])
def test_focal_gradient_is_the_derivative_of_the_loss(classes):
    """Against central differences of weight (1 - p_y)^gamma (-log p_y)."""
    rng = np.random.default_rng(1)
    n, gamma = 40, 2.0
    y, weight = rng.integers(0, classes, n), rng.uniform(0.5, 3, n)
    z = rng.normal(size=(n, classes))
    z[:, 0] = 0 if classes == 2 else z[:, 0]

    def losses(z):
        log_p = log_softmax(z, axis=1)[np.arange(n), y]
        return weight * (1 - np.exp(log_p)) ** gamma * -log_p

    given = Rows(None, y, weight, None, None, None, gamma, classes, [], 0)
    scores = z[:, 1] if classes == 2 else z
    gradient, curvature = _Focal(given)(scores, _Labels(y))
    step = 1e-5
    for k in range(1, classes):
        up, down = z.copy(), z.copy()
        up[:, k] += step
        down[:, k] -= step
        expected = (losses(up) - losses(down)) / (2 * step)
        found = gradient if classes == 2 else gradient[:, k]
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert (curvature > 0).all()
