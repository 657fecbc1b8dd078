"""Labels, probabilities and decisions of one technique, checked against each other."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import DataError, RequestError

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]


@dataclass(frozen=True)
class Scored:
    """Checked rows: labels, probabilities and decisions of one technique, ready to be counted.

    Shapes (n,), (n, K), (n,); `positive` is the code of the class of interest; `costs` (K, K) is
    what deciding column j costs when row i is true.
    """

    y: Ints
    p: Floats
    d: Ints
    positive: int
    costs: Floats | None

    @property
    def binary(self) -> bool:
        return self.p.shape[1] == 2

    @property
    def interest(self) -> int | None:
        """The positive class where metrics are about one class, None where about them all."""
        return self.positive if self.binary else None

    def rows(self, chosen: NDArray[Any]) -> "Scored":
        """Some of the rows, with the positive class and the costs of all."""
        return Scored(self.y[chosen], self.p[chosen], self.d[chosen], self.positive, self.costs)


def scored(
    y: ArrayLike,
    p: ArrayLike,
    d: ArrayLike,
    *,
    positive: int | None = None,
    costs: ArrayLike | None = None,
) -> Scored:
    """Check labels, probabilities and decisions against each other; arguments as in `metrics`."""
    truth, table, decided = np.asarray(y), np.asarray(p, dtype=np.float64), np.asarray(d)
    if table.ndim != 2 or not len(table) or table.shape[1] < 2 or not np.isfinite(table).all():
        raise DataError(
            f"probabilities of shape {table.shape}; give finite numbers, one row per label and "
            "one column per class, at least one row and two classes."
        )
    n, classes = table.shape
    for name, codes in (("y", truth), ("d", decided)):
        if codes.shape != (n,) or codes.dtype.kind not in "iu":
            raise DataError(f"{name} is {codes.dtype} {codes.shape}; give {n} integer class codes.")
        if codes.min() < 0 or codes.max() >= classes:
            raise DataError(
                f"{name} holds codes {codes.min()} to {codes.max()}; the probabilities have "
                f"{classes} columns, so give 0 to {classes - 1}."
            )
    counts = np.bincount(truth, minlength=classes).astype(np.float64)
    if positive is None:
        positive = int(np.argmin(np.where(counts > 0, counts, np.inf)))
    elif not 0 <= positive < classes:
        raise RequestError(f"positive = {positive}; give a class code, 0 to {classes - 1}.")
    return Scored(truth, table, decided, positive, _cost_table(costs, classes, positive))


def _cost_table(costs: ArrayLike | None, classes: int, positive: int) -> Floats | None:
    if costs is None:
        return None
    table = np.asarray(costs, dtype=np.float64)
    if table.shape == (2,) and classes == 2:
        alarm, miss = table
        table = np.zeros((2, 2))
        table[1 - positive, positive], table[positive, 1 - positive] = alarm, miss
    if table.shape != (classes, classes) or not np.isfinite(table).all():
        raise RequestError(
            f"costs of shape {table.shape} for {classes} classes; give finite numbers, one row per "
            "true class and one column per decision, or (false positive, false negative)."
        )
    return table
