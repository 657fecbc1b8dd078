"""Every metric of a technique, from its predictions: the value, and how much each row moves it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import RequestError
from steelyard.stats import calibration, confusion, proper, ranking
from steelyard.stats.confusion import Margins
from steelyard.stats.influence import mean_over_classes
from steelyard.stats.money import ratio_of_costs
from steelyard.stats.predictions import Predictions
from steelyard.stats.ranking import Ranked

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """What a report needs to know of a metric; `low` and `high` bound what it can be."""

    name: str
    label: str
    better: Literal["higher", "lower", "one"]
    kind: Literal["ranking", "proper", "thresholded"]
    low: float
    high: float


METRICS: tuple[Metric, ...] = (
    Metric("average_precision", "AP", "higher", "ranking", 0, 1),
    Metric("roc_auc", "ROC-AUC", "higher", "ranking", 0, 1),
    Metric("log_loss", "Log loss", "lower", "proper", 0, math.inf),
    Metric("brier_skill", "Brier skill", "higher", "proper", -math.inf, 1),
    Metric("observed_expected", "O/E", "one", "proper", 0, math.inf),
    Metric("balanced_accuracy", "Bal. acc.", "higher", "thresholded", 0, 1),
    Metric("mcc", "MCC", "higher", "thresholded", -1, 1),
    Metric("f1", "F1", "higher", "thresholded", 0, 1),
    Metric("gmean", "G-mean", "higher", "thresholded", 0, 1),
    Metric("recall", "Recall", "higher", "thresholded", 0, 1),
    Metric("precision", "Precision", "higher", "thresholded", 0, 1),
    Metric("normalized_cost", "Norm. cost", "lower", "thresholded", 0, math.inf),
)
"""All metrics in the order of a report. `better="one"`: the nearer to 1, the better."""

BY_NAME: dict[str, Metric] = {metric.name: metric for metric in METRICS}


@dataclass(frozen=True)
class Evaluation:
    """A metric of some rows, and each row's influence on it, shape (n,)."""

    value: float
    influence: Floats


def evaluate(name: str, rows: Predictions) -> Evaluation | None:
    """One metric with its influences; None where it is not defined.

    What the rows know already (`Predictions.found`) is not computed again.
    """
    if name not in BY_NAME:
        raise RequestError(f"no metric {name!r}; there are {', '.join(BY_NAME)}.")
    if name in rows.found:
        return rows.found[name]
    if name in _EVALUATE:
        found = _EVALUATE[name](rows)
    elif name == "normalized_cost" and rows.row_costs is not None:
        k = rows.positive
        found = ratio_of_costs(rows.row_costs, rows.y == k, rows.d == k, rows.weights)
    else:
        found = _of_decisions(name, rows)
    return None if found is None else Evaluation(*found)


def value_of(name: str, rows: Predictions) -> float | None:
    """One metric without its interval; None where it is not defined."""
    found = evaluate(name, rows)
    return None if found is None else found.value


# Probabilities.


def _ranking(kernel: Callable[[Ranked], tuple[float, Floats]], rows: Predictions) -> Any:
    """The kernel on the positives, or one class against the rest and the mean of them all."""
    counts = rows.counts
    of_interest = [rows.positive] if rows.binary else np.flatnonzero(counts).tolist()
    if any(counts[k] in (0, counts.sum()) for k in of_interest):
        return None
    value, psi = mean_over_classes([kernel(rows.ranked(k)) for k in of_interest])
    # A class loses one degree of freedom to its own mean; with this the AUC's error is DeLong's.
    own = np.array([rows.effective(k) for k in range(len(counts))])
    return value, psi * np.sqrt(own / np.maximum(own - 1, 1))[rows.y]


def _brier_skill(rows: Predictions) -> tuple[float, Floats] | None:
    one_class = np.count_nonzero(rows.counts) < 2
    return None if one_class else proper.brier_skill(rows.y, rows.p, rows.weights)


def _observed_expected(rows: Predictions) -> tuple[float, Floats] | None:
    truth, score = rows.y == rows.positive, rows.p[:, rows.positive]
    if not (rows.counts[rows.positive] > 0 and score.any()):
        return None
    return calibration.observed_expected_influence(truth, score, rows.weights)


_EVALUATE: dict[str, Callable[[Predictions], tuple[float, Floats] | None]] = {
    "average_precision": lambda rows: _ranking(ranking.average_precision_influence, rows),
    "roc_auc": lambda rows: _ranking(ranking.roc_auc_influence, rows),
    "log_loss": lambda rows: proper.log_loss(rows.y, rows.p, rows.weights),
    "brier_skill": _brier_skill,
    "observed_expected": _observed_expected,
}


# Decisions.

_OF_TABLE: dict[str, Callable[[Floats, Predictions], Floats]] = {
    "balanced_accuracy": lambda table, _: confusion.balanced_accuracy(Margins.of(table)),
    "mcc": lambda table, _: confusion.mcc(Margins.of(table)),
    "f1": lambda table, rows: confusion.f_score(Margins.of(table), rows.interest),
    "gmean": lambda table, _: confusion.gmean(Margins.of(table)),
    "recall": lambda table, rows: confusion.recall(Margins.of(table), rows.interest),
    "precision": lambda table, rows: confusion.precision(Margins.of(table), rows.interest),
    "normalized_cost": lambda table, rows: confusion.normalized_cost(table, rows.costs),
}

_NUDGE = 1e-4  # of a cell; the metrics are smooth, so the derivative is good to eight digits


def metric_of_table(name: str, rows: Predictions) -> Callable[[Floats], Floats]:
    """The metric as a function of tables (..., K, K), about these rows' class and costs."""
    return lambda table: _OF_TABLE[name](table, rows)


def _of_decisions(name: str, rows: Predictions) -> tuple[float, Floats] | None:
    metric, table = metric_of_table(name, rows), rows.table
    value = float(metric(table))
    if math.isnan(value):
        return None
    cells = np.argwhere(table > 0)
    at = (np.arange(len(cells)), cells[:, 0], cells[:, 1])
    steps = np.zeros((len(cells), *table.shape))
    steps[at] = _NUDGE * table[tuple(cells.T)]
    slope = np.zeros_like(table)
    slope[tuple(cells.T)] = (metric(table + steps) - metric(table - steps)) / (2 * steps[at])
    psi = slope.ravel()[rows.decided]
    return value, psi if rows.weights is None else psi * rows.weights
