"""How each column is spread among rows of the class of interest, and among the rest."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.tables import Table

BINS = 20
LEVELS = 8  # of a category, the most frequent
MOST_ROWS = 20_000  # of either kind, evenly spaced over the table
OUTER = 0.01  # share of the values at either end that falls into the outermost bins


def distributions(table: Table, numbers: dict[str, Any], positive: int) -> dict[str, dict]:
    """By feature, counts of both kinds of rows: `positives` and `others`.

    Numbers have `low`, `high` and counts of bins of equal width between them, the ends taking what
    lies beyond; categories have `levels` and a count for each, the rest and missing values left
    out. Both have `rows`, how many rows of each kind were looked at.
    """
    rows = [
        _spread(np.flatnonzero(table.y == positive)),
        _spread(np.flatnonzero(table.y != positive)),
    ]
    found = {}
    for name in table.schema.features:
        if name in numbers:
            spread = _of_numbers([numbers[name][kind] for kind in rows])
        else:
            spread = _of_levels([table.features[name][kind] for kind in rows])
        if spread:
            found[name] = spread | {"rows": [len(kind) for kind in rows]}
    return found


def _spread(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    step = max(1, -(-len(rows) // MOST_ROWS))
    return rows[::step]


def _of_numbers(kinds: list[NDArray[Any]]) -> dict[str, Any]:
    finite = [np.asarray(kind, "float64")[np.isfinite(kind)] for kind in kinds]
    # Both kinds count alike for the range, so that a rare class is not pressed to one side.
    inner = [np.quantile(kind, [OUTER, 1 - OUTER]) for kind in finite if len(kind)]
    if not inner:
        return {}
    low, high = float(min(ends[0] for ends in inner)), float(max(ends[1] for ends in inner))
    width = (high - low) / BINS or 1.0
    if not np.isfinite(width):
        return {}
    binned = [
        np.bincount(
            np.clip((kind / width - low / width).astype(int), 0, BINS - 1), minlength=BINS
        ).tolist()
        for kind in finite
    ]
    return {"low": low, "high": low + width * BINS, "positives": binned[0], "others": binned[1]}


def _of_levels(kinds: list[pl.Series]) -> dict[str, Any]:
    counts = [dict(kind.drop_nulls().value_counts().iter_rows()) for kind in kinds]
    total = {level: sum(kind.get(level, 0) for kind in counts) for kind in counts for level in kind}
    levels = sorted(total, key=lambda level: (-total[level], str(level)))[:LEVELS]
    if not levels:
        return {}
    return {
        "levels": [str(level) for level in levels],
        "positives": [counts[0].get(level, 0) for level in levels],
        "others": [counts[1].get(level, 0) for level in levels],
    }
