"""Proper scores: best, on average, for the true probabilities and for nothing else."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import TargetError
from steelyard.metrics._inputs import (
    FloatArray,
    columns_of,
    is_positive,
    labels_of,
    probabilities_of,
    weights_of,
)
from steelyard.stats import proper


def _read(
    y_true: ArrayLike,
    probabilities: ArrayLike,
    sample_weight: ArrayLike | None,
    positive: Any,
    labels: Sequence[Any] | None,
) -> tuple[NDArray[np.intp], FloatArray, FloatArray | None]:
    """Column of the true class, probabilities (n, K) with K >= 2, weights."""
    y = labels_of(y_true)
    p = probabilities_of(probabilities, len(y))
    weight = weights_of(sample_weight, len(y))
    if p.ndim == 2:
        return columns_of(y, positive, labels, p.shape[1]), p, weight
    return is_positive(y, positive).astype(np.intp), np.column_stack([1 - p, p]), weight


def log_loss(
    y_true: ArrayLike,
    probabilities: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    positive: Any = None,
    labels: Sequence[Any] | None = None,
) -> float:
    """Mean of -log(probability given to the true class), in nats.

    Scaled by the prevalence: at 1 % a constant forecast scores .056 and looks fine. Compare
    with that constant's entropy, or with another model on the same rows.

    Args:
        y_true: labels, shape (n,).
        probabilities: of the class of interest, shape (n,), or of each class, shape (n, K).
            Below 2.2e-16 they count as 2.2e-16, so a certain mistake costs 36 nats.
        sample_weight: shape (n,), >= 0.
        positive: the class of interest, for a vector; needed unless labels are 0 and 1.
        labels: the class of each column; needed unless labels are 0 .. K-1.

    Returns: >= 0. One class in `y_true` is fine here.
    Raises: RequestError (not probabilities), DataError, TargetError, WeightError.

    >>> round(log_loss([0, 0, 1], [0.1, 0.2, 0.9]), 6)
    0.144622
    """
    code, p, weight = _read(y_true, probabilities, sample_weight, positive, labels)
    return proper.log_loss(code, p, weight)[0]


def brier_score(
    y_true: ArrayLike,
    probabilities: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    positive: Any = None,
    labels: Sequence[Any] | None = None,
) -> float:
    """Mean squared distance of the probabilities from the truth (Brier 1950).

    Two classes: mean (p - y)^2, in [0, 1]. More: summed over the classes, in [0, 2]. On rare
    classes every forecast scores near 0: report `brier_skill`. Arguments as for `log_loss`.

    >>> round(brier_score([0, 0, 1], [0.1, 0.2, 0.9]), 6)
    0.02
    """
    code, p, weight = _read(y_true, probabilities, sample_weight, positive, labels)
    return proper.brier_score(code, p, weight)


def brier_skill(
    y_true: ArrayLike,
    probabilities: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    positive: Any = None,
    labels: Sequence[Any] | None = None,
) -> float:
    """1 - Brier score / Brier score of always forecasting these rows' own class shares.

    1 is perfect, 0 no better than the prevalence, negative worse. Arguments as for `log_loss`;
    TargetError if `y_true` has one class, for the shares are perfect then.

    >>> round(brier_skill([0, 0, 1], [0.1, 0.2, 0.9]), 6)
    0.91
    """
    code, p, weight = _read(y_true, probabilities, sample_weight, positive, labels)
    if np.count_nonzero(np.bincount(code, weight)) < 2:
        raise TargetError("y_true has one class; a skill takes two: use brier_score")
    return proper.brier_skill(code, p, weight)[0]
