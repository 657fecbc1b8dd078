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


def require_rows(
    have: int, sampler: str, parameter: str, k: int, *, label: Hashable = None, own: int = 1
) -> None:
    """Refuse to look for more neighbours than there are rows.

    Args:
        have: number of rows of class `label`, or of all rows where that is None.
        own: 1 where a row is not its own neighbour, 0 where it may be.
    Raises: TargetCountError: `have` is less than `k + own`.
    """
    if have >= k + own:
        return
    of_class = "" if label is None else f" of class {plain(label)!r}"
    fewer = f"use {parameter}={have - own} or less, or " if have > own else "use "
    raise TargetCountError(
        f"{sampler} needs {'more than' if own else 'at least'} {parameter}={k} rows{of_class}, "
        f"got {have} (n_samples = {have}): {fewer}a random sampler"
    )


def plain(label: Any) -> Any:
    """A label as Python's own type, which prints without numpy's name around it."""
    return label.item() if isinstance(label, np.generic) else label
