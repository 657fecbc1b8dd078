"""Rows packed for exact neighbour search with matrix products.

A product of two blocks of rows gives, for every pair at once,

    score(x, y) = x.y - |y|^2 / 2 = (|x|^2 - distance(x, y)^2) / 2,

so a larger score is a smaller distance. In float32 that is fast and slightly wrong. The error has
a bound, `slack`; scores only choose which pairs can matter, and the distances of those pairs are
then computed in float64 from the rows as they came (`distances`). Nothing else decides.

The bound. Rows are moved to their mean and scaled by a power of two, which leaves the order of
distances alone, after columns with scales of their own were multiplied by them. Let u be the unit
roundoff of the packed type, v that of float64, d the number of columns. A sum of d + 1 products in
any order, fused or not, is off by (d + 1) u times the sum of their sizes (to first order: Higham,
"Accuracy and stability of numerical algorithms", 2002, section 3.1), which is at most
|x| |y| + |y|^2 / 2 <= (|x| + |y|)^2 / 2. Packed coordinates are off by a factor 1 +- (u + 2v),
which moves the score by at most (u + 2v) (|x| + |y|)^2; rounding |y|^2 / 2, and rounding
thresholds and margins to the packed type, move it by at most 3u (|x| + |y|)^2; taking |x|^2 from
packed coordinates, in float64, by (u + (d + 2) v) |x|^2. Together less than

    slack = ((d / 2 + 6) u + (d + 4) v) (|x| + |y|)^2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from steelyard.neighbours.columns import Matrix
from steelyard.neighbours.ordering import LEAF, spatial_order
from steelyard.neighbours.threads import one_blas_thread


@dataclass(frozen=True)
class Scaling:
    """How rows are packed: centre, power-of-two factor, and type of the packed copy.

    `scales` are what each column is multiplied by before distances are taken; None: by nothing.
    """

    centre: np.ndarray
    factor: float
    dtype: np.dtype
    scales: np.ndarray | None = None

    @property
    def unit(self) -> float:
        """Unit roundoff of the packed type."""
        return float(np.finfo(self.dtype).eps) / 2

    def pack(self, X: Matrix, rows: np.ndarray) -> np.ndarray:
        """The given rows of `X`, centred and scaled, without a float64 copy of all of them."""
        factor = self.factor if self.scales is None else self.factor * self.scales
        packed = np.empty((len(rows), X.shape[1]), dtype=self.dtype)
        for start in range(0, len(rows), 16 * LEAF):
            part = slice(start, start + 16 * LEAF)
            block = np.subtract(X[rows[part]], self.centre, dtype=np.float64)
            packed[part] = np.multiply(block, factor, out=block)
        return packed


def error_factor(columns: int, scaling: Scaling) -> float:
    """The slack of a score is this times (|x| + |y|)^2; see the top of this file."""
    double = float(np.finfo(np.float64).eps) / 2
    return (columns / 2 + 6) * scaling.unit + (columns + 4) * double


def choose_scaling(X: Matrix, scales: np.ndarray | None = None) -> Scaling:
    """Centre and scale for a table, and float32 where its error is small beside distances.

    Rows far from the centre beside the distance to their neighbours (a column in raw seconds,
    say) would make float32 scores useless; they get float64.
    """
    centre = X.mean(axis=0, dtype=np.float64)
    widest = np.maximum(X.max(axis=0) - centre, centre - X.min(axis=0))
    if scales is not None:
        widest = widest * scales
    size = float(np.sqrt(np.square(widest).sum()))
    factor = float(2.0 ** -np.frexp(size)[1]) if 0 < size < np.inf else 1.0
    single = Scaling(centre, factor, np.dtype(np.float32), scales)
    # On a small table float64 costs less than finding out.
    if len(X) > 4 * LEAF and _is_sharp(X, single):
        return single
    return Scaling(centre, factor, np.dtype(np.float64), scales)


def rough_scaling(X: np.ndarray, dtype: DTypeLike, sample: int = 512) -> Scaling:
    """Centre and scale from some rows: any are right, and these are found at once."""
    some = np.asarray(X[:: max(1, len(X) // sample)], dtype=np.float64)
    centre = some.mean(axis=0)
    size = float(np.abs(some - centre).max()) * X.shape[1] ** 0.5
    factor = float(2.0 ** -np.frexp(size)[1]) if 0 < size < np.inf else 1.0
    return Scaling(centre, factor, np.dtype(dtype))


def _is_sharp(X: Matrix, scaling: Scaling, sample: int = 16 * LEAF) -> bool:
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


def distances(
    X: Matrix, first: np.ndarray, second: np.ndarray, scales: np.ndarray | None = None
) -> np.ndarray:
    """Squared Euclidean distance of row pairs of `X` in float64, by differences.

    Exact zero for equal rows, the same either way round, whatever other pairs are asked for.
    """
    out = np.empty(len(first))
    step = max(1, 2**14 // max(1, X.shape[1]))  # what fits the nearest cache
    for start in range(0, len(first), step):
        part = slice(start, start + step)
        gaps = np.subtract(X[first[part]], X[second[part]], dtype=np.float64)
        if scales is not None:
            gaps *= scales
        np.square(gaps, out=gaps)
        out[part] = gaps.sum(axis=1)
    return out
