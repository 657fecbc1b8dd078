"""The exact nearest and farthest rows of packed points.

The tie rule, here and in every sampler: a row is never its own neighbour, by row number and not by
distance; of rows at the same distance the one with the lower row number is nearer.
"""

from functools import partial

import numpy as np

from steelyard.neighbours.ordering import LEAF
from steelyard.neighbours.points import Points
from steelyard.neighbours.ranking import best_of
from steelyard.neighbours.selection import above, largest, peaks
from steelyard.neighbours.tiles import Tour, by_block, positions, query


def nearest(
    data: Points, queries: Points, k: int, n_jobs: int | None = None, *, apart: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest rows of `data` for each row of `queries`, nearest first.

    `apart` promises that no row of `queries` is in `data`, which saves looking for itself.
    Returns: squared distances and row numbers, each of shape (len(queries), k), in the order of
        `queries.rows`; where `data` has too few rows, infinity and -1.
    """
    data = data.without_spare_duplicates(k + 1)
    work = partial(_best_block, data, queries, k=k, want=k + (not apart), sign=1)
    parts = by_block(work, data, queries, n_jobs)
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def farthest(
    data: Points, queries: Points, k: int, n_jobs: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The k farthest rows of `data` for each row of `queries`, nearest of them first.

    Returns: as `nearest`; of rows at the same distance the ones with lower numbers are taken.
    """
    data = data.without_spare_duplicates(k + 1)
    work = partial(_best_block, data, queries, k=k, want=k + 1, sign=-1)
    parts = by_block(work, data, queries, n_jobs)
    return (
        np.concatenate([p[0][:, ::-1] for p in parts]),
        np.concatenate([p[1][:, ::-1] for p in parts]),
    )


def _best_block(
    data: Points, queries: Points, block: slice, *, k: int, want: int, sign: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest (`sign` 1) or farthest (-1) rows for one block of queries, best first."""
    q, norms = query(queries, block)
    tour = Tour(data, q, norms, first=max(2, -(-want // LEAF)), sign=sign)
    # The best scores so far that are surely reached, the least of them first.
    best = np.full((want, len(q)), -np.inf, dtype=q.dtype)
    found: list[tuple[np.ndarray, ...]] = []
    for leaves in tour.leaves():
        scores = tour.scores(q, leaves)
        slack = data.slack(norms, data.reach[leaves].max()).astype(q.dtype)
        top = peaks(scores, want)
        best = largest(np.concatenate([best, top - slack]), want)
        # What stays below the least by more than the slack is surely not among the best.
        hit, row, score = above(scores, top, best[0] - slack, want)
        found.append((hit, positions(leaves, row), score + slack[hit]))
        if sign > 0:
            tour.radius = float(np.sqrt(max(0.0, (norms**2 - 2 * best[0]).max())))
    hit, position, upper = (np.concatenate(parts) for parts in zip(*found, strict=True))
    keep = (upper >= best[0, hit]) & (position < len(data))
    rows, own, hit = data.rows[position[keep]], queries.rows[block], hit[keep]
    other = rows != own[hit]
    rows, hit = rows[other], hit[other]
    squared = data.distances(own[hit], rows)
    return best_of(squared, hit, rows, queries=len(own), k=k, sign=sign)
