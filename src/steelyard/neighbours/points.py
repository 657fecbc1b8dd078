"""A set of rows packed for the search: in leaves with a box around each."""

from dataclasses import dataclass

import numpy as np

from steelyard.neighbours.columns import Matrix
from steelyard.neighbours.ordering import LEAF, spatial_order
from steelyard.neighbours.scaling import Scaling, distances, error_factor

# Rows looked at for equal ones, and the share of spare ones from which on they are put aside.
_SAMPLE, _DUPLICATES = 2048, 0.02
# Padding of the last leaf: a score that no threshold lets pass.
_NOWHERE = -1e30
BLOCK = 16  # leaves of rows that are laid out together


@dataclass
class Points:
    """A set of rows in spatial order, cut in leaves of `LEAF` rows with a box around each.

    Attributes:
        X: the table that the rows belong to, shape (n, d).
        rows: row numbers in `X`, in leaf order, shape (m,).
        packed: rows with -|y|^2 / 2 as last column, padded to whole leaves, (leaves * LEAF, d + 1).
        squares: |y|^2 of the packed rows in float64, shape (m,).
        low, high: corners of the boxes, shape (leaves, d).
        reach: largest |y| in each leaf, shape (leaves,).
    """

    X: Matrix
    scaling: Scaling
    rows: np.ndarray
    packed: np.ndarray
    squares: np.ndarray
    low: np.ndarray
    high: np.ndarray
    reach: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def leaves(self) -> int:
        return len(self.low)

    def subset(self, keep: np.ndarray) -> "Points":
        """The rows at the given positions (ascending, or a mask), still in spatial order."""
        positions = np.flatnonzero(keep) if keep.dtype == bool else keep
        if positions.size == len(self):
            return self
        return _cut(self.X, self.scaling, self.rows, self.packed, positions)

    def without_spare_duplicates(self, most: int) -> "Points":
        """These points with at most `most` of equal rows, the ones with the lowest numbers.

        Who looks for k neighbours and breaks ties by row number never gets to more than k + 1 of
        equal rows, itself included. Where a table has few different rows the others would only be
        compared with each other. Looked into only where a sample shows that it pays.
        """
        if len(self) <= 4 * LEAF:
            return self
        rng = np.random.default_rng(0)
        few = min(_SAMPLE, len(self))
        some = self.rows[rng.choice(len(self), few, replace=False, shuffle=False)]
        if len(np.unique(_hashes(self.X, some))) > (1 - _DUPLICATES) * len(some):
            return self
        hashes = _hashes(self.X, self.rows)
        order = np.lexsort((self.rows, hashes))
        start = np.flatnonzero(np.r_[True, np.diff(hashes[order]) != 0])
        first = np.repeat(start, np.diff(np.r_[start, len(order)]))
        rank = np.arange(len(order)) - first
        spare = rank > 0
        rows, leaders = self.rows[order[spare]], self.rows[order[first[spare]]]
        if self.distances(rows, leaders).any():
            return self  # two different rows of the same hash, once in a blue moon
        return self.subset(np.sort(order[rank < most]))

    def distances(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Squared distance of pairs of rows of the table, by their numbers; see `distances`."""
        return distances(self.X, first, second, self.scaling.scales)

    def slack(self, norms: np.ndarray, reach: float) -> np.ndarray:
        """Bound on the error of the scores of queries of these norms, shape (queries,)."""
        columns = self.packed.shape[1] - 1
        return error_factor(columns, self.scaling) * (norms + reach) ** 2


def make_points(X: Matrix, rows: np.ndarray, scaling: Scaling) -> Points:
    """Pack the given rows of `X`, in spatial order."""
    packed = scaling.pack(X, rows)
    return _cut(X, scaling, rows, packed, spatial_order(packed))


def _cut(
    X: Matrix, scaling: Scaling, rows: np.ndarray, packed: np.ndarray, order: np.ndarray
) -> Points:
    """Points at the given places of `rows` and `packed`, in that order."""
    number, columns = len(order), scaling.centre.size
    leaves = max(1, -(-number // LEAF))
    padded = np.zeros((leaves * LEAF, columns + 1), dtype=packed.dtype)
    squares = np.empty(number)
    low, high = (np.zeros((leaves, columns), dtype=packed.dtype) for _ in range(2))
    # Block by block: no second copy of all rows is made, and each is looked at while it is near.
    for start in range(0, number, BLOCK * LEAF):
        places = order[start : start + BLOCK * LEAF]
        inside = packed[places, :columns]
        here, leaf = slice(start, start + len(places)), slice(start // LEAF, start // LEAF + BLOCK)
        padded[here, :-1] = inside
        squares[here] = np.einsum("ij,ij->i", inside, inside, dtype=np.float64)
        low[leaf], high[leaf] = _by_leaf(inside, np.minimum), _by_leaf(inside, np.maximum)
    padded[:number, -1] = squares / -2
    padded[number:, -1] = _NOWHERE
    return Points(
        X=X,
        scaling=scaling,
        rows=rows[order],
        packed=padded,
        squares=squares,
        low=low,
        high=high,
        reach=np.sqrt(_by_leaf(squares, np.maximum)),
    )


def _by_leaf(values: np.ndarray, largest_or_least: np.ufunc) -> np.ndarray:
    """Reduce each leaf; whole leaves by axis, which is several times faster than `reduceat`."""
    whole = len(values) // LEAF * LEAF
    leaves = values[:whole].reshape(whole // LEAF, LEAF, *values.shape[1:])
    reduced = largest_or_least.reduce(leaves, axis=1)
    if whole == len(values):
        return reduced
    return np.concatenate([reduced, largest_or_least.reduce(values[whole:], axis=0, keepdims=True)])


def _hashes(X: Matrix, rows: np.ndarray) -> np.ndarray:
    """A 64-bit number for each of some rows of `X`, the same for equal rows."""
    rng = np.random.default_rng(0)
    columns = rng.integers(1, 2**63, X.shape[1], dtype=np.uint64) | np.uint64(1)
    out = np.empty(len(rows), dtype=np.uint64)
    for start in range(0, len(rows), 16 * LEAF):
        part = slice(start, start + 16 * LEAF)
        # Adding zero makes one of both zeros.
        cells = np.add(X[rows[part]], 0.0, dtype=np.float64)
        bits = np.ascontiguousarray(cells).view(np.uint64)
        # Low bits of round numbers are all zero, so high ones are folded in.
        out[part] = ((bits ^ (bits >> np.uint64(32))) * columns).sum(axis=1, dtype=np.uint64)
    return out
