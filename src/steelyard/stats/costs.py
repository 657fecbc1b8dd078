"""What mistakes cost: the one check of a cost matrix."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from steelyard.errors import RequestError


def cost_matrix(costs: ArrayLike, classes: int | None = None) -> Any:
    """Cost of deciding column j where row i is true, float64 (classes, classes), checked.

    Raises: RequestError: not square, of another number of classes than `classes`, a cost that is
        negative or no finite number.

    >>> cost_matrix([[0, 1], [50, 0]]).tolist()
    [[0.0, 1.0], [50.0, 0.0]]
    """
    try:
        matrix = np.array(costs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise RequestError(
            "a cost matrix needs a number for every true class (row) and decided class (column)"
        ) from error
    size = len(matrix) if classes is None and matrix.ndim else classes
    if matrix.ndim != 2 or matrix.shape != (size, size) or len(matrix) < 2:
        shape = "one row and one column per class" if classes is None else f"({size}, {size})"
        raise RequestError(
            f"a cost matrix of shape {matrix.shape}; it takes {shape}: the cost per "
            "(true class, decided class)"
        )
    if not np.isfinite(matrix).all() or matrix.min() < 0.0:
        raise RequestError(
            "a cost matrix holds negative, infinite or missing costs; give numbers >= 0 "
            "(add a constant to a row to write a gain as a smaller cost)"
        )
    return matrix


def cost_pair(fp: float, fn: float, *, positive: int = 1) -> Any:
    """The matrix of two classes in which a false alarm costs `fp` and a miss `fn`, (2, 2).

    >>> cost_pair(1, 50).tolist()
    [[0.0, 1.0], [50.0, 0.0]]
    """
    matrix = np.zeros((2, 2))
    matrix[1 - positive, positive], matrix[positive, 1 - positive] = fp, fn
    if not np.isfinite(matrix).all() or matrix.min() < 0.0:
        raise RequestError(
            f"costs of a false alarm and a miss of {fp!r} and {fn!r}; give finite numbers >= 0"
        )
    return matrix
