"""A table kept as columns that gives some of its rows as a matrix: no second one is made."""

from collections.abc import Sequence
from typing import Any

import numpy as np


class Columns:
    """Columns of equal length that are read as a matrix of shape (rows, columns) would be.

    >>> Columns([np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])])[[2, 0]].tolist()
    [[3.0, 6.0], [1.0, 4.0]]
    """

    def __init__(self, columns: Sequence[np.ndarray]) -> None:
        self.columns = list(columns)
        self.shape = len(self.columns[0]), len(self.columns)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Some of the rows, by positions: (rows, columns) float64."""
        matrix = np.empty((len(rows), self.shape[1]))
        # Rows that follow each other are copied, which costs half of picking them.
        in_a_row = len(rows) > 1 and bool((np.diff(rows) == 1).all())
        which = slice(rows[0], rows[0] + len(rows)) if in_a_row else rows
        for j, column in enumerate(self.columns):
            matrix[:, j] = column[which]
        return matrix

    def mean(self, axis: int = 0, dtype: Any = None) -> np.ndarray:  # noqa: ARG002 - as an array's
        """Of each column."""
        return np.array([column.mean(dtype=dtype) for column in self.columns])

    def max(self, axis: int = 0) -> np.ndarray:  # noqa: ARG002
        """Of each column."""
        return np.array([column.max() for column in self.columns])

    def min(self, axis: int = 0) -> np.ndarray:  # noqa: ARG002
        """Of each column."""
        return np.array([column.min() for column in self.columns])


Matrix = np.ndarray | Columns
