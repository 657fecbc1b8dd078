"""Scores of blocks of queries with leaves of points, tile by tile."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from steelyard.neighbours.ordering import LEAF
from steelyard.neighbours.points import Points
from steelyard.neighbours.room import room_for
from steelyard.neighbours.threads import each

Result = TypeVar("Result")

# Query rows and leaves per tile: 512 x 2,048 float32 scores are 4 MB, about one core's cache.
_QUERIES = 2 * LEAF
LEAVES = 8
# From here on a short run of queries, close together, leaves many leaves out of reach.
_MANY_LEAVES = 4 * LEAVES
# Fewer pairs than this are done before a pool of threads has started.
_WORTH_A_POOL = 2**21


def by_block(
    work: Callable[[slice], Result], data: Points, queries: Points, n_jobs: int | None
) -> list[Result]:
    """Work on runs of queries: long where there are few leaves, short where few ask many."""
    number = len(queries)
    size = _QUERIES * max(1, LEAVES // data.leaves)
    if data.leaves > _MANY_LEAVES:
        size = min(size, max(64, number // 8))
    blocks = [slice(a, min(a + size, number)) for a in range(0, number, size)]
    return each(work, blocks, n_jobs if number * len(data) > _WORTH_A_POOL else 1)


class Tour:
    """The leaves of `data` for one block of queries, near ones first, out of reach ones never.

    With `sign` -1 far ones come first, scores are negated, and no leaf is out of reach.
    """

    def __init__(
        self, data: Points, q: np.ndarray, norms: np.ndarray, first: int, sign: int = 1
    ) -> None:
        self._data = data
        self.queries = len(q)
        self._first = first
        self._sign = sign
        self.radius = np.inf
        low, high = q[:, :-1].min(axis=0), q[:, :-1].max(axis=0)
        gaps = np.maximum(data.low - high, low - data.high)
        between = np.sqrt(np.square(np.maximum(gaps, 0, out=gaps)).sum(axis=1, dtype=np.float64))
        # Boxes are of packed coordinates, radii of true ones.
        unsure = 4 * data.scaling.unit * (norms.max() + data.reach)
        self._bound = between * (1 - 1e-4) - unsure
        middle = np.square((data.low + data.high) - (low + high)).sum(axis=1)
        self._order = np.argsort(sign * middle, kind="stable")

    def leaves(self) -> Iterator[np.ndarray]:
        """Leaves to visit next; `radius` and `queries` may shrink between two of them."""
        left, size = self._order, self._first
        while left.size:
            yield left[:size]
            left = left[size:]
            if np.isfinite(self.radius):
                left = left[self._bound[left] <= self.radius * (1 + 1e-6)]
            # Few queries see more leaves at a time, for a tile of the same area.
            most = max(LEAVES, LEAVES * _QUERIES // self.queries)
            size = min(max(LEAVES, 2 * size), most)

    def scores(self, q: np.ndarray, leaves: np.ndarray) -> np.ndarray:
        """Scores of every row of the given leaves, down, with every query; larger is better."""
        by_leaf = self._data.packed.reshape(self._data.leaves, LEAF, -1)
        rows = by_leaf[leaves].reshape(leaves.size * LEAF, -1)
        scores = np.matmul(rows, q.T, out=room_for((len(rows), len(q)), q.dtype))
        if self._sign < 0:
            np.negative(scores, out=scores)
            last = np.flatnonzero(leaves == self._data.leaves - 1)
            for end in (last + 1) * LEAF:  # rows that only fill up the last leaf
                scores[end - (self._data.leaves * LEAF - len(self._data)) : end] = -np.inf
        return scores


def query(queries: Points, block: slice) -> tuple[np.ndarray, np.ndarray]:
    """Query rows with a last column of one, and their norms."""
    q = queries.packed[block].copy()
    q[:, -1] = 1
    return q, np.sqrt(queries.squares[block])


def positions(leaves: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Positions in the points of the rows of a tile."""
    leaf, within = np.divmod(row, LEAF)
    return leaves[leaf] * LEAF + within
