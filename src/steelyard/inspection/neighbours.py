"""Exact nearest neighbours of a few rows among all rows, without an index."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from steelyard.inspection.space import Space

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
# The best so far of each query, shape (queries, k): row numbers and squared distances.
Best = tuple[Rows, Floats]

TILE = 8192  # rows compared at a time: 256 queries x 8,192 rows of float32 stay in the cache
BLOCK = 256  # queries at a time, which bounds the memory of ties
MOST_THREADS = 8


def nearest(
    space: Space, queries: Rows, k: int, progress: Callable[[float], None] | None = None
) -> Rows:
    """Row numbers of the k nearest other rows of each query, nearest first.

    A query is left out by its row number, so an exact copy of it counts as a neighbour. Among
    equal distances the lower row number comes first.

    Args:
        space: the rows as points.
        queries: row numbers, shape (queries,).
        k: neighbours wanted; fewer are returned where the table has fewer other rows.
        progress: called with the share of the work done.
    Returns: shape (queries, min(k, rows - 1)).
    """
    k = min(k, space.rows - 1)
    out = np.empty((len(queries), k), dtype=np.int64)
    threads = min(MOST_THREADS, os.cpu_count() or 1, -(-space.rows // (4 * TILE)))
    # The products of one tile are too small to be worth BLAS' own threads.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(queries), BLOCK):
            block = queries[start : start + BLOCK]
            out[start : start + BLOCK] = _nearest_of_block(space, block, k, threads, pool.map)
            if progress:
                progress(min(1.0, (start + BLOCK) / len(queries)))
    return out


def _nearest_of_block(
    space: Space, queries: Rows, k: int, spans: int, each: Callable[..., Iterable[Best]]
) -> Rows:
    """One block of queries against the table in as many spans as there are threads."""
    screen = Screen(space, queries)
    bound = screen.pilot_bound(k)
    edges = np.linspace(0, space.rows, spans + 1).astype(int)
    parts = each(partial(_search, screen, k, bound), edges[:-1], edges[1:])
    best = _nothing(space, len(queries), k)
    for found, distance in parts:
        which = np.repeat(np.arange(len(queries)), k)
        best = _merge(best, which, found.ravel(), distance.ravel())
    return best[0]


class Screen:
    """Squared distances to float32 rounding, which sort out rows that cannot be near enough.

    What is left is decided by float64 differences.
    """

    def __init__(self, space: Space, queries: Rows) -> None:
        points = space.points(queries)
        self.space, self.queries = space, queries
        self.lengths = np.square(points).sum(axis=0, dtype=np.float64)
        self.doubled = np.vstack([-2 * points, np.ones((1, len(queries)), np.float32)]).T
        # Rounding of |b|^2 - 2ab, twice (bound and row), for a b as near to a as the bound.
        self.unit = np.finfo(np.float32).eps * (len(space.columns) + 8)

    def excess(self, rows: slice) -> NDArray[np.float32]:
        """Squared distance less |a|^2, shape (queries, rows), as one matrix product."""
        points = self.space.points(rows)
        return self.doubled @ np.vstack([points, np.square(points).sum(axis=0)])

    def limit(self, bound: Floats) -> NDArray[np.float32]:
        """The excess up to which a row may be nearer than the square root of the bound."""
        slack = self.unit * (3 * self.lengths + 2 * np.where(np.isfinite(bound), bound, 0.0))
        return (bound + slack - self.lengths).astype(np.float32)

    def pilot_bound(self, k: int) -> Floats:
        """A first upper bound of the k-th squared distance, from rows spread over the table.

        It keeps the candidates few from the first tile on, also where the file is sorted.
        """
        pilot = self.excess(slice(None, None, max(1, self.space.rows // TILE)))
        if pilot.shape[1] <= k:
            return np.full(len(self.queries), np.inf)
        # The query may be in the pilot itself, hence the (k + 1)-th.
        return np.maximum(np.partition(pilot, k, axis=1)[:, k] + self.lengths, 0.0)


def _search(screen: Screen, k: int, bound: Floats, first: int, end: int) -> Best:
    """The k nearest of each query among the rows from `first` to before `end`."""
    best = _nothing(screen.space, len(screen.queries), k)
    for start in range(first, end, TILE):
        excess = screen.excess(slice(start, min(start + TILE, end)))
        hits = np.flatnonzero(excess <= screen.limit(bound)[:, None])
        which, row = np.divmod(hits, excess.shape[1])
        row += start
        others = row != screen.queries[which]
        if others.any():
            which, row = which[others], row[others]
            exact = screen.space.squared_distances(screen.queries[which], row)
            best = _merge(best, which, row, exact)
            # Rows come in ascending order, so nothing later can replace k exact copies.
            kth = best[1][:, -1]
            bound = np.minimum(bound, np.where(kth == 0, -np.inf, kth))
    return best


def _nothing(space: Space, queries: int, k: int) -> Best:
    return np.full((queries, k), space.rows, dtype=np.int64), np.full((queries, k), np.inf)


def _merge(best: Best, which: Rows, row: Rows, exact: Floats) -> Best:
    """The k best of those found so far and the new ones, per query."""
    found, distance = best
    queries, k = found.shape
    which = np.concatenate([np.repeat(np.arange(queries), k), which])
    row = np.concatenate([found.ravel(), row])
    exact = np.concatenate([distance.ravel(), exact])
    order = np.lexsort((row, exact, which))
    first = np.searchsorted(which[order], np.arange(queries))
    chosen = order[first[:, None] + np.arange(k)]
    return row[chosen], exact[chosen]
