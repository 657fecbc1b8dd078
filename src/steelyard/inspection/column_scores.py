"""What one column alone says of a class: its values as scores, ready to be ranked."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
# Rows of the class, and their scores: one part, or one for each half of the rows.
Parts = list[tuple[Bools, NDArray[Any]]]


def encoded(values: NDArray[np.integer], positive: Bools, half: NDArray[np.int8]) -> Parts:
    """A category as scores, each half of the rows scored by the positive share in the other half.

    Out of sample, so that a column of nearly unique values scores .5 and not 1; a class with a
    single row has nothing to learn from: no part, which is read as .5.

    Args:
        values: codes from 0, shape (rows,).
        positive: shape (rows,).
        half: 0 or 1 per row, drawn within each class.
    """
    if np.bincount(2 * half + positive, minlength=4).min() == 0:
        return []
    size = int(values.max()) + 1
    parts = []
    for part in (0, 1):
        here, there = half == part, half != part
        rows = np.bincount(values[there], minlength=size)
        hits = np.bincount(values[there & positive], minlength=size)
        overall = positive[there].mean()
        score = ((hits + overall) / (rows + 1.0))[values[here]]
        parts.append((positive[here], score))
    return parts
