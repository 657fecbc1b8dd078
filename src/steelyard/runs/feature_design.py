"""Columns of old and new rows side by side, as numbers whose means show that they moved."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

LEVELS = 20  # of a category
NUMBERS = 4_000_000  # in a design; more rows say little more
FEWEST_ROWS, MOST_ROWS = 2_000, 10_000


def rows_to_take(columns: int) -> int:
    """How many rows of either side a design of a table with so many columns may have."""
    return int(np.clip(NUMBERS // max(2 * columns, 1), FEWEST_ROWS, MOST_ROWS))


def shift_design(
    old: pl.DataFrame, new: pl.DataFrame, categories: Sequence[str]
) -> tuple[Floats, list[str]]:
    """Both tables, one below the other, (rows, columns of the design), and whose each column is.

    A number gives its normal score (by rank in both tables), the square of that, and whether it is
    missing; a category gives an indicator for each frequent level. Columns that are constant in
    both are left out.
    """
    text, parts, names = set(categories), [], []
    for name in old.columns:
        both = pl.concat([old[name], new[name]]) if name in text else None
        found = _levels(both) if both is not None else _scores(old[name], new[name])
        moving = [part for part in found if part.std() > 1e-9]
        parts += moving
        names += [name] * len(moving)
    rows = len(old) + len(new)
    return (np.column_stack(parts) if parts else np.zeros((rows, 0))), names


def _scores(old: pl.Series, new: pl.Series) -> list[Floats]:
    values = np.concatenate(
        [one.cast(pl.Float64).fill_null(float("nan")).to_numpy() for one in (old, new)]
    )
    known = np.isfinite(values)
    score = np.zeros(len(values))
    if known.any():
        rank = stats.rankdata(values[known])
        score[known] = stats.norm.ppf(rank / (known.sum() + 1))
    return [score, score**2, (~known).astype(np.float64)]


def _levels(values: pl.Series) -> list[Floats]:
    text = values.cast(pl.String).fill_null("")
    frequent = text.value_counts(sort=True)[text.name].head(LEVELS).to_list()
    return [(text == level).to_numpy().astype(np.float64) for level in frequent]
