"""Whether enough rows are nearer than a given one: exact, and seldom a look at all of them."""

from functools import partial

import numpy as np

from steelyard.neighbours.leaves import leaves_around
from steelyard.neighbours.points import Points
from steelyard.neighbours.room import product
from steelyard.neighbours.selection import above, peaks
from steelyard.neighbours.threads import each
from steelyard.neighbours.tiles import LEAVES, Tour, by_block, positions, query

# How many leaves are looked at together with the rows beside a query, then around each alone.
_FIRST, _LOOKS = 2, (8, 32)
# Groups of rows are counted, not rows: with so many wanted few groups have two of them.
_ROOM = 8


def surely_enough(
    data: Points,
    queries: Points,
    squared: np.ndarray,
    *,
    need: int,
    n_jobs: int | None = None,
) -> np.ndarray:
    """Whether at least `need` rows of `data` are seen to be nearer than a given distance.

    A look at a few leaves settles most queries: at first all queries of a block look at the same
    ones, then each of those left at its own, which are several times as likely to hold near rows.

    Args:
        squared: squared distance, shape (len(queries),).
    Returns: booleans in the order of `queries.rows`; what is not seen may still be so.
    """
    data = data.without_spare_duplicates(need + 1)
    work = partial(_first_look, data, queries, squared=squared, need=need)
    answer = np.concatenate(by_block(work, data, queries, n_jobs))
    for look in _LOOKS:
        left = np.flatnonzero(~answer)
        if not left.size or data.leaves <= 2 * look:
            break
        answer[left] = _look_around(
            data, queries.subset(left), squared[left], need=need, look=look, n_jobs=n_jobs
        )
    return answer


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

    """
    answer = surely_enough(data, queries, squared, need=need, n_jobs=n_jobs)
    left = np.flatnonzero(~answer)
    if left.size:
        answer[left] = enough_in_reach(
            data, queries.subset(left), squared[left], rows[left], need=need, n_jobs=n_jobs
        )
    return answer


def enough_in_reach(
    data: Points,
    queries: Points,
    squared: np.ndarray,
    rows: np.ndarray,
    *,
    need: int,
    n_jobs: int | None = None,
) -> np.ndarray:
    """`enough_nearer` for queries that `surely_enough` left: they see every leaf in reach."""
    data = data.without_spare_duplicates(need + 1)
    work = partial(_enough_block, data, queries, squared=squared, rows=rows, need=need)
    return np.concatenate(by_block(work, data, queries, n_jobs))


def _radius_scores(queries: Points, block: slice, squared: np.ndarray) -> np.ndarray:
    """The score that a row at the given squared distance has, in float64."""
    factor = queries.scaling.factor
    return (queries.squares[block] - squared[block] * factor * factor) / 2


def _first_look(
    data: Points, queries: Points, block: slice, *, squared: np.ndarray, need: int
) -> np.ndarray:
    q, norms = query(queries, block)
    tour = Tour(data, q, norms, first=_FIRST)
    leaves = next(tour.leaves())
    sure = _radius_scores(queries, block, squared) + data.slack(norms, data.reach[leaves].max())
    top = peaks(tour.scores(q, leaves), need + _ROOM)
    # One more than needed, as the query itself may be among them.
    return _groups_above(top, sure.astype(q.dtype)) > need


def _look_around(
    data: Points,
    queries: Points,
    squared: np.ndarray,
    *,
    need: int,
    look: int,
    n_jobs: int | None,
) -> np.ndarray:
    which, parts = leaves_around(data, queries, look, n_jobs)
    at = _radius_scores(queries, slice(None), squared)
    norms = np.sqrt(queries.squares)

    def count(part: tuple[int, slice]) -> np.ndarray:
        leaf, asking = part[0], which[part[1]]
        q = np.ascontiguousarray(queries.packed[asking].T)
        q[-1] = 1
        sure = (at[asking] + data.slack(norms[asking], data.reach[leaf])).astype(q.dtype)
        return _groups_above(peaks(product(data.leaf(leaf), q), need + _ROOM), sure)

    found = np.concatenate(each(count, parts, n_jobs))
    return np.bincount(which, weights=found, minlength=len(queries)) > need


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
    counts = np.zeros(q.shape[1], dtype=np.int64)
    alive = np.arange(q.shape[1])
    unsure: list[tuple[np.ndarray, np.ndarray]] = []
    tour = Tour(data, q, norms, first=LEAVES)
    for leaves in tour.leaves():
        slack = data.slack(norms[alive], data.reach[leaves].max())
        at = scores_at_radius[alive]
        scores = tour.scores(np.take(q, alive, axis=1), leaves)
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
        counts += np.bincount(alive[hit[surely]], minlength=q.shape[1])
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
    counts += np.bincount(hit[nearer], minlength=q.shape[1])
    return counts >= need
