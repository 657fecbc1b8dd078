"""Distinct scores from the best down, and how many rows of either kind lie at each."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Falling:
    """Scores of rows, shape (rows,), and whether each is of the class of interest.

    >>> falling = Falling(np.array([0.2, 0.9, 0.2]), np.array([True, False, False]))
    >>> falling.scores, falling.counts
    (array([0.9, 0.2]), (array([0, 1]), array([1, 1])))
    """

    of: NDArray[Any]
    positive: Bools

    @cached_property
    def _sorted(self) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """Distinct scores, rising, and how many rows have each."""
        # Values alone are sorted several times faster than positions.
        rising = np.sort(self.of)
        first = np.flatnonzero(np.append(True, rising[1:] != rising[:-1]))
        return rising[first], np.diff(np.append(first, len(rising)))

    @property
    def scores(self) -> NDArray[Any]:
        """Distinct scores, falling."""
        return self._sorted[0][::-1]

    @cached_property
    def counts(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Positive and other rows at each score."""
        distinct, rows = self._sorted
        at = np.searchsorted(distinct, np.sort(self.of[self.positive]))
        hits = np.bincount(at, minlength=len(distinct))
        return hits[::-1], (rows - hits)[::-1]

    def weighed(self, weight: Floats) -> tuple[Any, Any]:
        """The same in sums of `weight`, shape (rows,)."""
        size = len(self._sorted[0])
        hits, rest = (
            np.bincount(self._place[rows], weight[rows], minlength=size)
            for rows in (self.positive, ~self.positive)
        )
        return hits[::-1], rest[::-1]

    @cached_property
    def _place(self) -> NDArray[np.intp]:
        return np.unique(self.of, return_inverse=True)[1]
