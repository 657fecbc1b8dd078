"""Metrics of decisions, read off confusion counts; one table or a stack of them at once.

Everywhere `table[..., i, j]` is the weight of the rows of class i decided as class j, shape
(..., K, K), as counts or as shares. `Margins` is all that most metrics need of it. Classes without
rows take no part in a mean over classes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]


class Margins(NamedTuple):
    """Weight of rows per class, shapes (..., K): decided right, truly of it, decided as it."""

    right: Floats
    true: Floats
    decided: Floats

    @classmethod
    def of(cls, table: Floats) -> "Margins":
        """Those of a table or of a stack of tables."""
        diagonal = np.diagonal(table, axis1=-2, axis2=-1)
        return cls(diagonal, table.sum(axis=-1), table.sum(axis=-2))


def confusion_table(y: Ints, d: Ints, classes: int, weight: Floats | None = None) -> Floats:
    """Weight of rows per (true class, decision), shape (classes, classes)."""
    cells = np.bincount(y * classes + d, weight, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.float64)


def recalls(m: Margins) -> Floats:
    """Share of each class decided right, (..., K); NaN for a class without rows."""
    return _ratio(m.right, m.true)


def precisions(m: Margins) -> Floats:
    """Share of the decisions for each class that were right, (..., K); NaN where none was made."""
    return _ratio(m.right, m.decided)


def f_scores(m: Margins, beta: float = 1.0) -> Floats:
    """F-beta of each class, (..., K); NaN for a class neither true nor decided anywhere."""
    b2 = beta * beta
    return _ratio((1 + b2) * m.right, b2 * m.true + m.decided)


def balanced_accuracy(m: Margins) -> Floats:
    """Mean over classes of the share of its rows decided right."""
    return mean_of_present(recalls(m), m)


def gmean(m: Margins) -> Floats:
    """Geometric mean over classes of the share decided right; 0 when a class is never found."""
    found = recalls(m)
    present = m.true > 0
    return np.where(present, found, 1.0).prod(axis=-1) ** (1.0 / present.sum(axis=-1))


def recall(m: Margins, positive: int | None) -> Floats:
    """Share of the positives found; without a positive class, the mean over classes."""
    return balanced_accuracy(m) if positive is None else recalls(m)[..., positive]


def precision(m: Margins, positive: int | None) -> Floats:
    """Share of the flagged rows that are positives; NaN where nothing is flagged.

    Over several classes the mean, in which a class that is never chosen counts 0, so that
    giving up on a class does not raise the metric.
    """
    shares = precisions(m)
    if positive is not None:
        return shares[..., positive]
    return mean_of_present(np.nan_to_num(shares, nan=0.0), m)


def f_score(m: Margins, positive: int | None, beta: float = 1.0) -> Floats:
    """Weighted harmonic mean of precision and recall; over several classes the mean of theirs."""
    scores = f_scores(m, beta)
    return scores[..., positive] if positive is not None else mean_of_present(scores, m)


def mcc(m: Margins) -> Floats:
    """Matthews correlation of truth and decision; 0 when every decision is the same.

    Source: Gorodkin, Computational Biology and Chemistry 28, 2004.
    """
    n = m.true.sum(axis=-1)
    together = m.right.sum(axis=-1) * n - (m.true * m.decided).sum(axis=-1)
    alone = (n * n - (m.true**2).sum(axis=-1)) * (n * n - (m.decided**2).sum(axis=-1))
    return np.where(alone > 0, together / np.sqrt(np.where(alone > 0, alone, 1.0)), 0.0)


def cost_per_row(table: Floats, costs: Floats) -> Floats:
    """Mean cost of the decisions, in the unit of the costs."""
    return (table * costs).sum(axis=(-2, -1)) / table.sum(axis=(-2, -1))


def normalized_cost(table: Floats, costs: Floats | None) -> Floats:
    """Cost of the decisions over that of the best rule that decides alike for every row.

    Below 1 the model earns its keep; NaN where doing nothing costs nothing. Without `costs`
    every class weighs the same, however rare: for two classes a false alarm 1 and a miss
    negatives / positives. Over K classes that comes to `(1 - balanced accuracy) K / (K - 1)`.
    """
    if costs is None:
        margins = Margins.of(table)
        present = (margins.true > 0).sum(axis=-1).astype(np.float64)
        share = _ratio(present, present - 1.0)
        return np.where(present > 1, (1 - balanced_accuracy(margins)) * share, np.nan)
    paid = (table * costs).sum(axis=(-2, -1))
    trivial = (table.sum(axis=-1)[..., None] * costs).sum(axis=-2).min(axis=-1)
    return _ratio(paid, trivial)


def mean_of_present(per_class: Floats, m: Margins) -> Floats:
    """Mean over the classes that have rows."""
    present = m.true > 0
    return np.where(present, per_class, 0.0).sum(axis=-1) / present.sum(axis=-1)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    """`top / bottom`, NaN for 0/0."""
    top, bottom = np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)
    return np.divide(top, bottom, out=np.full(np.shape(top / 1.0), np.nan), where=bottom > 0)
