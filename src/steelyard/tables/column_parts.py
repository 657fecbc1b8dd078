"""A column cut into a few parts that people can read: ranges of numbers or dates, levels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from steelyard.errors import DataError
from steelyard.tables.column_types import infer_type
from steelyard.tables.names import suggestion
from steelyard.tables.reading import Table
from steelyard.tables.sources import open_table
from steelyard.tables.value_text import value_text

QUARTERS, LEVELS = 4, 12


@dataclass(frozen=True)
class Parts:
    """A column cut into parts: `codes` of each row, (n,), into `labels`."""

    column: str
    labels: Sequence[str]
    codes: np.ndarray


def cut_column(values: pl.Series, name: str, kind: str, *, ranges: int, levels: int) -> Parts:
    """Ranges of equal mass, or each value where there are no more; the most frequent levels.

    Args:
        values: as `Table.features` holds them: Float64, or String for a category.
        kind: the column's (`tables.schema`).
        ranges, levels: parts of numbers, of text; missing values are one more.
    """
    if values.dtype == pl.String:
        labels, codes = _levels(values, levels)
    else:
        labels, codes = _ranges(values, kind, ranges)
    missing = codes < 0
    if missing.any():
        codes = np.where(missing, len(labels), codes)
        labels = [*labels, "missing"]
    return Parts(name, labels, codes)


def segment_parts(data: Any, columns: Sequence[str], target: str | None = None) -> list[Parts]:
    """Columns of a source cut into segments: levels of text, quarters of numbers and of time.

    Any column will do, also one that is not learned from.

    Args:
        data: as `read_table` takes it, or a `Table`, whose features alone are known.
    Raises: DataError: a column that there is not, or the target.
    """
    if not columns:
        return []
    if isinstance(data, Table):
        _check(columns, data.schema.features, target)
        return [
            _segments(data.features[name], name, data.schema.column(name).kind) for name in columns
        ]
    reader = open_table(data, target)
    _check(columns, reader.names, target)
    raw = reader.read(list(columns))
    found = []
    for name in columns:
        typed = infer_type(
            raw[name].alias(""), typed=reader.typed, decimal_hint=reader.decimal_hint
        )
        if typed.values is None:
            raise DataError(f"column {name!r} holds {raw[name].dtype}; segments take plain values")
        found.append(_segments(typed.values, name, typed.kind))
    return found


def _segments(values: pl.Series, name: str, kind: str) -> Parts:
    return cut_column(values, name, kind, ranges=QUARTERS, levels=LEVELS)


def _check(columns: Sequence[str], present: Sequence[str], target: str | None) -> None:
    for name in columns:
        if name == target:
            raise DataError(f"column {name!r} is the target; take segments of another column")
        if name not in present:
            raise DataError(f"there is no column {name!r}; {suggestion(name, present)}")


def _levels(values: pl.Series, most: int) -> tuple[list[str], np.ndarray]:
    counts = values.drop_nulls().alias("level").value_counts()
    order = counts.sort("count", "level", descending=[True, False])["level"].to_list()
    kept = order if len(order) <= most else order[: most - 1]
    labels = list(kept)
    if len(order) > len(kept):
        labels.append(f"{len(order) - len(kept):,} others")
    codes = values.replace_strict(order, range(len(order)), default=-1, return_dtype=pl.Int64)
    return labels, np.minimum(codes.to_numpy(), len(labels) - 1)


def _ranges(values: pl.Series, kind: str, most: int) -> tuple[list[str], np.ndarray]:
    numbers = values.cast(pl.Float64).to_numpy()
    known = numbers[np.isfinite(numbers)]
    distinct = np.unique(known)
    if len(distinct) <= most:
        places = np.where(np.isfinite(numbers), np.searchsorted(distinct, numbers), -1)
        return [value_text(kind, value) for value in distinct.tolist()], places
    inner = np.unique(np.quantile(known, np.linspace(0, 1, most + 1)[1:-1]))
    filled, own = np.unique(np.searchsorted(inner, known, side="left"), return_inverse=True)
    places = np.full(len(numbers), -1)
    places[np.isfinite(numbers)] = own
    return [_label(numbers[places == k], kind) for k in range(len(filled))], places


def _label(values: np.ndarray, kind: str) -> str:
    low, high = value_text(kind, float(values.min())), value_text(kind, float(values.max()))
    return low if low == high else f"{low} to {high}"
