"""Columns in which the straight-line distance between two rows is their HVDM distance."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.neighbours import Points, pack

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


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
        return pack(np.column_stack(self.columns), np.array(self.scales))


def hvdm_space(
    numbers: Iterable[Floats], categories: Iterable[Codes], y: Codes, classes: int
) -> Space:
    """The space of the heterogeneous value difference metric.

    Per number the distance is |a - b| / (4 sd); per category it is the Euclidean distance
    between the class shares of the two values. A missing category (its own code) is a value
    like any other. A missing or infinite number has no known distance; it stands at the mean,
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
    for codes in categories:
        shares = _class_shares(codes, y, classes) @ _sum_zero_basis(classes)
        columns += [axis[codes] for axis in shares.T]
        scales += [1.0] * (classes - 1)
    return Space(tuple(columns), tuple(scales))


def _class_shares(codes: Codes, y: Codes, classes: int) -> Floats:
    """Shares of the classes among the rows of each value, shape (values, classes)."""
    values = int(codes.max(initial=-1)) + 1
    counts = np.bincount(codes * classes + y, minlength=values * classes)
    table = counts.reshape(values, classes)
    return table / np.maximum(table.sum(axis=1, keepdims=True), 1)


def _sum_zero_basis(classes: int) -> Floats:
    """Orthonormal columns, shape (classes, classes - 1), spanning the vectors that sum to 0.

    Differences of class shares sum to 0, so one column less carries the same distances.
    """
    start = np.eye(classes)
    start[:, 0] = 1.0
    return np.linalg.qr(start)[0][:, 1:]
