"""Rows packed for exact neighbour search with matrix products.

A product of two blocks of rows gives, for every pair at once,

    score(x, y) = x.y - |y|^2 / 2 = (|x|^2 - distance(x, y)^2) / 2,

so a larger score is a smaller distance. In float32 that is fast and slightly wrong. The error has
a bound, `slack`; scores only choose which pairs can matter, and the distances of those pairs are
then computed in float64 from the rows as they came (`distances`). Nothing else decides.

The bound. Rows are moved to their mean and scaled by a power of two, which leaves the order of
distances alone. Let u be the unit roundoff of the packed type, v that of float64, d the number of
columns. A sum of d + 1 products in any order, fused or not, is off by (d + 1) u times the sum of
their sizes (to first order: Higham, "Accuracy and stability of numerical algorithms", 2002,
section 3.1), which is at most |x| |y| + |y|^2 / 2 <= (|x| + |y|)^2 / 2. Packed coordinates are off
by a factor 1 +- u, which moves the score by at most u (|x| + |y|)^2; rounding |y|^2 / 2, and
rounding thresholds and margins to the packed type, move it by at most 3u (|x| + |y|)^2; taking
|x|^2 from packed coordinates, in float64, by (u + d v) |x|^2. Together less than

    slack = ((d / 2 + 6) u + (d + 2) v) (|x| + |y|)^2.
"""

from dataclasses import dataclass

import numpy as np

from steelyard.resample._threads import one_blas_thread

LEAF = 256
# Rows looked at for equal ones, and the share of spare ones from which on they are put aside.
_SAMPLE, _TWINS = 2048, 0.02
# Padding of the last leaf: a score that no threshold lets pass.
_NOWHERE = -1e30


@dataclass(frozen=True)
class Scaling:
    """How rows are packed: centre, power-of-two factor, and type of the packed copy."""

    centre: np.ndarray
    factor: float
    dtype: np.dtype

    @property
    def unit(self) -> float:
        """Unit roundoff of the packed type."""
        return float(np.finfo(self.dtype).eps) / 2

    def pack(self, X: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The given rows of `X`, centred and scaled, without a float64 copy of all of them."""
        packed = np.empty((len(rows), X.shape[1]), dtype=self.dtype)
        for start in range(0, len(rows), 16 * LEAF):
            part = slice(start, start + 16 * LEAF)
            block = np.subtract(X[rows[part]], self.centre, dtype=np.float64)
            packed[part] = np.multiply(block, self.factor, out=block)
        return packed


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

    X: np.ndarray
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

    def without_spare_twins(self, most: int) -> "Points":
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
        if len(np.unique(_hashes(self.X, some))) > (1 - _TWINS) * len(some):
            return self
        hashes = _hashes(self.X, self.rows)
        order = np.lexsort((self.rows, hashes))
        start = np.flatnonzero(np.r_[True, np.diff(hashes[order]) != 0])
        first = np.repeat(start, np.diff(np.r_[start, len(order)]))
        rank = np.arange(len(order)) - first
        twin = rank > 0
        rows, leaders = self.rows[order[twin]], self.rows[order[first[twin]]]
        if distances(self.X, rows, leaders).any():
            return self  # two different rows of the same hash, once in a blue moon
        return self.subset(np.sort(order[rank < most]))

    def slack(self, norms: np.ndarray, reach: float) -> np.ndarray:
        """Bound on the error of the scores of queries of these norms, shape (queries,)."""
        columns = self.packed.shape[1] - 1
        return error_factor(columns, self.scaling) * (norms + reach) ** 2


def error_factor(columns: int, scaling: Scaling) -> float:
    """The slack of a score is this times (|x| + |y|)^2; see the top of this file."""
    double = float(np.finfo(np.float64).eps) / 2
    return (columns / 2 + 6) * scaling.unit + (columns + 2) * double


def make_points(X: np.ndarray, rows: np.ndarray, scaling: Scaling) -> Points:
    """Pack the given rows of `X` in spatial order."""
    packed = scaling.pack(X, rows)
    return _cut(X, scaling, rows, packed, spatial_order(packed))


def _cut(
    X: np.ndarray, scaling: Scaling, rows: np.ndarray, packed: np.ndarray, order: np.ndarray
) -> Points:
    """Points at the given places of `rows` and `packed`, in that order."""
    number, columns = len(order), scaling.centre.size
    leaves = max(1, -(-number // LEAF))
    padded = np.zeros((leaves * LEAF, columns + 1), dtype=packed.dtype)
    for start in range(0, number, 16 * LEAF):  # so that no second copy of all rows is made
        places = order[start : start + 16 * LEAF]
        padded[start : start + len(places), :-1] = packed[places, :columns]
    inside = padded[:number, :-1]
    squares = np.einsum("ij,ij->i", inside, inside, dtype=np.float64)
    padded[:number, -1] = squares / -2
    padded[number:, -1] = _NOWHERE
    return Points(
        X=X,
        scaling=scaling,
        rows=rows[order],
        packed=padded,
        squares=squares,
        low=_by_leaf(inside, np.minimum),
        high=_by_leaf(inside, np.maximum),
        reach=np.sqrt(_by_leaf(squares, np.maximum)),
    )


def _hashes(X: np.ndarray, rows: np.ndarray) -> np.ndarray:
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


def _by_leaf(values: np.ndarray, largest_or_least: np.ufunc) -> np.ndarray:
    """Reduce each leaf; whole leaves by axis, which is several times faster than `reduceat`."""
    whole = len(values) // LEAF * LEAF
    leaves = values[:whole].reshape(whole // LEAF, LEAF, *values.shape[1:])
    reduced = largest_or_least.reduce(leaves, axis=1)
    if whole == len(values):
        return reduced
    return np.concatenate([reduced, largest_or_least.reduce(values[whole:], axis=0, keepdims=True)])


def spatial_order(rows: np.ndarray) -> np.ndarray:
    """Order rows so that each run of `LEAF` is close together: median splits of the widest column.

    Splits fall on multiples of `LEAF`, so all leaves but the last are full.
    """
    order = np.arange(len(rows))
    stack = [(0, len(rows))]
    while stack:
        start, stop = stack.pop()
        leaves = -(-(stop - start) // LEAF)
        if leaves < 2:
            continue
        part = order[start:stop]
        # The spread of some 64 rows is enough to choose a column.
        sample = rows[part[:: max(1, len(part) // 64)]]
        column = int(np.argmax(sample.var(axis=0)))
        middle = leaves // 2 * LEAF
        order[start:stop] = part[np.argpartition(rows[part, column], middle)]
        stack += [(start, start + middle), (start + middle, stop)]
    return order


def choose_scaling(X: np.ndarray) -> Scaling:
    """Centre and scale for a table, and float32 where its error is small beside distances.

    Rows far from the centre beside the distance to their neighbours (a column in raw seconds,
    say) would make float32 scores useless; they get float64.
    """
    centre = X.mean(axis=0, dtype=np.float64)
    widest = np.maximum(X.max(axis=0) - centre, centre - X.min(axis=0))
    size = float(np.sqrt(np.square(widest).sum()))
    factor = float(2.0 ** -np.frexp(size)[1]) if 0 < size < np.inf else 1.0
    single = Scaling(centre, factor, np.dtype(np.float32))
    # On a small table float64 costs less than finding out.
    if len(X) > 4 * LEAF and _is_sharp(X, single):
        return single
    return Scaling(centre, factor, np.dtype(np.float64))


def _is_sharp(X: np.ndarray, scaling: Scaling, sample: int = 16 * LEAF) -> bool:
    """Whether the slack is small beside the squared distance between typical neighbours."""
    rows = np.arange(0, len(X), max(1, len(X) // sample))[:sample]
    packed = scaling.pack(X, rows)
    packed = packed[spatial_order(packed)].astype(np.float64)
    leaves = [packed[start : start + LEAF] for start in range(0, len(packed), LEAF)]
    with one_blas_thread():
        found = [_gaps(leaf) for leaf in leaves]
    gaps, squares = (np.concatenate(part) for part in zip(*found, strict=True))
    # 1 % of the distance in the sample: in the whole table neighbours are closer than here.
    slack = error_factor(X.shape[1], scaling) * 4 * np.median(squares)
    return bool(slack <= 0.01 * np.median(gaps))


def _gaps(leaf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared distance to the nearest other row of the leaf, and |x|^2, for every fourth row."""
    squares = np.einsum("ij,ij->i", leaf, leaf)
    asking = np.arange(0, len(leaf), 4)
    between = squares[asking, None] + squares - 2 * (leaf[asking] @ leaf.T)
    between[np.arange(asking.size), asking] = np.inf
    return between.min(axis=1), squares[asking]


def distances(X: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Squared Euclidean distance of row pairs of `X` in float64, by differences.

    Exact zero for equal rows, the same either way round, whatever other pairs are asked for.
    """
    out = np.empty(len(first))
    step = max(1, 2**17 // max(1, X.shape[1]))
    for start in range(0, len(first), step):
        part = slice(start, start + step)
        gaps = np.subtract(X[first[part]], X[second[part]], dtype=np.float64)
        np.square(gaps, out=gaps)
        out[part] = gaps.sum(axis=1)
    return out
