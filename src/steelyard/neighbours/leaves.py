"""Which leaves each query looks at: those whose means are nearest to it."""

from functools import partial

import numpy as np

from steelyard.neighbours.ordering import LEAF
from steelyard.neighbours.points import Points
from steelyard.neighbours.room import product
from steelyard.neighbours.threads import each

# Queries scored together with all means, and queries that visit a leaf together.
_BLOCK, _VISITS = 512, 1024


def leaves_around(
    data: Points, queries: Points, look: int, n_jobs: int | None = None
) -> tuple[np.ndarray, list[tuple[int, slice]]]:
    """The `look` leaves of `data` around each query, leaf by leaf.

    Returns: positions of queries, and for runs of them the leaf that they visit.
    """
    means = _means(data)
    blocks = [slice(first, first + _BLOCK) for first in range(0, len(queries), _BLOCK)]
    found = each(partial(_nearest_means, means, queries, look=look), blocks, n_jobs)
    which, leaf = (np.concatenate(parts) for parts in zip(*found, strict=True))
    which = which[np.argsort(leaf, kind="stable")]
    ends = np.cumsum(np.bincount(leaf, minlength=data.leaves))
    starts = np.concatenate([[0], ends[:-1]])
    parts = [
        (number, slice(first, min(first + _VISITS, stop)))
        for number, (start, stop) in enumerate(zip(starts, ends, strict=True))
        for first in range(start, stop, _VISITS)
    ]
    return which, parts


def _means(data: Points) -> np.ndarray:
    """The mean of each leaf as a packed row, in columns: shape (columns + 1, leaves)."""
    by_leaf = data.packed.reshape(data.leaves, LEAF, -1)
    means = by_leaf.sum(axis=1)
    means[:-1] /= LEAF
    means[-1] /= len(data) - (data.leaves - 1) * LEAF  # rows that fill up the last leaf are zero
    means[:, -1] = np.square(means[:, :-1]).sum(axis=1) / -2
    return np.ascontiguousarray(means.T)


def _nearest_means(
    means: np.ndarray, queries: Points, block: slice, *, look: int
) -> tuple[np.ndarray, np.ndarray]:
    q = queries.packed[: len(queries)][block].copy()
    q[:, -1] = 1
    scores = product(q, means)
    last = np.partition(scores, -look, axis=1)[:, -look, None]
    query, leaf = np.divmod(np.flatnonzero(scores >= last), scores.shape[1])
    return query + block.start, leaf.astype(np.uint16 if scores.shape[1] < 2**16 else np.int64)
