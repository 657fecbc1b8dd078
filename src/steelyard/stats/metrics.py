"""Every metric of a technique, each with an interval, from out-of-fold probabilities.

The intervals speak of the population the table was drawn from at random: the number of
positives counts as chance, too. Ranking and proper metrics take theirs from row influences, on a
scale where they cannot leave their range; decided shares take Wilson's; what else is made of
decisions takes draws of the confusion table. With `groups`, rows of one group count as dependent.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import DataError, RequestError
from steelyard.stats import confusion, influence
from steelyard.stats.intervals import Interval, logit_interval, quantile, wilson
from steelyard.stats.predictions import Scored, scored

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]
MetricValue = dict[str, float | None]

_DRAWS = 2000
_TOO_FEW = 10  # positives


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
    Metric("expected_cost", "Cost", "lower", "thresholded", 0, math.inf),
)
"""All metrics in the order of a report. `better="one"`: the nearer to 1, the better."""

BY_NAME: dict[str, Metric] = {metric.name: metric for metric in METRICS}


def metric_values(
    y: ArrayLike,
    p: ArrayLike,
    d: ArrayLike,
    *,
    positive: int | None = None,
    costs: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> dict[str, MetricValue]:
    """Value and 95 % interval of every metric in `METRICS`; None where it is not defined.

    Args:
        y: class codes 0 .. K-1, shape (n,).
        p: probability of each class, shape (n, K).
        d: decided class codes, shape (n,).
        positive: code of the class of interest; by default the rarest class with rows. With two
            classes most metrics are about it. With more they are means over the classes that
            have rows, but `observed_expected` stays with this class.
        costs: cost of deciding j when i is true, shape (K, K), or for two classes the pair
            (false positive, false negative). By default a class counts the same however rare.
        groups: group of each row, shape (n,), where rows of a group are not independent.
        seed: for the draws behind the intervals of decisions.

    Returns: `{name: {"value", "low", "high"}}`, floats or None, ready for JSON.

    >>> rows = metric_values([0, 0, 0, 1], [[.9, .1], [.8, .2], [.3, .7], [.4, .6]], [0, 0, 1, 1])
    >>> rows["average_precision"]["value"], rows["recall"]
    (0.5, {'value': 1.0, 'low': 0.2065..., 'high': 1.0})
    """
    rows = scored(y, p, d, positive=positive, costs=costs)
    codes = None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    if codes is not None and codes.shape != rows.y.shape:
        raise DataError(f"groups has shape {codes.shape}; give one per row: {rows.y.shape}.")
    result = {name: _of_probabilities(name, rows, codes) for name in _INFLUENCES}
    result |= _of_decisions(rows, codes, np.random.default_rng(seed))
    return {metric.name: result[metric.name] for metric in METRICS}


def value_of(name: str, rows: Scored) -> float | None:
    """One metric without its interval; None where it is not defined."""
    if name in _INFLUENCES:
        found = _INFLUENCES[name](rows)
        return None if found is None else found[0]
    if name not in _OF_TABLE:
        raise RequestError(f"no metric {name!r}; there are {', '.join(BY_NAME)}.")
    return _none_if_nan(_table_metric(name, rows)(_table(rows)[None])[0])


def influences(name: str, rows: Scored) -> Floats | None:
    """How much each row moves a ranking or proper metric, shape (n,); None where undefined."""
    found = _INFLUENCES[name](rows)
    return None if found is None else found[1]


# Probabilities.


def _ranking(kernel: Callable[..., tuple[float, Floats]], rows: Scored) -> Any:
    """The kernel on the positives, or one class against the rest and the mean of them all."""
    counts = np.bincount(rows.y, minlength=rows.p.shape[1])
    of_interest = [rows.positive] if rows.binary else np.flatnonzero(counts)
    if any(counts[k] in (0, len(rows.y)) for k in of_interest):
        return None
    value, psi = influence.mean_over_classes(
        [kernel(rows.y == k, rows.p[:, k]) for k in of_interest]
    )
    # A class loses one degree of freedom to its own mean; with this the AUC's error is DeLong's.
    return value, psi * np.sqrt(counts / np.maximum(counts - 1, 1))[rows.y]


def _brier_skill(rows: Scored) -> tuple[float, Floats] | None:
    one_class = (rows.y == rows.y[0]).all()
    return None if one_class else influence.brier_skill(rows.y, rows.p)


def _observed_expected(rows: Scored) -> tuple[float, Floats] | None:
    truth, score = rows.y == rows.positive, rows.p[:, rows.positive]
    return influence.observed_expected(truth, score) if truth.any() and score.any() else None


_INFLUENCES: dict[str, Callable[[Scored], tuple[float, Floats] | None]] = {
    "average_precision": lambda rows: _ranking(influence.average_precision, rows),
    "roc_auc": lambda rows: _ranking(influence.roc_auc, rows),
    "log_loss": lambda rows: influence.log_loss(rows.y, rows.p),
    "brier_skill": _brier_skill,
    "observed_expected": _observed_expected,
}


def _of_probabilities(name: str, rows: Scored, groups: Ints | None) -> MetricValue:
    found = _INFLUENCES[name](rows)
    if found is None:
        return _entry(None, None)
    value, psi = found
    error, df = influence.standard_error(psi, groups)
    if name in ("average_precision", "roc_auc"):
        return _entry(value, _ranking_interval(name, value, error, df, rows))
    # Log loss and O/E move by factors; so does the loss that is left in 1 - Brier skill.
    flip = name == "brier_skill"
    size = 1 - value if flip else value
    factor = math.exp(quantile(df, 0.95) * error / size) if size > 0 else 1.0
    ends = (size / factor, size * factor)
    return _entry(value, Interval(1 - ends[1], 1 - ends[0]) if flip else Interval(*ends))


def _ranking_interval(name: str, value: float, error: float, df: float, rows: Scored) -> Interval:
    counts = np.bincount(rows.y)
    positives = int(counts[rows.positive])
    centre = value
    if name == "average_precision":
        # Each positive counts towards its own precision, so few positives flatter. One more,
        # placed by chance, takes that out: coverage at 20 rises from .93-.95 to .95-.97. A mean
        # over classes moves by the mean of what its classes would move by at its value.
        classes = counts[[rows.positive]] if rows.binary else counts[counts > 0]
        centre = float(np.mean((value + 1 / len(rows.y)) * classes / (classes + 1)))
    found = logit_interval(centre, error, df=df)
    low, high = min(found.low, value), max(found.high, value)
    if error == 0 or (rows.binary and positives < _TOO_FEW):
        # Too few to know their own spread: no surer than a share of that many rows.
        share = wilson(value * positives, positives)
        low, high = min(low, share.low), max(high, share.high)
    return Interval(low, high)


# Decisions.

_OF_TABLE: dict[str, Callable[[Floats, Scored], Floats]] = {
    "balanced_accuracy": lambda table, _: confusion.balanced_accuracy(table),
    "mcc": lambda table, _: confusion.mcc(table),
    "f1": lambda table, rows: confusion.f1(table, rows.interest),
    "gmean": lambda table, _: confusion.gmean(table),
    "recall": lambda table, rows: confusion.recall(table, rows.interest),
    "precision": lambda table, rows: confusion.precision(table, rows.interest),
    "expected_cost": lambda table, rows: confusion.expected_cost(table, rows.costs),
}


def _table(rows: Scored) -> Floats:
    return confusion.confusion_table(rows.y, rows.d, rows.p.shape[1])


def _table_metric(name: str, rows: Scored) -> Callable[[Floats], Floats]:
    return lambda table: _OF_TABLE[name](table, rows)


def _of_decisions(
    rows: Scored, groups: Ints | None, rng: np.random.Generator
) -> dict[str, MetricValue]:
    table = _table(rows)
    gammas = _draw_tables(table, rng)
    result = {}
    for name in _OF_TABLE:
        metric = _table_metric(name, rows)
        value = _none_if_nan(metric(table[None])[0])
        if value is None:
            result[name] = _entry(None, None)
            continue
        inflation = 1.0 if groups is None else _design_effect(metric, table, rows, groups)
        if rows.binary and name in ("recall", "precision"):
            total = table.sum(axis=1 if name == "recall" else 0)[rows.positive] / inflation
            result[name] = _entry(value, wilson(value * total, total))
            continue
        draws = metric(gammas if inflation == 1 else _draw_tables(table / inflation, rng))
        low, high = np.nanquantile(draws, [0.025, 0.975])
        result[name] = _entry(value, Interval(min(float(low), value), max(float(high), value)))
    return result


def _draw_tables(table: Floats, rng: np.random.Generator) -> Floats:
    """Plausible confusion tables, shape (draws, K, K): Dirichlet with Jeffreys' prior.

    A bootstrap would leave empty cells empty for ever: recall 5 of 5 would have no doubt. The
    prior is 1/2 a cell for two classes and adds one row a class whatever their number. Scale
    is free in every metric, so the gammas behind the Dirichlet draws will do.
    """
    present = (table.sum(axis=1) > 0)[:, None]
    prior = np.where(present, 1 / len(table), 0.0)
    return rng.standard_gamma(table + prior, size=(_DRAWS, *table.shape))


def _design_effect(
    metric: Callable[[Floats], Floats], table: Floats, rows: Scored, groups: Ints
) -> float:
    """Variance with dependent rows over variance with independent ones, at least 1."""
    cells = np.argwhere(table > 0)
    smaller = np.repeat(table[None], len(cells), axis=0)
    smaller[np.arange(len(cells)), cells[:, 0], cells[:, 1]] -= 1
    without = np.nan_to_num(metric(smaller), nan=float(metric(table[None])[0]))
    moves = np.zeros_like(table)
    moves[tuple(cells.T)] = without - metric(table[None])[0]
    psi = moves[rows.y, rows.d]
    alone, _ = influence.standard_error(psi)
    together, _ = influence.standard_error(psi, groups)
    return max(1.0, (together / alone) ** 2) if alone > 0 else 1.0


def _entry(value: float | None, interval: Interval | None) -> MetricValue:
    if value is None or interval is None:
        return {"value": None, "low": None, "high": None}
    return {"value": float(value), "low": float(interval.low), "high": float(interval.high)}


def _none_if_nan(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
