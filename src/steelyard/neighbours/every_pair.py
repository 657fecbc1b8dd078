"""The nearest or farthest rows by a look at every pair, where laying rows out would take longer.

Scores of a fast type choose the pairs that can matter, distances in float64 decide; see `scaling`.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import DTypeLike

from steelyard.neighbours.ranking import best_of
from steelyard.neighbours.room import room_for
from steelyard.neighbours.scaling import Scaling, distances, error_factor, rough_scaling
from steelyard.neighbours.selection import above, largest, peaks
from steelyard.neighbours.threads import each

# Rows and pairs of a tile of scores: 2 MB of float32, a core's cache.
_ROWS, _PAIRS = 4096, 2**19
# With so many close calls for each wanted row, scores tell too little to be worth their time.
_CLOSE_CALLS = 16
# Fewer pairs than this are done before a pool of threads has started.
_WORTH_A_POOL = 2**22

Found = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Categories:
    """Columns of categories beside the numbers: each that differs adds to the squared distance.

    Attributes:
        codes: numbers of levels, shape (rows, columns). cost: what a difference adds.
    """

    codes: np.ndarray
    cost: float


@dataclass(frozen=True)
class _Table:
    numbers: np.ndarray
    categories: Categories | None

    def distances(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Squared distance of row pairs, exactly."""
        squared = distances(self.numbers, first, second)
        if self.categories is not None:
            codes, cost = self.categories.codes, self.categories.cost
            squared += cost * (codes[first] != codes[second]).sum(axis=1)
        return squared


@dataclass(frozen=True)
class _Factors:
    """Rows asked about and rows that ask, as factors of a product that gives scores.

    Attributes:
        left: (among, columns + 1). right: (columns + 1, asking). slack: of each query's scores.
        codes: pairs of the levels of a category, of either. loss: what each that differs costs.
    """

    left: np.ndarray
    right: np.ndarray
    slack: np.ndarray
    codes: list[tuple[np.ndarray, np.ndarray]]
    loss: np.floating

    def scores(self, rows: slice, block: slice) -> np.ndarray:
        """Scores of rows, down, with queries; the larger, the better."""
        left, right = self.left[rows], self.right[:, block]
        scores = np.matmul(left, right, out=room_for((len(left), right.shape[1]), left.dtype))
        if self.codes:
            # Whole numbers of a byte add up several times faster than floats.
            differ = np.zeros(scores.shape, dtype=np.min_scalar_type(len(self.codes)))
            for here, there in self.codes:
                differ += here[rows, None] != there[block]
            scores -= self.loss * differ
        return scores


def best_rows(
    X: np.ndarray,
    among: np.ndarray,
    asking: np.ndarray,
    k: int,
    *,
    sign: int = 1,
    apart: bool = False,
    categories: Categories | None = None,
    dtype: DTypeLike = np.float32,
    patient: bool = False,
    n_jobs: int | None = None,
) -> Found | None:
    """The k nearest (`sign` 1) or farthest (-1) of some rows of `X` for each of some others.

    Args:
        among, asking: row numbers; `apart` promises that no row is in both.
        dtype: type of the scores.
        patient: whether to go on where scores leave many candidates.
    Returns: squared distances and row numbers, each of shape (len(asking), k), best first; a row
        never finds itself; infinity and -1 where there are too few rows. None where numbers do
        not fit the type, or where scores leave many candidates.
    """
    table = _Table(X, categories)
    factors = _factors(table, among, asking, rough_scaling(X, dtype), sign)
    if factors is None:
        return None
    size = min(2**15, max(1, _PAIRS // min(_ROWS, len(among))))
    blocks = [slice(a, min(a + size, len(asking))) for a in range(0, len(asking), size)]
    want = k + (not apart)
    most = len(among) if patient else _CLOSE_CALLS * want
    candidates = partial(_candidates, factors, want=want, most=most)

    def best(block: slice) -> Found | None:
        pairs = candidates(block)
        if pairs is None:
            return None
        own, (hit, row) = asking[block], pairs
        other = among[row] != own[hit]
        hit, row = hit[other], among[row[other]]
        squared = table.distances(own[hit], row)
        return best_of(squared, hit, row, queries=len(own), k=k, sign=sign)

    parts = each(best, blocks, n_jobs if len(among) * len(asking) > _WORTH_A_POOL else 1)
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    return np.concatenate([p[0] for p in found]), np.concatenate([p[1] for p in found])


def _factors(
    table: _Table, among: np.ndarray, asking: np.ndarray, scaling: Scaling, sign: int
) -> _Factors | None:
    """The factors, or None where numbers are too large for the type."""
    X, dtype = table.numbers, scaling.dtype.type
    with np.errstate(over="ignore", invalid="ignore"):
        (left, squares), (right, own) = (_packed(X, rows, scaling) for rows in (among, asking))
        left[:, -1], right[:, -1] = squares / -2, sign
        right[:, :-1] *= sign
        longest = np.sqrt(max(squares.max(initial=0), own.max(initial=0)))
        if not np.isfinite(dtype(longest**2)):
            return None
    slack = error_factor(X.shape[1], scaling) * (np.sqrt(own) + longest) ** 2
    codes, loss = [], 0.0
    if table.categories is not None:
        levels = table.categories.codes.T
        codes = [(level[among], level[asking]) for level in levels]
        loss = sign * table.categories.cost * scaling.factor**2 / 2
        # The loss, its multiple, the difference and thresholds are rounded to the packed type.
        slack += 8 * scaling.unit * len(levels) * abs(loss)
    return _Factors(left, right.T, slack.astype(dtype), codes, dtype(loss))


def _packed(X: np.ndarray, rows: np.ndarray, scaling: Scaling) -> tuple[np.ndarray, np.ndarray]:
    """Rows with room for one more column, and their squared norms in float64."""
    packed = np.empty((len(rows), X.shape[1] + 1), dtype=scaling.dtype)
    inside = packed[:, :-1]
    inside[:] = scaling.pack(X, rows)
    return packed, np.einsum("ij,ij->i", inside, inside, dtype=np.float64)


def _candidates(factors: _Factors, block: slice, *, want: int, most: int) -> Found | None:
    """Queries of a block and rows that may be among their best, at most so many for each."""
    slack = factors.slack[block]
    queries = len(slack)
    best = np.empty((0, queries), dtype=slack.dtype)
    limit = np.full(queries, -np.inf, dtype=slack.dtype)
    found: list[tuple[np.ndarray, ...]] = []
    for start in range(0, len(factors.left), _ROWS):
        scores = factors.scores(slice(start, start + _ROWS), block)
        top = peaks(scores, want)
        best = np.concatenate([best, top])
        if len(best) >= want:
            best = largest(best, want)
            # Both the last of the best and what is held against it may be off.
            limit = best[0] - 2 * slack
        hit, row, score = above(scores, top, limit, want)
        found.append((hit, row + start, score))
        if hit.size > most * max(queries, 64):
            return None
    hit, row, score = (np.concatenate(parts) for parts in zip(*found, strict=True))
    keep = score >= limit[hit]
    return hit[keep], row[keep]
