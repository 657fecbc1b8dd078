"""Rows with a reach each, and which of some other rows lie within it: exact, by products."""

from dataclasses import dataclass

import numpy as np

from steelyard.neighbours.scaling import Scaling, choose_scaling, distances, error_factor


@dataclass(frozen=True)
class Reaches:
    """Rows that each reach as far as one row of the table, which only nearer ones are within.

    Attributes:
        rows: row numbers in `X`, shape (n,).
        squared, limits: squared distance and number of the row that each reaches, shape (n,).
        packed, squares: the rows as the scaling has them, and their squared norms.
    """

    X: np.ndarray
    scaling: Scaling
    rows: np.ndarray
    squared: np.ndarray
    limits: np.ndarray
    packed: np.ndarray
    squares: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: np.ndarray | slice) -> "Reaches":
        return Reaches(
            self.X,
            self.scaling,
            self.rows[which],
            self.squared[which],
            self.limits[which],
            self.packed[which],
            self.squares[which],
        )

    def within(self, others: np.ndarray) -> np.ndarray:
        """Whether some rows are within reach, by row number: shape (others, n)."""
        packed, squares = _packed(self.X, others, self.scaling)
        scores = packed @ self.packed.T
        scores -= (squares / 2).astype(scores.dtype)[:, None]
        at = (self.squares - self.squared * self.scaling.factor**2) / 2
        longest = np.sqrt(squares.max(initial=0))
        slack = error_factor(self.X.shape[1], self.scaling) * (np.sqrt(self.squares) + longest) ** 2
        nearer = scores > (at - slack).astype(scores.dtype)
        place = np.flatnonzero(nearer)
        unsure = place[scores.ravel()[place] <= (at + slack)[place % len(self)]]
        other, own = np.divmod(unsure, len(self))
        between, limit = distances(self.X, others[other], self.rows[own]), self.squared[own]
        earlier = others[other] < self.limits[own]
        nearer[other, own] = (between < limit) | ((between == limit) & earlier)
        return nearer


def reaches(X: np.ndarray, rows: np.ndarray, squared: np.ndarray, limits: np.ndarray) -> Reaches:
    """Rows of `X` that reach as far as one row each."""
    scaling = choose_scaling(X)
    return Reaches(X, scaling, rows, squared, limits, *_packed(X, rows, scaling))


def _packed(X: np.ndarray, rows: np.ndarray, scaling: Scaling) -> tuple[np.ndarray, np.ndarray]:
    packed = scaling.pack(X, rows)
    return packed, np.einsum("ij,ij->i", packed, packed, dtype=np.float64)
