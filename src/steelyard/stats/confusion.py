"""Metrics of decisions, read off confusion counts; one table or a stack of them at once.

Everywhere `table[..., i, j]` counts rows of class i decided as class j, shape (..., K, K), as
integers or as shares. Classes without rows take no part in a mean over classes.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]


def confusion_table(y: Ints, d: Ints, classes: int) -> Floats:
    """Counts of (true class, decision), shape (classes, classes)."""
    cells = np.bincount(y * classes + d, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.float64)


def balanced_accuracy(table: Floats) -> Floats:
    """Mean over classes of the share of its rows decided right."""
    return np.nanmean(_recalls(table), axis=-1)


def gmean(table: Floats) -> Floats:
    """Geometric mean over classes of the share decided right; 0 when a class is never found."""
    with np.errstate(divide="ignore"):
        return np.exp(np.nanmean(np.log(_recalls(table)), axis=-1))


def recall(table: Floats, positive: int | None) -> Floats:
    """Share of the positives found; without a positive class, the mean over classes."""
    recalls = _recalls(table)
    return np.nanmean(recalls, axis=-1) if positive is None else recalls[..., positive]


def precision(table: Floats, positive: int | None) -> Floats:
    """Share of the flagged rows that are positives; NaN where nothing is flagged.

    Over several classes the mean, in which a class that is never chosen counts 0, so that
    giving up on a class does not raise the metric.
    """
    with np.errstate(invalid="ignore"):
        shares = _hits(table) / table.sum(axis=-2)
    if positive is not None:
        return shares[..., positive]
    return _mean_of_present(np.nan_to_num(shares, nan=0.0), table)


def f1(table: Floats, positive: int | None) -> Floats:
    """Harmonic mean of recall and precision; over several classes the mean of theirs."""
    with np.errstate(invalid="ignore"):
        scores = 2 * _hits(table) / (table.sum(axis=-1) + table.sum(axis=-2))
    return scores[..., positive] if positive is not None else _mean_of_present(scores, table)


def mcc(table: Floats) -> Floats:
    """Matthews correlation of truth and decision; 0 when every decision is the same.

    Source: Gorodkin, Computational Biology and Chemistry 28, 2004.
    """
    n = table.sum(axis=(-2, -1))
    true, decided = table.sum(axis=-1), table.sum(axis=-2)
    together = _hits(table).sum(axis=-1) * n - (true * decided).sum(axis=-1)
    alone = (n * n - (true * true).sum(axis=-1)) * (n * n - (decided * decided).sum(axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(alone > 0, together / np.sqrt(np.maximum(alone, 0)), 0.0)


def expected_cost(table: Floats, costs: Floats | None) -> Floats:
    """Cost of the decisions over that of the best rule that decides alike for every row.

    Below 1 the model earns its keep; NaN where doing nothing costs nothing. Without `costs`
    every class weighs the same, however rare: for two classes a false alarm 1 and a miss
    negatives / positives. Over K classes that comes to `(1 - balanced accuracy) K / (K - 1)`.
    """
    if costs is None:
        present = (table.sum(axis=-1) > 0).sum(axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = present / (present - 1.0)
            return np.where(present > 1, (1 - balanced_accuracy(table)) * share, np.nan)
    paid = (table * costs).sum(axis=(-2, -1))
    trivial = (table.sum(axis=-1)[..., None] * costs).sum(axis=-2).min(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(trivial > 0, paid / trivial, np.nan)


def _hits(table: Floats) -> Floats:
    return np.diagonal(table, axis1=-2, axis2=-1)


def _recalls(table: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        return _hits(table) / table.sum(axis=-1)


def _mean_of_present(per_class: Floats, table: Floats) -> Floats:
    present = table.sum(axis=-1) > 0
    return np.where(present, per_class, 0.0).sum(axis=-1) / present.sum(axis=-1)
