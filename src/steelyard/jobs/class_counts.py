"""Rows of each class as training and judging count them: each once, or by its sample weight."""

from typing import Any

import numpy as np


def class_counts(y: np.ndarray, weights: np.ndarray | None, rows: Any, classes: int) -> np.ndarray:
    """Rows of each class among `rows` (positions or mask), shape (classes,); whole without weights.

    >>> class_counts(np.array([0, 0, 1]), np.array([1.5, 1.0, 0.5]), [0, 2], 2).tolist()
    [1.5, 0.5]
    """
    return np.bincount(y[rows], None if weights is None else weights[rows], minlength=classes)


def shares_of(counts: np.ndarray) -> np.ndarray:
    """Class shares of counts, half a row for a class that is absent: its share stays above 0.

    >>> shares_of(np.array([2.0, 0.0])).tolist()
    [0.8, 0.2]
    """
    present = at_least_half(counts)
    return present / present.sum()


def at_least_half(counts: np.ndarray) -> np.ndarray:
    """Counts with half a row in place of none: priors and losses stay finite."""
    return np.where(counts > 0, counts, 0.5)
