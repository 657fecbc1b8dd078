"""Cross-validated metrics: what is pooled, what is averaged, when intervals widen."""

import numpy as np
import pytest

from steelyard.errors import DataError
from steelyard.stats.cross_validated import cross_validated_metrics
from steelyard.stats.fold_table import FoldTable
from steelyard.stats.metric_intervals import metric_values
from steelyard.stats.metrics import METRICS
from steelyard.stats.predictions import Predictions


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


def repeats_of(y, p, d, folds=None):
    return [
        Predictions.of(y, ours, theirs, positive=1, folds=folds)
        for ours, theirs in zip(p, d, strict=True)
    ]


def test_one_repeat_is_the_metrics_of_its_rows():
    y, p, d, _ = draw(repeats=1)
    rows = repeats_of(y, p, d)
    assert cross_validated_metrics(rows) == metric_values(rows[0])


def test_repeats_are_averaged_and_make_no_new_rows():
    y, p, d, _ = draw()
    rows = repeats_of(y, p, d)
    found = cross_validated_metrics(rows)
    for metric in METRICS:
        for end in ("value", "low", "high"):
            each = [metric_values(one)[metric.name][end] for one in rows]
            assert found[metric.name][end] == pytest.approx(np.mean(each))


def test_a_metric_missing_in_one_repeat_is_missing():
    y, p, d, _ = draw()
    found = cross_validated_metrics(repeats_of(y, p, [d[0], np.zeros_like(d[1])]))
    assert found["precision"]["value"] is None
    assert found["recall"]["value"] is not None


def test_only_what_is_asked_for_is_computed():
    y, p, d, _ = draw()
    found = cross_validated_metrics(repeats_of(y, p, d), ("log_loss", "recall"))
    assert list(found) == ["log_loss", "recall"]


@pytest.mark.parametrize("name", ["average_precision", "log_loss", "roc_auc"])
def test_what_folds_contribute_is_on_average_the_pooled_metric(name):
    y, p, d, folds = draw()
    table = FoldTable.of(name, repeats_of(y, p, d, np.array([30, 10, 20, 50, 40])[folds]))
    assert table.by_fold.reshape(2, 5).mean(axis=1) == pytest.approx(table.values)
    if name == "log_loss":  # a mean over rows: a fold contributes the mean of its own
        q = p[0][folds == 1]
        own = -np.log(q[np.arange(len(q)), y[folds == 1]])
        size = 5 * len(own) / len(y)  # folds of unequal size count by their rows
        value = table.values[0]
        assert table.by_fold[0] == pytest.approx(value + size * (own.mean() - value))


def test_undefined_in_one_repeat_is_no_table():
    y, p, d, folds = draw()
    rows = repeats_of(np.zeros_like(y), p, d, folds)
    assert FoldTable.of("average_precision", rows) is None


def test_alike_folds_leave_the_interval_and_unlike_folds_widen_it():
    y, p, d, folds = draw(3000)
    plain = cross_validated_metrics(repeats_of(y, p, d))["roc_auc"]
    assert cross_validated_metrics(repeats_of(y, p, d, folds))["roc_auc"] == plain
    for repeat in p:  # in fold 0 the scores are worthless
        repeat[folds == 0] = np.random.default_rng(1).permutation(repeat[folds == 0])
    plain = cross_validated_metrics(repeats_of(y, p, d))["roc_auc"]
    wide = cross_validated_metrics(repeats_of(y, p, d, folds))["roc_auc"]
    assert wide["value"] == plain["value"]
    assert wide["high"] - wide["low"] > 1.5 * (plain["high"] - plain["low"])
    assert wide["low"] >= 0
    assert wide["high"] <= 1


def test_no_repeats_are_refused():
    with pytest.raises(DataError, match="at least one"):
        cross_validated_metrics([])
