"""Small questions about labels and matrices that several samplers ask."""

from collections.abc import Hashable
from numbers import Integral
from typing import Any

import numpy as np
from scipy import sparse

from steelyard.errors import TargetCountError

# A sparse matrix up to this size as a dense one is searched as a dense one.
_DENSE_BYTES = 2**29


def encode(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The classes in order, and the number of each row's class."""
    classes, codes = np.unique(labels, return_inverse=True)
    return classes, codes


def rarest(codes: np.ndarray) -> int:
    """The class with the fewest rows; of equal ones the one seen first, as imbalanced-learn."""
    present, first, counts = np.unique(codes, return_index=True, return_counts=True)
    return int(present[np.lexsort((first, counts))[0]])


def searchable(X: Any, *neighbours: Any) -> np.ndarray | None:
    """`X` as a dense matrix for our search, or None where imbalanced-learn's code must do it.

    That is where a neighbours object of the user's own was given (it may measure anything), and
    for a sparse matrix too large to be dense.
    """
    if not all(n is None or isinstance(n, Integral) for n in neighbours):
        return None
    if not sparse.issparse(X):
        return X
    if X.shape[0] * X.shape[1] * X.dtype.itemsize > _DENSE_BYTES:
        return None
    return X.toarray()


def require_rows(have: int, more_than: int, sampler: str, what: str, label: Hashable) -> None:
    """Refuse a class with too few rows for its neighbours.

    Raises: TargetCountError: `have` is not more than `more_than`.
    """
    if have <= more_than:
        raise TargetCountError(
            f"{sampler} needs more than {what}={more_than} rows of class {label!r}, got {have} "
            f"(n_samples = {have}): use {what}={have - 1} or less"
            f"{', or RandomOverSampler' if have < 3 else ''}"
        )
