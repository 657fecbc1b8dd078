"""Cross-validated metrics: what is pooled, what is averaged, when intervals widen."""

import numpy as np
import pytest
from sklearn import metrics as sk

from steelyard.errors import DataError
from steelyard.stats.metrics import METRICS, metric_values
from steelyard.stats.pooled import fold_values, pooled_metrics


def draw(n=500, seed=0, repeats=2):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.1).astype(int)
    base = rng.normal(size=n) + 1.5 * y
    p, d = [], []
    for _ in range(repeats):
        q = 1 / (1 + np.exp(2.5 - base - 0.3 * rng.normal(size=n)))
        p.append(np.column_stack([1 - q, q]))
        d.append((q > 0.1).astype(int))
    folds = rng.permutation(n) % 5
    return y, p, d, folds


def test_one_repeat_is_the_figures_of_its_rows():
    y, p, d, _ = draw(repeats=1)
    assert pooled_metrics(y, p, d, positive=1) == metric_values(y, p[0], d[0], positive=1)


def test_repeats_are_averaged_and_make_no_new_rows():
    y, p, d, _ = draw()
    found = pooled_metrics(y, p, d, positive=1)
    for metric in METRICS:
        for end in ("value", "low", "high"):
            each = [metric_values(y, p[r], d[r], positive=1)[metric.name][end] for r in (0, 1)]
            assert found[metric.name][end] == pytest.approx(np.mean(each))


def test_a_figure_missing_in_one_repeat_is_missing():
    y, p, d, _ = draw()
    found = pooled_metrics(y, p, [d[0], np.zeros_like(d[1])], positive=1)
    assert found["precision"]["value"] is None
    assert found["recall"]["value"] is not None


def test_fold_values_follow_scikit_learn_in_fold_order():
    y, p, d, folds = draw()
    labels = np.array([30, 10, 20, 50, 40])[folds]
    found = fold_values("average_precision", y, p[0], labels, positive=1)
    expected = [
        sk.average_precision_score(y[labels == f], p[0][labels == f, 1]) for f in np.unique(labels)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    recalls = fold_values("recall", y, p[0], labels, d=d[0], positive=1)
    expected = [sk.recall_score(y[labels == f], d[0][labels == f]) for f in np.unique(labels)]
    np.testing.assert_allclose(recalls, expected, atol=1e-12)


def test_a_fold_without_positives_has_no_value():
    y, p, _, folds = draw()
    y[folds == 3] = 0
    found = fold_values("average_precision", y, p[0], folds, positive=1)
    assert np.isnan(found[3])
    assert np.isfinite(found[[0, 1, 2, 4]]).all()


def test_the_rarest_class_is_found_in_all_rows_not_fold_by_fold():
    y, p, _, _ = draw()
    folds = np.zeros(len(y), int)
    # One fold in which the rare class is the larger one.
    folds[np.flatnonzero(y == 1)[:20]] = 1
    folds[np.flatnonzero(y == 0)[:5]] = 1
    found = fold_values("average_precision", y, p[0], folds)
    assert found[1] == pytest.approx(sk.average_precision_score(y[folds == 1], p[0][folds == 1, 1]))


def test_alike_folds_leave_the_interval_and_unlike_folds_widen_it():
    y, p, d, folds = draw(3000)
    options = {"positive": 1, "folds_by_repeat": [folds, folds]}
    plain = pooled_metrics(y, p, d, positive=1)["roc_auc"]
    assert pooled_metrics(y, p, d, **options)["roc_auc"] == plain
    for repeat in p:  # in fold 0 the scores are worthless
        repeat[folds == 0] = np.random.default_rng(1).permutation(repeat[folds == 0])
    plain = pooled_metrics(y, p, d, positive=1)["roc_auc"]
    wide = pooled_metrics(y, p, d, **options)["roc_auc"]
    assert wide["value"] == plain["value"]
    assert wide["high"] - wide["low"] > 1.5 * (plain["high"] - plain["low"])
    assert wide["low"] >= 0
    assert wide["high"] <= 1


def test_decisions_are_asked_for_where_they_matter():
    y, p, _, folds = draw()
    with pytest.raises(DataError, match="d="):
        fold_values("recall", y, p[0], folds, positive=1)
    with pytest.raises(DataError, match="as many"):
        pooled_metrics(y, p, [])
