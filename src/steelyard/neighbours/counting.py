"""Whether enough rows are nearer than a given one: exact, and seldom a look at all of them."""

from functools import partial
from itertools import islice

import numpy as np

from steelyard.neighbours.points import Points
from steelyard.neighbours.selection import above, peaks
from steelyard.neighbours.tiles import LEAVES, Tour, by_block, positions, query

# How many leaves around them queries look at before those left are gathered in new blocks: a tile
# of few rows costs nearly as much as a full one.
_LOOKS = (2, 16)
# Groups of rows are counted, not rows: with so many wanted few groups have two of them.
_ROOM = 8


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
    data = data.without_spare_duplicates(need + 1)
    answer = np.zeros(len(queries), dtype=bool)
    left = np.arange(len(queries))
    for look in _LOOKS:
        if not left.size or (look > _LOOKS[0] and data.leaves <= 2 * look):
            break
        part = queries.subset(left)
        work = partial(_surely_enough, data, part, squared=squared[left], need=need, look=look)
        answer[left] = np.concatenate(by_block(work, data, part, n_jobs))
        left = left[~answer[left]]
    if left.size:
        part = queries.subset(left)
        work = partial(_enough_block, data, part, squared=squared[left], rows=rows[left], need=need)
        answer[left] = np.concatenate(by_block(work, data, part, n_jobs))
    return answer


def _radius_scores(queries: Points, block: slice, squared: np.ndarray) -> np.ndarray:
    """The score that a row at the given squared distance has, in float64."""
    factor = queries.scaling.factor
    return (queries.squares[block] - squared[block] * factor * factor) / 2


def _surely_enough(
    data: Points, queries: Points, block: slice, *, squared: np.ndarray, need: int, look: int
) -> np.ndarray:
    q, norms = query(queries, block)
    at = _radius_scores(queries, block, squared)
    counts = np.zeros(len(q), dtype=np.int64)
    tour = Tour(data, q, norms, first=min(look, LEAVES))
    for leaves in islice(tour.leaves(), -(-look // LEAVES)):
        scores = tour.scores(q, leaves)
        sure = (at + data.slack(norms, data.reach[leaves].max())).astype(q.dtype)
        counts += _groups_above(peaks(scores, need + _ROOM), sure)
    # One more than needed, as the query itself may be among them.
    return counts > need


def _groups_above(top: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """In how many groups of rows a score of each query is above its limit: a row each at least."""
    # Bytes add up several times faster than booleans.
    return (top > limit).view(np.uint8).sum(axis=0, dtype=np.uint16)


def _enough_block(
    data: Points,
    queries: Points,
    block: slice,
    *,
    squared: np.ndarray,
    rows: np.ndarray,
    need: int,
) -> np.ndarray:
    q, norms = query(queries, block)
    own = queries.rows[block]
    scores_at_radius = _radius_scores(queries, block, squared)
    counts = np.zeros(len(q), dtype=np.int64)
    alive = np.arange(len(q))
    unsure: list[tuple[np.ndarray, np.ndarray]] = []
    tour = Tour(data, q, norms, first=LEAVES)
    for leaves in tour.leaves():
        slack = data.slack(norms[alive], data.reach[leaves].max())
        at = scores_at_radius[alive]
        scores = tour.scores(q[alive], leaves)
        sure = (at + slack).astype(q.dtype)
        top = peaks(scores, need + _ROOM)
        # Most have enough in one tile, and need no list of them; one more may be itself.
        counts[alive] += np.where(_groups_above(top, sure) > need, need, 0)
        limit = np.where(counts[alive] < need, at - slack, np.inf).astype(q.dtype)
        hit, row, score = above(scores, top, limit, need + _ROOM)
        position = positions(leaves, row)
        real = position < len(data)
        found = data.rows[position[real]]
        hit, score = hit[real], score[real]
        other = found != own[alive[hit]]
        hit, score, found = hit[other], score[other], found[other]
        surely = score > sure[hit]
        counts += np.bincount(alive[hit[surely]], minlength=len(q))
        unsure.append((alive[hit[~surely]], found[~surely]))
        alive = alive[counts[alive] < need]
        if not alive.size:
            break
        tour.queries = alive.size
        tour.radius = float(np.sqrt(squared[block][alive].max())) * data.scaling.factor
    hit, found = (np.concatenate(parts) for parts in zip(*unsure, strict=True))
    open_ = counts[hit] < need
    hit, found = hit[open_], found[open_]
    between = data.distances(own[hit], found)
    limit, limit_row = squared[block][hit], rows[block][hit]
    nearer = (between < limit) | ((between == limit) & (found < limit_row))
    counts += np.bincount(hit[nearer], minlength=len(q))
    return counts >= need
