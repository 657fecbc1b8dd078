"""Every numpy metric refuses what it cannot read, in one line, and imports no TensorFlow."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from steelyard import metrics
from steelyard.errors import DataError, RequestError, SteelyardError, TargetError, WeightError

SCORED = {
    "average_precision": metrics.average_precision,
    "roc_auc": metrics.roc_auc,
    "log_loss": metrics.log_loss,
    "brier_score": metrics.brier_score,
    "brier_skill": metrics.brier_skill,
    "precision_at_recall": lambda *a, **k: metrics.precision_at_recall(*a, recall=0.5, **k),
    "recall_at_precision": lambda *a, **k: metrics.recall_at_precision(*a, precision=0.5, **k),
    "calibration_error": metrics.calibration_error,
    "observed_expected": metrics.observed_expected,
    "net_benefit": lambda *a, **k: metrics.net_benefit(*a, threshold=0.5, **k),
}
DECIDED = {
    "balanced_accuracy": metrics.balanced_accuracy,
    "mcc": metrics.mcc,
    "gmean": metrics.gmean,
    "f1": metrics.f1,
    "fbeta": lambda *a, **k: metrics.fbeta(*a, beta=2, **k),
    "precision": metrics.precision,
    "recall": metrics.recall,
    "expected_cost": metrics.expected_cost,
    "normalized_cost": metrics.normalized_cost,
    "per_class_table": metrics.per_class_table,
}
EVERY = SCORED | DECIDED


def test_every_numpy_metric_is_checked_here():
    assert set(EVERY) == {name for name in metrics.__all__ if name.islower()}


@pytest.mark.parametrize("figure", EVERY.values(), ids=EVERY)
@pytest.mark.parametrize(
    ("y", "second", "error"),
    [
        ([], [], DataError),
        ([0, 1, 1], [0, 1], SteelyardError),
        ([[0, 1], [1, 0]], [0, 1], DataError),
    ],
)
def test_shapes_are_checked(figure, y, second, error):
    with pytest.raises(error) as caught:
        figure(y, second)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("figure", EVERY.values(), ids=EVERY)
@pytest.mark.parametrize("weight", [[1.0], [1, -1, 1], [1, np.nan, 1], [0, 0, 0]])
def test_weights_are_checked(figure, weight):
    with pytest.raises(WeightError):
        figure([0, 1, 0], [0, 1, 1], sample_weight=weight)


@pytest.mark.parametrize("figure", EVERY.values(), ids=EVERY)
def test_any_kind_of_column_will_do(figure):
    y, second = [0, 1, 0, 1, 0], [0, 1, 1, 1, 0]
    value = figure(np.array(y), np.array(second))
    assert figure(y, second) == value
    assert figure(pl.Series(y), pl.Series(second)) == value
    assert figure(np.array(y, bool)[:, None], np.array(second)[:, None]) == (
        value if figure is not metrics.per_class_table else figure(np.array(y, bool), second)
    )


@pytest.mark.parametrize("figure", EVERY.values(), ids=EVERY)
def test_integer_weights_are_repeated_rows(figure):
    rng = np.random.default_rng(0)
    y, second = rng.integers(0, 2, 40), rng.integers(0, 2, 40)
    count = rng.integers(0, 4, 40)
    weighted = figure(y, second, sample_weight=count)
    repeated = figure(y.repeat(count), second.repeat(count))
    if figure is metrics.per_class_table:
        for one, other in zip(weighted, repeated, strict=True):
            assert one == pytest.approx(other, abs=1e-12)
    else:
        assert weighted == pytest.approx(repeated, abs=1e-12)


@pytest.mark.parametrize("figure", SCORED.values(), ids=SCORED)
def test_scores_are_checked(figure):
    with pytest.raises(DataError, match="1 NaN"):
        figure([0, 1], [0.5, np.nan])
    with pytest.raises(DataError, match="numbers"):
        figure([0, 1], ["low", "high"])
    with pytest.raises(RequestError, match="positive="):
        figure(["ham", "spam"], [0.1, 0.9])


@pytest.mark.parametrize(
    "name", ["average_precision", "roc_auc", "precision_at_recall", "recall_at_precision"]
)
def test_a_ranking_takes_both_classes(name):
    for y in ([0, 0, 0], [1, 1, 1]):
        with pytest.raises(TargetError, match="at least one row"):
            SCORED[name](y, [0.1, 0.2, 0.3])
    with pytest.raises(TargetError, match="at least one row"):
        SCORED[name]([0, 1], [0.1, 0.2], sample_weight=[1, 0])
    wide = np.full((4, 3), 1 / 3)
    with pytest.raises(TargetError, match=r"class \[2\]"):
        SCORED[name]([0, 1, 0, 1], wide)
    each = SCORED[name]([0, 1, 0, 1], wide, average=None)
    assert np.isnan(each).tolist() == [False, False, True]


def test_columns_are_named_right():
    p = np.full((2, 3), 1 / 3)
    with pytest.raises(TargetError, match=r"\[7\]"):
        metrics.log_loss([0, 7], p)
    with pytest.raises(RequestError, match="column order"):
        metrics.log_loss(["a", "b"], p, labels=["a", "b"])
    with pytest.raises(RequestError, match="pass labels="):
        metrics.roc_auc([0, 1], p, positive=1)
    with pytest.raises(RequestError, match="average"):
        metrics.roc_auc([0, 1], p, average="micro")


def test_numpy_metrics_import_no_tensorflow():
    code = (
        "import sys; from steelyard import metrics; metrics.roc_auc([0, 1], [0, 1]);"
        "print([m for m in ('tensorflow', 'keras', 'sklearn', 'scipy') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout.strip() == "[]"
