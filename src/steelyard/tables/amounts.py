"""Columns that goals need, as costs and times are: numbers or dates, learned from or not."""

import polars as pl

from steelyard.errors import DataError
from steelyard.tables.column_types import TypedColumn
from steelyard.tables.schema import NUMERIC_KINDS


def amount_values(name: str, typed: TypedColumn) -> pl.Series:
    """Float64, null where missing; dates as days since 1970-01-01.

    Raises: DataError: text, or no value at all; what to do is said.
    """
    column = typed.values
    if typed.kind in NUMERIC_KINDS and column is not None:
        if column.null_count() < len(column):
            return column
        raise DataError(f"column {name!r}, which the goal needs, has no value in any row")
    known = None if column is None else column.drop_nulls()
    if known is not None and not len(known):
        raise DataError(f"column {name!r}, which the goal needs, has no value in any row")
    shown = "" if known is None else f", such as {known[0]!r}"
    raise DataError(
        f"column {name!r}, which the goal needs, holds text{shown}; give numbers or dates"
    )
