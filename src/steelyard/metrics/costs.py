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


def cost_matrix(costs: ArrayLike | None, fp: float, fn: float, n_classes: int) -> FloatArray:
    """Cost per (true class, decided class), shape (n_classes, n_classes), checked."""
    if costs is None:
        if n_classes != 2:
            raise RequestError(
                f"{n_classes} classes need a matrix: pass costs= of shape "
                f"({n_classes}, {n_classes}), the cost per (true class, decided class)"
            )
        if not (fp >= 0 and fn >= 0):
            raise RequestError(
                f"fp = {fp!r}, fn = {fn!r}; a mistake costs 0 or more: gains go into costs="
            )
        costs = [[0.0, fp], [fn, 0.0]]
    matrix = np.asarray(costs, dtype=np.float64)
    if matrix.shape != (n_classes, n_classes) or not np.isfinite(matrix).all():
        raise RequestError(
            f"costs has shape {matrix.shape}; it takes finite numbers, shape "
            f"({n_classes}, {n_classes}): the cost per (true class, decided class)"
        )
    return matrix


def expected_cost(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    fp: float = 1.0,
    fn: float = 1.0,
    costs: ArrayLike | None = None,
    normalized: bool = False,
    positive: Any = None,
    labels: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Mean cost per row of the decisions, in the unit of the costs.

    Args:
        y_true: labels, shape (n,).
        y_pred: decided classes, shape (n,): not scores.
        fp: cost of a false alarm, two classes.
        fn: cost of a miss, two classes.
        costs: instead, the cost per (true class, decided class), shape (K, K), in the order of
            `labels`; negative entries are gains.
        normalized: divide by the cost of the best decision that is the same for every row, for
            two classes min(share of hits * fn, share of others * fp). Then 1 is worth nothing
            and 0 is perfect.
        positive: the class of interest; needed with `fp`/`fn` unless labels are 0 and 1.
        labels: the classes in the order of `costs`.
        sample_weight: shape (n,), >= 0.

    Raises: RequestError (costs of the wrong shape, a best constant decision that costs nothing
        or less), TargetError, DataError, WeightError.

    >>> expected_cost([0, 0, 0, 1], [0, 1, 1, 1], fp=1, fn=50)
    0.5
    """
    if costs is None and labels is None:
        y_true = is_positive(labels_of(y_true), positive)
        y_pred = is_positive(labels_of(y_pred, "y_pred"), positive)
        labels = (False, True)
    table = confusion(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    matrix = cost_matrix(costs, fp, fn, len(table.classes))
    total = table.counts.sum()
    cost = float((table.counts * matrix).sum() / total)
    if not normalized:
        return cost
    constant = float((table.true @ matrix).min() / total)
    if constant <= 0:
        raise RequestError(
            f"deciding the same for every row costs {constant:.3g}; a normalised cost takes a "
            "positive one: use normalized=False"
        )
    return cost / constant


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
