"""Scores of blocks of queries with leaves of points, tile by tile."""

import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from steelyard.neighbours.ordering import LEAF
from steelyard.neighbours.points import Points
from steelyard.neighbours.threads import each

Result = TypeVar("Result")

# Query rows and leaves per tile: 512 x 2,048 float32 scores are 4 MB, about one core's cache.
_QUERIES = 2 * LEAF
LEAVES = 8
# From here on a short run of queries, close together, leaves many leaves out of reach.
_MANY_LEAVES = 4 * LEAVES
# Columns of a tile whose largest score is looked at first.
_GROUP = 32
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
        self._queries = len(q)
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
        """Leaves to visit next; `radius` may shrink between two of them."""
        left, size = self._order, self._first
        # Few queries see more leaves at a time, for a tile of the same area.
        most = max(LEAVES, LEAVES * _QUERIES // self._queries)
        while left.size:
            yield left[:size]
            left = left[size:]
            if np.isfinite(self.radius):
                left = left[self._bound[left] <= self.radius * (1 + 1e-6)]
            size = min(max(LEAVES, 2 * size), most)

    def scores(self, q: np.ndarray, leaves: np.ndarray) -> np.ndarray:
        """Scores of every query with every row of the given leaves, larger is better."""
        by_leaf = self._data.packed.reshape(self._data.leaves, LEAF, -1)
        columns = leaves.size * LEAF
        scores = _tile(len(q) * columns, q.dtype).reshape(len(q), columns)
        np.matmul(q, by_leaf[leaves].reshape(columns, -1).T, out=scores)
        if self._sign < 0:
            np.negative(scores, out=scores)
            last = np.flatnonzero(leaves == self._data.leaves - 1)
            for end in (last + 1) * LEAF:  # rows that only fill up the last leaf
                scores[:, end - (self._data.leaves * LEAF - len(self._data)) : end] = -np.inf
        return scores


_tiles = threading.local()


def _tile(size: int, dtype: np.dtype) -> np.ndarray:
    """Room for the scores of one tile, the same for all tiles of a thread.

    Megabytes asked of the system anew for every tile cost as much as the product itself.
    """
    room = getattr(_tiles, "room", None)
    if room is None or room.nbytes < size * dtype.itemsize:
        room = _tiles.room = np.empty(size * dtype.itemsize, dtype=np.uint8)
    return room[: size * dtype.itemsize].view(dtype)


def query(queries: Points, block: slice) -> tuple[np.ndarray, np.ndarray]:
    """Query rows with a last column of one, and their norms."""
    q = queries.packed[block].copy()
    q[:, -1] = 1
    return q, np.sqrt(queries.squares[block])


def reaching(scores: np.ndarray, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows whose largest score reaches the limit, and their scores."""
    if np.isneginf(limit).all():  # the first look
        return np.arange(len(scores)), scores
    rows = np.flatnonzero(scores.max(axis=1) >= limit)
    return rows, scores if rows.size == len(scores) else scores[rows]


def group_peaks(scores: np.ndarray, want: int) -> np.ndarray:
    """The largest score of each group of columns, at least four times as many as wanted.

    Column c is in the group of number c modulo the number of groups. The largest of many are
    found by looking at the peaks, and then into the groups of the highest.
    """
    groups = scores.shape[1]
    peaks = scores
    while groups > scores.shape[1] // _GROUP and groups % 2 == 0 and groups >= 8 * want:
        groups //= 2
        peaks = np.maximum(peaks[:, :groups], peaks[:, groups:])
    return peaks


def above(
    scores: np.ndarray, peaks: np.ndarray, limit: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, column and value of the scores that reach the limit of their row."""
    groups = peaks.shape[1]
    row, group = np.nonzero(peaks >= limit[:, None])
    cells = scores.reshape(len(scores), scores.shape[1] // groups, groups)[row, :, group]
    which, within = np.nonzero(cells >= limit[row, None])
    return row[which], within * groups + group[which], cells[which, within]


def positions(leaves: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Positions in the points of tile columns."""
    leaf, within = np.divmod(column, LEAF)
    return leaves[leaf] * LEAF + within
