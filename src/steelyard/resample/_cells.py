"""New cells in the type of their column: whole numbers are rounded, flags take the nearer side."""

from typing import Any

import numpy as np
from scipy import sparse


def fitted(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Values as a numpy type, each the nearest that the type can hold.

    Cutting fractions off, as numpy casts, would move the mean of a column of whole numbers by half
    a unit and turn every fraction of a flag into True.

    >>> fitted(np.array([0.4, 0.6, -3.0, 300.0]), np.dtype("uint8")).tolist()
    [0, 1, 0, 255]
    >>> fitted(np.array([0.4, 0.6]), np.dtype("bool")).tolist()
    [False, True]
    """
    if values.dtype == dtype:
        return values
    if dtype.kind == "b" and values.dtype.kind in "fiu":
        return values > 0.5
    if dtype.kind in "iu" and values.dtype.kind == "f":
        info = np.iinfo(dtype)
        return np.clip(np.rint(values), float(info.min), _largest_float(info)).astype(dtype)
    return values.astype(dtype)


def fitted_matrix(X: Any, dtype: np.dtype) -> Any:
    """`fitted` for a dense or sparse matrix."""
    if not sparse.issparse(X):
        return fitted(X, dtype)
    out = X.copy()
    out.data = fitted(X.data, dtype)
    out.eliminate_zeros()
    return out


def as_floats(X: Any) -> Any:
    """A matrix to calculate with: differences of unsigned numbers wrap, booleans have none."""
    return X.astype(np.float64) if X.dtype.kind in "iub" else X


def _largest_float(info: np.iinfo) -> float:
    """The largest float that is no larger than the largest whole number of a type."""
    largest = float(info.max)
    return largest if int(largest) == info.max else float(np.nextafter(largest, 0))
