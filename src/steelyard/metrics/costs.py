"""What decisions cost, and what they are worth."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from steelyard.errors import RequestError
from steelyard.metrics._inputs import (
    FloatArray,
    is_positive,
    labels_of,
    probabilities_of,
    weights_of,
)
from steelyard.metrics.thresholded import confusion
from steelyard.stats import confusion as tables
from steelyard.stats.costs import cost_matrix, cost_pair


def costs_of_classes(costs: ArrayLike | None, fp: float, fn: float, n_classes: int) -> FloatArray:
    """Cost per (true class, decided class), shape (n_classes, n_classes), checked."""
    if costs is not None:
        return cost_matrix(costs, n_classes)
    if n_classes != 2:
        raise RequestError(
            f"{n_classes} classes need a matrix: pass costs= of shape "
            f"({n_classes}, {n_classes}), the cost per (true class, decided class)"
        )
    return cost_pair(fp, fn)


def expected_cost(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    fp: float = 1.0,
    fn: float = 1.0,
    costs: ArrayLike | None = None,
    positive: Any = None,
    labels: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Mean cost per row of the decisions, in the unit of the costs.

    Args:
        y_true: labels, shape (n,).
        y_pred: decided classes, shape (n,): not scores.
        fp: cost of a false alarm, two classes, >= 0.
        fn: cost of a miss, two classes, >= 0.
        costs: instead, the cost per (true class, decided class), shape (K, K), >= 0, in the order
            of `labels`.
        positive: the class of interest; needed with `fp`/`fn` unless labels are 0 and 1.
        labels: the classes in the order of `costs`.
        sample_weight: shape (n,), >= 0.

    Raises: RequestError (costs of the wrong shape or below 0), TargetError, DataError, WeightError.

    >>> expected_cost([0, 0, 0, 1], [0, 1, 1, 1], fp=1, fn=50)
    0.5
    """
    table, matrix = _costed(y_true, y_pred, fp, fn, costs, positive, labels, sample_weight)
    return float(tables.cost_per_row(table, matrix))


def normalized_cost(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    fp: float = 1.0,
    fn: float = 1.0,
    costs: ArrayLike | None = None,
    positive: Any = None,
    labels: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Cost of the decisions over that of the best decision that is the same for every row.

    That is for two classes min(share of hits * fn, share of others * fp). 1 is worth nothing and 0
    is perfect. Arguments as for `expected_cost`; RequestError where the best constant decision
    costs nothing.

    >>> normalized_cost([0, 0, 0, 1], [0, 0, 1, 1], fp=1, fn=2)
    0.5
    """
    table, matrix = _costed(y_true, y_pred, fp, fn, costs, positive, labels, sample_weight)
    value = float(tables.normalized_cost(table, matrix))
    if np.isnan(value):
        raise RequestError(
            "deciding the same for every row costs nothing; a normalised cost takes a positive "
            "one: use expected_cost"
        )
    return value


def _costed(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    fp: float,
    fn: float,
    costs: ArrayLike | None,
    positive: Any,
    labels: Sequence[Any] | None,
    sample_weight: ArrayLike | None,
) -> tuple[FloatArray, FloatArray]:
    if costs is None and labels is None:
        y_true = is_positive(labels_of(y_true), positive)
        y_pred = is_positive(labels_of(y_pred, "y_pred"), positive)
        labels = (False, True)
    found = confusion(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    return found.counts, costs_of_classes(costs, fp, fn, len(found.classes))


def net_benefit(
    y_true: ArrayLike,
    probabilities: ArrayLike,
    *,
    threshold: ArrayLike,
    positive: Any = None,
    sample_weight: ArrayLike | None = None,
) -> float | FloatArray:
    """Hits per row less false alarms per row at the exchange rate t / (1 - t).

    Rows with probability >= t are flagged. Compare with flagging all, pi - (1 - pi) t / (1 - t),
    and with flagging none, 0 (Vickers & Elkin, Medical Decision Making 2006).

    Args:
        y_true: labels, shape (n,).
        probabilities: of the class of interest, shape (n,), calibrated, for t is read as the
            probability at which flagging just pays.
        threshold: t in (0, 1), one number or shape (m,).
        positive: the class of interest; needed unless labels are 0 and 1.
        sample_weight: shape (n,), >= 0.

    Returns: a float, or shape (m,); at most the prevalence.

    >>> round(net_benefit([0, 0, 0, 1], [0.1, 0.2, 0.3, 0.9], threshold=0.2), 6)
    0.125
    """
    y = labels_of(y_true)
    p = probabilities_of(probabilities, len(y))
    if p.ndim != 1:
        raise RequestError(
            f"probabilities has shape {p.shape}; net benefit takes one column: pick the class"
        )
    t = np.atleast_1d(np.asarray(threshold, dtype=np.float64))
    if not ((t > 0) & (t < 1)).all():
        raise RequestError(f"threshold is {threshold!r}; it takes numbers strictly in (0, 1)")
    weight = weights_of(sample_weight, len(y))
    mass = np.full(len(y), 1.0) if weight is None else weight
    worth = np.stack([mass * (hit := is_positive(y, positive)), mass * ~hit])
    order = np.argsort(p)
    flagged = np.zeros((2, len(y) + 1))
    flagged[:, :-1] = np.cumsum(worth[:, order[::-1]], axis=1)[:, ::-1]
    hits, alarms = flagged[:, np.searchsorted(p[order], t, side="left")] / mass.sum()
    value = hits - alarms * t / (1 - t)
    return float(value[0]) if np.ndim(threshold) == 0 else value
