"""Cells of synthetic rows, spelled and typed as the source's column is."""

import re

import numpy as np
import polars as pl

from steelyard.resample._cells import fitted
from steelyard.tables.number_text import read_numbers
from steelyard.tables.schema import Column
from steelyard.tables.values import clean

DAY = 86_400_000_000  # microseconds


def synthetic_cells(
    values: pl.Series, learned: pl.Series, raw: pl.Series, column: Column
) -> pl.Series:
    """What was computed for a column, in the type and the spelling of its source.

    Args:
        values: cells of synthetic rows as they are learned from: Float64 (booleans as 0 to 1,
            dates as days since 1970-01-01), or String for a category.
        learned: the cells of the source's rows in the same form.
        raw: the same cells as the source has them: of any type, or text of a text file.
        column: what the column is.
    Returns: a series of the type of `raw`.
    """
    if column.kind == "boolean":
        values = (values > 0.5).cast(pl.Float64)
    if column.kind in ("boolean", "category"):
        return _spelled(values, learned, raw)
    if column.kind == "date":
        # Days stay days.
        days = learned.drop_nulls()
        values = values.round() if (days == days.round()).all() else values
        return _dates(values, raw, column.format)
    if raw.dtype == pl.String:
        return _numbers_as_text(values, raw.filter(learned.is_not_null()))
    if raw.dtype.is_integer():
        inside = np.dtype(str(raw.dtype).lower())
        return pl.Series(raw.name, fitted(values.to_numpy(), inside))
    return values.cast(raw.dtype).alias(raw.name)


def first_of_class(codes: np.ndarray, learned: np.ndarray, raw: pl.Series) -> pl.Series:
    """The target's cells of synthetic rows: each class as its first row has it."""
    return _spelled(pl.Series(codes), pl.Series(learned), raw)


def _spelled(values: pl.Series, learned: pl.Series, raw: pl.Series) -> pl.Series:
    """Each value as the first row that has it spells it."""
    known = pl.DataFrame({"value": learned, "raw": raw}).unique("value", keep="first")
    asked = pl.DataFrame({"value": values.cast(learned.dtype)})
    found = asked.join(known, on="value", how="left", nulls_equal=True, maintain_order="left")
    return found["raw"].alias(raw.name)


def _numbers_as_text(values: pl.Series, raw: pl.Series) -> pl.Series:
    """Numbers with as many decimals as the column has, its decimal sign, and its unit."""
    written = read_numbers(clean(raw), "").format
    sign = written.decimal
    decimals = raw.str.extract(f"{re.escape(sign)}([0-9]+)[^0-9]*$").str.len_chars().max()
    if raw.str.contains("[0-9][eE][-+0-9]").any():
        text = values.cast(pl.String)
    elif decimals is None:
        text = values.round().cast(pl.Int64).cast(pl.String)
    else:
        text = values.round(min(int(str(decimals)), 15)).cast(pl.String)
    text = text.str.replace(".", sign, literal=True)
    after = raw.str.extract("[0-9]([^0-9]*)$").drop_nulls().head(1) if written.after else [""]
    return (written.before + text + after[0]).alias(raw.name)


def _dates(days: pl.Series, raw: pl.Series, order: str) -> pl.Series:
    moments = (days * DAY).round().cast(pl.Int64).cast(pl.Datetime("us"))
    if raw.dtype == pl.String:
        time = "" if (days == days.round()).all() else " %H:%M:%S"
        return moments.dt.strftime(order + time).alias(raw.name)
    zone = getattr(raw.dtype, "time_zone", None)
    if zone:
        moments = moments.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return moments.cast(raw.dtype).alias(raw.name)
