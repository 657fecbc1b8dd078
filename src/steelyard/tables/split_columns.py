"""Columns that say how rows may be split: groups that stay together, and the order in time."""

import numpy as np
import polars as pl

from steelyard.errors import DataError
from steelyard.tables.column_types import TypedColumn, infer_type

# Text whose order is that of time: the year first (2020Q3, 2020-W05), or codes of one length.
SORTABLE = r"^[0-9]{4}[^0-9]"


def group_codes(column: pl.Series) -> np.ndarray:
    """Int64 codes of a group column, shape (n,). Raises: DataError: a row without a group."""
    typed = infer_type(column)
    return _ranks(_complete(column, typed, "group"))


def time_values(column: pl.Series, decimal_hint: str = ".") -> np.ndarray:
    """What orders the rows: float64 numbers, or days since 1970-01-01, or int64 ranks of text.

    Raises: DataError: a row without a time, or text whose order is not that of time.
    """
    # Digits that somebody made text are numbers here all the same.
    typed = infer_type(column, typed=False, decimal_hint=decimal_hint)
    times = _complete(column, typed, "time")
    if typed.kind != "category":
        return times.to_numpy()
    _refuse_unsorted(times, typed)
    return _ranks(times)


def _ranks(column: pl.Series) -> np.ndarray:
    return column.rank("dense").cast(pl.Int64).to_numpy() - 1


def _complete(column: pl.Series, typed: TypedColumn, use: str) -> pl.Series:
    if typed.values is None:
        raise DataError(f"{use} column {column.name!r} holds {column.dtype}; give plain values")
    missing = typed.values.is_null()
    if missing.any():
        row = missing.arg_max() or 0
        written = column[row]
        word = "" if written is None else f" ({written!r})"
        raise DataError(
            f"{use} column {column.name!r} has no value in {missing.sum():,} rows (first: data row "
            f"{row + 1:,}{word}); fill them or leave those rows out"
        )
    return typed.values


def _refuse_unsorted(times: pl.Series, typed: TypedColumn) -> None:
    """Text that is no date sorts by its letters, and the past would not be the past."""
    lengths = times.str.len_chars()
    codes = times.str.contains("^[0-9]+$").all() and lengths.n_unique() == 1
    by_year = times.str.contains(SORTABLE).all() and times.str.contains("[a-z]").sum() == 0
    if codes or (by_year and lengths.n_unique() == 1):
        return
    why = f" ({typed.doubt.split(';')[0]})" if typed.doubt else ""
    raise DataError(
        f"time column {times.name!r} holds text such as {times[0]!r}, whose order is not that of "
        f"time{why}; write dates as 2024-12-31 or give numbers"
    )
