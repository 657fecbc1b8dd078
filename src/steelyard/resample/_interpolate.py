"""New rows on the lines between rows and their neighbours: the arithmetic of SMOTE."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from steelyard.neighbours.threads import each
from steelyard.resample._cells import as_floats, fitted, fitted_matrix

# Rows made at a time: the differences of a block stay in cache.
_BLOCK = 1024
# Fewer blocks than this are filled before a pool of threads has started.
_WORTH_A_POOL = 32


def between(
    X: Any, start: np.ndarray, end: np.ndarray, steps: np.ndarray, shrink: np.ndarray | None = None
) -> Any:
    """`X[start] + steps * (X[end] - X[start])`, in the type of `X`; whole numbers are rounded.

    Args:
        X: rows, dense or sparse.
        start, end: row numbers, shape (n,).
        steps: where on the line, shape (n, 1).
        shrink: a factor for each difference, shape (n, 1), before the step.
    Returns: a sparse matrix, or `Lines` where `X` is dense.
    """
    if not sparse.issparse(X):
        return Lines(X, start, end, steps, shrink)
    ends = as_floats(X)
    gaps = ends[end] - ends[start]
    if shrink is not None:
        gaps = type(X)(gaps.multiply(shrink))
    return fitted_matrix(ends[start] + type(X)(steps).multiply(gaps), X.dtype)


@dataclass(frozen=True)
class Lines:
    """New rows that are still to be computed, so that they can be written where they belong."""

    X: np.ndarray
    start: np.ndarray
    end: np.ndarray
    steps: np.ndarray
    shrink: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.start)

    def write(self, out: np.ndarray) -> None:
        """Compute the rows into `out`, shape (n, columns), a block at a time."""

        def fill(part: slice) -> None:
            if out.dtype.kind == "f":
                # Rows are fetched to where they belong: what is written is written once.
                origin = np.take(self.X, self.start[part], axis=0, out=out[part], mode="clip")
            else:
                origin = as_floats(self.X[self.start[part]])
            gaps = as_floats(np.take(self.X, self.end[part], axis=0, mode="clip"))
            gaps -= origin
            if self.shrink is not None:
                gaps *= self.shrink[part]
            # The sum is in float64 and rounded once, as imbalanced-learn has it.
            double = gaps if gaps.dtype == np.float64 else None
            gaps = np.multiply(gaps, self.steps[part], out=double)
            if out.dtype.kind == "f":
                np.add(origin, gaps, out=origin, casting="unsafe")
            else:
                out[part] = fitted(origin + gaps, out.dtype)

        blocks = [slice(first, first + _BLOCK) for first in range(0, len(self), _BLOCK)]
        each(fill, blocks, None if len(blocks) > _WORTH_A_POOL else 1)

    def rows(self) -> np.ndarray:
        """The rows as a matrix of their own."""
        out = np.empty((len(self), self.X.shape[1]), dtype=self.X.dtype)
        self.write(out)
        return out
