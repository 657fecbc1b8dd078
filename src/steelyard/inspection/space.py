"""Columns in which the straight-line distance between two rows is their HVDM distance."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.neighbours import Points, pack
from steelyard.neighbours.columns import Columns

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
PARTS = 5  # of the table, drawn by chance


@dataclass(frozen=True)
class Space:
    """Rows as points: column j of a point is `columns[j] * scales[j]`.

    The columns stay as they were read: differences are taken before they are scaled, so that
    equal steps of a column stay equal distances.
    """

    columns: tuple[Floats, ...]
    scales: tuple[float, ...]

    @property
    def rows(self) -> int:
        """Number of points."""
        return len(self.columns[0]) if self.columns else 0

    def packed(self) -> Points:
        """The points, ready for the neighbour search."""
        return pack(Columns(self.columns), np.array(self.scales))


def hvdm_space(
    numbers: Iterable[Floats], categories: Iterable[Codes], y: Codes, classes: int
) -> Space:
    """The space of the heterogeneous value difference metric.

    Per number the distance is |a - b| / (4 sd); per category it is the Euclidean distance
    between the class shares of the two values. A missing category (its own code) is a value
    like any other. The shares of a row's value come from the rows of other parts of the table: with
    its own class among them, rows of rare values would stand beside rows of their class, whatever
    the column means. A missing or infinite number has no known distance; it stands at the mean,
    one whole unit (the metric's distance to an unknown value) away from every known number.

    Args:
        numbers: columns of floats, shape (rows,), NaN where missing.
        categories: columns of codes from 0, shape (rows,).
        y: class codes, shape (rows,).
        classes: number of classes.
    Source: Wilson & Martinez, "Improved heterogeneous distance functions", JAIR 6 (1997).
    """
    columns: list[Floats] = []
    scales: list[float] = []
    for values in numbers:
        with np.errstate(invalid="ignore"):  # infinite values make it NaN, seen next
            sd = float(values.std())
        if not np.isfinite(sd):
            known = np.isfinite(values)
            sd = float(values[known].std()) if known.any() else 0.0
            columns.append((~known).astype(np.float64))
            scales.append(1.0)
            values = np.where(known, values, values[known].mean() if sd else 0.0)  # noqa: PLW2901 - the same column, filled
        if sd > 0:
            columns.append(values)
            scales.append(1 / (4 * sd))
    part = np.random.default_rng(0).permutation(len(y)) % PARTS
    for codes in categories:
        shares = _class_shares(codes, y, classes, part) @ _sum_zero_basis(classes)
        columns += [axis[codes * PARTS + part] for axis in shares.T]
        scales += [1.0] * (classes - 1)
    return Space(tuple(columns), tuple(scales))


def _class_shares(codes: Codes, y: Codes, classes: int, part: Codes) -> Floats:
    """Shares of the classes among the rows of each value in the other parts.

    Shape (values * PARTS, classes). A value with few rows there is drawn to the shares of all.
    """
    values = int(codes.max(initial=-1)) + 1
    cell = (codes * PARTS + part) * classes + y
    counts = np.bincount(cell, minlength=values * PARTS * classes)
    counts = counts.reshape(values, PARTS, classes)
    others = counts.sum(axis=1, keepdims=True) - counts
    overall = np.bincount(y, minlength=classes) / max(1, len(y))
    shares = (others + overall) / (others.sum(axis=2, keepdims=True) + 1.0)
    return shares.reshape(values * PARTS, classes)


def _sum_zero_basis(classes: int) -> Floats:
    """Orthonormal columns, shape (classes, classes - 1), spanning the vectors that sum to 0.

    Differences of class shares sum to 0, so one column less carries the same distances.
    """
    start = np.eye(classes)
    start[:, 0] = 1.0
    return np.linalg.qr(start)[0][:, 1:]
