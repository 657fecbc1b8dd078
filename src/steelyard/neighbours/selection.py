"""The largest scores of a tile, found by the largest of groups of its rows.

A tile has a column for each query: what is done to a row is done to all queries at once.
"""

import numpy as np

# Groups of rows for each wanted one, and rows in a group at most: a power of two that parts a leaf.
_GROUPS, _ROWS = 4, 64


def peaks(scores: np.ndarray, want: int) -> np.ndarray:
    """For each query the largest scores of groups of rows: several times as many as wanted.

    All groups have the same size, a power of two, but for the last, which has what is left.
    """
    rows, queries = scores.shape
    size = _group(rows, want)
    if size < 2:
        return scores
    whole = rows // size * size
    found = scores[:whole].reshape(-1, size, queries).max(axis=1)
    rest = scores[whole:]
    return np.concatenate([found, rest.max(axis=0, keepdims=True)]) if len(rest) else found


def above(
    scores: np.ndarray, found: np.ndarray, limit: np.ndarray, want: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Query, row and value of the scores that reach the limit of their query.

    Args:
        found: the `peaks` of these scores for as many wanted.
    """
    groups, queries = found.shape
    size = _group(len(scores), want)
    if len(scores) % size:  # the last group is smaller: a look at all scores
        row, query = np.divmod(np.flatnonzero(scores >= limit), queries)
        return query, row, scores[row, query]
    group, query = np.divmod(np.flatnonzero(found >= limit), queries)
    cells = scores.reshape(groups, size, queries)[group, :, query]
    which, within = np.divmod(np.flatnonzero(cells >= limit[query, None]), size)
    return query[which], group[which] * size + within, cells[which, within]


def largest(scores: np.ndarray, want: int) -> np.ndarray:
    """The largest scores of each query, the least of them first."""
    return np.partition(scores, -want, axis=0)[-want:]


def _group(rows: int, want: int) -> int:
    return min(_ROWS, 1 << max(0, (rows // (_GROUPS * want)).bit_length() - 1))
