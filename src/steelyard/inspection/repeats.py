"""Rows that repeat, rows that contradict each other, and the order of the file."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray


@dataclass(frozen=True)
class Repeats:
    """Rows with the same features.

    Attributes:
        duplicates: rows whose features and class an earlier row has already.
        duplicates_per_class: the same, by class code.
        conflicts: rows whose features another row has with another class.
        conflicts_per_class: the same, by class code.
        conflict_groups: distinct feature values behind those rows.
    """

    duplicates: int
    duplicates_per_class: tuple[int, ...]
    conflicts: int
    conflicts_per_class: tuple[int, ...]
    conflict_groups: int


def repeated_rows(features: pl.DataFrame, y: NDArray[np.integer], classes: int) -> Repeats:
    """Count duplicate and conflicting rows. Missing equals missing; -0.0 equals 0.0.

    Rows are compared by a 64-bit hash: among 10 million distinct rows, the chance that any two
    are taken for equal is 3 in a million.
    """
    if not features.width:
        # Nothing to tell rows apart by; a finding says that no column is left.
        return Repeats(0, (0,) * classes, 0, (0,) * classes, 0)
    keys = features.hash_rows(seed=0).alias("key")
    if keys.n_unique() == features.height:
        return Repeats(0, (0,) * classes, 0, (0,) * classes, 0)
    pairs = (
        pl.DataFrame({"key": keys, "label": y})
        .group_by("key", "label")
        .agg(pl.len().alias("rows"))
        .with_columns(conflict=pl.len().over("key") > 1)
    )
    per_class = pairs.group_by("label").agg(
        duplicates=(pl.col("rows") - 1).sum(),
        conflicts=pl.col("rows").filter("conflict").sum(),
    )
    found = {label: (copies, torn) for label, copies, torn in per_class.iter_rows()}
    copies, torn = zip(*(found.get(label, (0, 0)) for label in range(classes)), strict=True)
    groups = pairs.filter("conflict")["key"].n_unique()
    return Repeats(sum(copies), copies, sum(torn), torn, groups)


def order_share(y: NDArray[np.integer]) -> float:
    """Class changes from row to row over those expected in a random order; near 0 if sorted.

    >>> order_share(np.array([0, 0, 0, 0, 1, 1, 1, 1])), order_share(np.array([0, 1, 0, 0]))
    (0.25, 1.3333333333333333)
    """
    counts = np.bincount(y)
    rows = len(y)
    # Two neighbouring rows of a random order differ with chance 1 - sum n(n-1) / N(N-1).
    expected = (rows * rows - np.square(counts.astype(np.float64)).sum()) / rows
    return float(np.count_nonzero(np.diff(y)) / expected) if expected else 1.0
