"""Permutation importance against scikit-learn's, on columns whose part is known."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_random_state

from steelyard.stats.importance import RankedRows


def rows_of(seed, n=1500):
    """A needed column, a helpful one, one of noise; ties and gaps in the needed one."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    y = rng.random(n) < 1 / (1 + np.exp(3.5 - 2 * X[:, 0] - 0.5 * X[:, 1]))
    X[:, 0] = X[:, 0].round(1)
    X[rng.random(n) < 0.1, 0] = np.nan
    return X, y


def test_it_is_scikit_learns_with_the_same_permutations():
    X, y = rows_of(0)
    model = HistGradientBoostingClassifier(max_iter=20).fit(X[:700], y[:700])
    X, y = X[700:], y[700:]
    theirs = permutation_importance(
        model, X, y, scoring="average_precision", n_repeats=4, random_state=3
    )
    # As in scikit-learn: orders the same for every column, each on top of the one before.
    seed = np.random.RandomState(3).randint(np.iinfo(np.int32).max + 1)
    order, shuffler = np.arange(len(y)), check_random_state(seed)
    orders = [order.copy()]
    for _ in range(4):
        shuffler.shuffle(order)
        orders.append(orders[-1][order])
    ours = RankedRows(y, np.ones(len(y)), np.zeros(len(y), int))
    before = ours.average_precision(model.predict_proba(X)[:, 1])
    assert before.value == pytest.approx(average_precision_score(y, model.predict_proba(X)[:, 1]))
    for column in range(3):
        scores = []
        for one in orders[1:]:
            changed = X.copy()
            changed[:, column] = X[one, column]
            scores.append(model.predict_proba(changed)[:, 1])
        found = ours.lost(before, np.array(scores))
        assert found["value"] == pytest.approx(theirs.importances_mean[column], abs=1e-12)


def lost_by_column(seed):
    X, y = rows_of(seed, 800)
    X = np.nan_to_num(X)
    rng = np.random.default_rng(seed)
    before, after, fold = np.zeros(len(y)), np.zeros((3, 2, len(y))), np.zeros(len(y), int)
    for k, (train, test) in enumerate(StratifiedKFold(4, shuffle=True, random_state=0).split(X, y)):
        model, fold[test] = LogisticRegression().fit(X[train], y[train]), k
        before[test] = model.decision_function(X[test])
        for column in range(3):
            for time in range(2):
                changed = X[test].copy()
                changed[:, column] = rng.permutation(changed[:, column])
                after[column, time, test] = model.decision_function(changed)
    rows = RankedRows(y, np.ones(len(y)), fold)
    base = rows.average_precision(before)
    return [rows.lost(base, scores) for scores in after]


def test_intervals_hold_zero_for_noise_and_not_for_what_is_needed():
    found = [lost_by_column(seed) for seed in range(20)]
    noise = [one[2]["low"] <= 0 <= one[2]["high"] for one in found]
    assert sum(noise) >= 18
    assert sum(one[0]["low"] > 0 for one in found) >= 18
    assert all(one[0]["value"] == max(c["value"] for c in one) for one in found)


def test_weighted_rows_stand_for_those_left_out():
    X, y = rows_of(1, 4000)
    score, other = np.nan_to_num(X[:, 0]), X[:, 1]
    everything = RankedRows(y, np.ones(len(y)), np.arange(len(y)) % 5)
    wanted = everything.lost(everything.average_precision(score), other[None])
    rng = np.random.default_rng(0)
    found = []
    for _ in range(20):
        rest = rng.choice(np.flatnonzero(~y), 600, replace=False)
        rows = np.concatenate([np.flatnonzero(y), rest])
        weight = np.where(y[rows], 1.0, (~y).sum() / 600)
        few = RankedRows(y[rows], weight, np.arange(len(rows)) % 5)
        found.append(few.lost(few.average_precision(score[rows]), other[None, rows])["value"])
    assert np.mean(found) == pytest.approx(wanted["value"], rel=0.1)


def test_a_column_that_changes_nothing_loses_nothing_for_sure():
    y = np.arange(40) % 4 == 0
    rows = RankedRows(y, np.ones(40), np.arange(40) % 2)
    score = np.linspace(0, 1, 40)
    found = rows.lost(rows.average_precision(score), score[None])
    assert found == {"value": 0.0, "low": 0.0, "high": 0.0}
