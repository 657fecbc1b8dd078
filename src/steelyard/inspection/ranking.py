"""How well one column alone orders the classes, with an interval."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Z = 1.959963984540054  # two-sided 95 %


def auc(positives: Floats, negatives: Floats) -> float:
    """Chance that a positive lies above a negative, ties counted half; exact.

    >>> auc(np.array([0.9, 0.4]), np.array([0.1, 0.3, 0.6]))
    0.8333333333333334
    """
    ordered = np.sort(negatives)
    # Ascending needles keep the binary searches in the cache.
    needles = np.sort(positives)
    below = np.searchsorted(ordered, needles, "left") + np.searchsorted(ordered, needles, "right")
    return float(below.sum() / (2.0 * len(positives) * len(negatives)))


def auc_interval(value: float, positives: int, negatives: int) -> tuple[float, float]:
    """95 % interval of an AUC that stays sensible at 0 and 1.

    The values the estimate would not be far from: |value - t| <= 1.96 se(t), with the standard
    error of exponential scores evaluated at t rather than at the estimate.

    >>> low, high = auc_interval(1.0, 20, 1000)
    >>> round(low, 3), high
    (0.95, 1.0)

    Source: Newcombe, "Confidence intervals for an effect size measure based on the
        Mann-Whitney statistic. Part 2", Statistics in Medicine 25 (2006), method 5.
    """
    mean_size = (positives + negatives) / 2

    def far(t: float) -> bool:
        spread = 1 + (mean_size - 1) * ((1 - t) / (2 - t) + t / (1 + t))
        return (value - t) ** 2 > Z * Z * t * (1 - t) * spread / (positives * negatives)

    return _edge(far, value, 0.0), _edge(far, value, 1.0)


def _edge(far: Callable[[float], bool], near_end: float, far_end: float) -> float:
    """The point between the two ends up to which values are not far."""
    if math.isclose(near_end, far_end):
        return far_end
    for _ in range(50):
        middle = (near_end + far_end) / 2
        if far(middle):
            far_end = middle
        else:
            near_end = middle
    return near_end


def encoded_auc(
    values: NDArray[np.integer], positive: NDArray[np.bool_], half: NDArray[np.int8]
) -> float:
    """AUC of a category, each half of the rows scored by the positive share in the other half.

    Out of sample, so that a column of nearly unique values scores .5 and not 1; a class with a
    single row has nothing to learn from and scores .5.

    Args:
        values: codes from 0, shape (rows,).
        positive: shape (rows,).
        half: 0 or 1 per row, drawn within each class.
    """
    if np.bincount(2 * half + positive, minlength=4).min() == 0:
        return 0.5
    size = int(values.max()) + 1
    scores = []
    for part in (0, 1):
        here, there = half == part, half != part
        rows = np.bincount(values[there], minlength=size)
        hits = np.bincount(values[there & positive], minlength=size)
        overall = positive[there].mean()
        score = ((hits + overall) / (rows + 1.0))[values[here]]
        scores.append(auc(score[positive[here]], score[~positive[here]]))
    return sum(scores) / 2
