"""Exact nearest neighbours and exact counting of nearer rows, on packed points.

The tie rule, here and in every sampler: a row is never its own neighbour, by row number and not by
distance; of rows at the same distance the one with the lower row number is nearer.
"""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np

from steelyard.resample._points import LEAF, Points, distances
from steelyard.resample._threads import each

Result = TypeVar("Result")

# Query rows and leaves per tile: 512 x 2,048 float32 scores are 4 MB, about one core's cache.
_QUERIES = 2 * LEAF
_LEAVES = 8
# From here on a short run of queries, close together, leaves many leaves out of reach.
_MANY_LEAVES = 4 * _LEAVES
# Columns of a tile whose largest score is looked at first.
_GROUP = 32
# How many leaves around them queries look at before those left are gathered in new blocks: a tile
# of few rows costs nearly as much as a full one.
_LOOKS = (2, 16)
# Fewer pairs than this are done before a pool of threads has started.
_WORTH_A_POOL = 2**21


def nearest(
    data: Points, queries: Points, k: int, n_jobs: int | None = None, *, apart: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest rows of `data` for each row of `queries`, nearest first.

    `apart` promises that no row of `queries` is in `data`, which saves looking for itself.
    Returns: squared distances and row numbers, each of shape (len(queries), k), in the order of
        `queries.rows`; where `data` has too few rows, infinity and -1.
    """
    data = data.without_spare_twins(k + 1)
    work = partial(_best_block, data, queries, k=k, want=k + (not apart), sign=1)
    parts = _by_block(work, data, queries, n_jobs)
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def farthest(
    data: Points, queries: Points, k: int, n_jobs: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The k farthest rows of `data` for each row of `queries`, nearest of them first.

    Returns: as `nearest`; of rows at the same distance the ones with lower numbers are taken.
    """
    data = data.without_spare_twins(k + 1)
    work = partial(_best_block, data, queries, k=k, want=k + 1, sign=-1)
    parts = _by_block(work, data, queries, n_jobs)
    return (
        np.concatenate([p[0][:, ::-1] for p in parts]),
        np.concatenate([p[1][:, ::-1] for p in parts]),
    )


def _by_block(
    work: Callable[[slice], Result], data: Points, queries: Points, n_jobs: int | None
) -> list[Result]:
    """Work on runs of queries: long where there are few leaves, short where few ask many."""
    number = len(queries)
    size = _QUERIES * max(1, _LEAVES // data.leaves)
    if data.leaves > _MANY_LEAVES:
        size = min(size, max(64, number // 8))
    blocks = [slice(a, min(a + size, number)) for a in range(0, number, size)]
    return each(work, blocks, n_jobs if number * len(data) > _WORTH_A_POOL else 1)


def _best_block(
    data: Points, queries: Points, block: slice, *, k: int, want: int, sign: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest (`sign` 1) or farthest (-1) rows for one block of queries, best first."""
    q, norms = _query(queries, block)
    tour = _Tour(data, q, norms, first=max(2, -(-want // LEAF)), sign=sign)
    # The best scores so far that are surely reached, the least of them first.
    best = np.full((len(q), want), -np.inf, dtype=q.dtype)
    found: list[tuple[np.ndarray, ...]] = []
    for leaves in tour.leaves():
        scores = tour.scores(q, leaves)
        slack = data.slack(norms, data.reach[leaves].max()).astype(q.dtype)
        # What stays below the least by more than the slack is surely not among the best.
        rows, part = _reaching(scores, best[:, 0] - slack)
        peaks, room = _peaks(part, want), slack[rows]
        better = _largest(np.concatenate([best[rows], peaks - room[:, None]], axis=1), want)
        best[rows] = better
        hit, column, score = _above(part, peaks, better[:, 0] - room)
        found.append((rows[hit], _positions(leaves, column), score + room[hit]))
        if sign > 0:
            tour.radius = float(np.sqrt(max(0.0, (norms**2 - 2 * best[:, 0]).max())))
    hit, position, upper = (np.concatenate(parts) for parts in zip(*found, strict=True))
    keep = (upper >= best[hit, 0]) & (position < len(data))
    rows = data.rows[position[keep]]
    return _decide(data.X, queries.rows[block], hit[keep], rows, k=k, sign=sign)


_tiles = threading.local()


def _tile(size: int, dtype: np.dtype) -> np.ndarray:
    """Room for the scores of one tile, the same for all tiles of a thread.

    Megabytes asked of the system anew for every tile cost as much as the product itself.
    """
    room = getattr(_tiles, "room", None)
    if room is None or room.nbytes < size * dtype.itemsize:
        room = _tiles.room = np.empty(size * dtype.itemsize, dtype=np.uint8)
    return room[: size * dtype.itemsize].view(dtype)


def _largest(scores: np.ndarray, want: int) -> np.ndarray:
    """The largest scores of each row, the least of them first."""
    return np.partition(scores, -want, axis=1)[:, -want:]


def _query(queries: Points, block: slice) -> tuple[np.ndarray, np.ndarray]:
    """Query rows with a last column of one, and their norms."""
    q = queries.packed[block].copy()
    q[:, -1] = 1
    return q, np.sqrt(queries.squares[block])


def _reaching(scores: np.ndarray, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows whose largest score reaches the limit, and their scores."""
    rows = np.flatnonzero(scores.max(axis=1) >= limit)
    return rows, scores if rows.size == len(scores) else scores[rows]


def _peaks(scores: np.ndarray, want: int) -> np.ndarray:
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


def _above(
    scores: np.ndarray, peaks: np.ndarray, limit: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, column and value of the scores that reach the limit of their row."""
    groups = peaks.shape[1]
    row, group = np.nonzero(peaks >= limit[:, None])
    cells = scores.reshape(len(scores), scores.shape[1] // groups, groups)[row, :, group]
    which, within = np.nonzero(cells >= limit[row, None])
    return row[which], within * groups + group[which], cells[which, within]


def _positions(leaves: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Positions in the points of tile columns."""
    leaf, within = np.divmod(column, LEAF)
    return leaves[leaf] * LEAF + within


def _decide(
    X: np.ndarray, rows: np.ndarray, hit: np.ndarray, found: np.ndarray, *, k: int, sign: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k best among the candidate pairs, by float64 distance, then by row number."""
    other = found != rows[hit]
    hit, found = hit[other], found[other]
    squared = distances(X, rows[hit], found)
    order = np.lexsort((found, sign * squared, hit))
    hit, found, squared = hit[order], found[order], squared[order]
    rank = np.arange(hit.size) - np.searchsorted(hit, hit, side="left")
    top = rank < k
    out_squared = np.full((len(rows), k), np.inf)
    out_rows = np.full((len(rows), k), -1)
    out_squared[hit[top], rank[top]] = squared[top]
    out_rows[hit[top], rank[top]] = found[top]
    return out_squared, out_rows


class _Tour:
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
        most = max(_LEAVES, _LEAVES * _QUERIES // self._queries)
        while left.size:
            yield left[:size]
            left = left[size:]
            if np.isfinite(self.radius):
                left = left[self._bound[left] <= self.radius * (1 + 1e-6)]
            size = min(max(_LEAVES, 2 * size), most)

    def scores(self, q: np.ndarray, leaves: np.ndarray) -> np.ndarray:
        """Scores of every query with every row of the given leaves, larger is better."""
        by_leaf = self._data.packed.reshape(self._data.leaves, LEAF, -1)
        columns = leaves.size * LEAF
        scores = _tile(len(q) * columns, q.dtype).reshape(len(q), columns)
        np.matmul(q, by_leaf[leaves].reshape(columns, -1).T, out=scores)
        if self._sign < 0:
            np.negative(scores, out=scores)
            scores[:, _positions(leaves, np.arange(scores.shape[1])) >= len(self._data)] = -np.inf
        return scores


def enough_nearer(
    data: Points,
    queries: Points,
    squared: np.ndarray,
    rows: np.ndarray,
    *,
    need: int,
    n_jobs: int | None = None,
) -> np.ndarray:
    """Whether at least `need` rows of `data` are nearer to each query than a given row is.

    Args:
        squared, rows: squared distance and row number of that row, shape (len(queries),).
    Returns: booleans in the order of `queries.rows`.

    Most queries are settled by a look at a few leaves around them; the rest see every leaf in
    reach, until they are settled.
    """
    data = data.without_spare_twins(need + 1)
    answer = np.zeros(len(queries), dtype=bool)
    left = np.arange(len(queries))
    for look in _LOOKS:
        if not left.size or (look > _LOOKS[0] and data.leaves <= 2 * look):
            break
        part = queries.subset(left)
        work = partial(_surely_enough, data, part, squared=squared[left], need=need, look=look)
        answer[left] = np.concatenate(_by_block(work, data, part, n_jobs))
        left = left[~answer[left]]
    if left.size:
        part = queries.subset(left)
        work = partial(_enough_block, data, part, squared=squared[left], rows=rows[left], need=need)
        answer[left] = np.concatenate(_by_block(work, data, part, n_jobs))
    return answer


def _radius_scores(queries: Points, block: slice, squared: np.ndarray) -> np.ndarray:
    """The score that a row at the given squared distance has, in float64."""
    factor = queries.scaling.factor
    return (queries.squares[block] - squared[block] * factor * factor) / 2


def _surely_enough(
    data: Points, queries: Points, block: slice, *, squared: np.ndarray, need: int, look: int
) -> np.ndarray:
    q, norms = _query(queries, block)
    at = _radius_scores(queries, block, squared)
    counts = np.zeros(len(q), dtype=np.int64)
    tour = _Tour(data, q, norms, first=min(look, _LEAVES))
    for leaves in islice(tour.leaves(), -(-look // _LEAVES)):
        scores = tour.scores(q, leaves)
        sure = (at + data.slack(norms, data.reach[leaves].max())).astype(q.dtype)
        rows, part = _reaching(scores, sure)
        # Bytes add up several times faster than booleans.
        counts[rows] += (part > sure[rows, None]).view(np.uint8).sum(axis=1, dtype=np.uint16)
    # One more than needed, as the query itself may be among them.
    return counts > need


def _enough_block(
    data: Points,
    queries: Points,
    block: slice,
    *,
    squared: np.ndarray,
    rows: np.ndarray,
    need: int,
) -> np.ndarray:
    q, norms = _query(queries, block)
    own = queries.rows[block]
    scores_at_radius = _radius_scores(queries, block, squared)
    counts = np.zeros(len(q), dtype=np.int64)
    alive = np.arange(len(q))
    unsure: list[tuple[np.ndarray, np.ndarray]] = []
    tour = _Tour(data, q, norms, first=_LEAVES)
    for leaves in tour.leaves():
        slack = data.slack(norms[alive], data.reach[leaves].max())
        at = scores_at_radius[alive]
        scores = tour.scores(q[alive], leaves)
        limit = (at - slack).astype(q.dtype)
        rows_in_reach, part = _reaching(scores, limit)
        hit, column, score = _above(part, _peaks(part, 1), limit[rows_in_reach])
        hit = rows_in_reach[hit]
        position = _positions(leaves, column)
        real = position < len(data)
        found = data.rows[position[real]]
        hit, score = hit[real], score[real]
        other = found != own[alive[hit]]
        hit, score, found = hit[other], score[other], found[other]
        sure = score > (at + slack).astype(q.dtype)[hit]
        counts += np.bincount(alive[hit[sure]], minlength=len(q))
        unsure.append((alive[hit[~sure]], found[~sure]))
        alive = alive[counts[alive] < need]
        if not alive.size:
            break
        tour.radius = float(np.sqrt(squared[block][alive].max())) * data.scaling.factor
    hit, found = (np.concatenate(parts) for parts in zip(*unsure, strict=True))
    open_ = counts[hit] < need
    hit, found = hit[open_], found[open_]
    between = distances(data.X, own[hit], found)
    limit, limit_row = squared[block][hit], rows[block][hit]
    nearer = (between < limit) | ((between == limit) & (found < limit_row))
    counts += np.bincount(hit[nearer], minlength=len(q))
    return counts >= need
