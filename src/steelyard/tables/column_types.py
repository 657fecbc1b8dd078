"""What kind of values a column holds, and the one form each kind is kept in."""

from dataclasses import dataclass

import polars as pl

from steelyard.errors import DataError
from steelyard.tables import values
from steelyard.tables.schema import Column, ColumnType

# From here on neighbouring whole numbers share one float: such numbers are codes.
LONGEST_NUMBER = 10**15


@dataclass(frozen=True)
class TypedColumn:
    """A column in canonical form: Float64 for number, boolean and date, String for category.

    `values` is None where nothing can be learned from the type (lists, structs, bytes).
    """

    kind: ColumnType
    values: pl.Series | None
    format: str = ""


def infer_type(column: pl.Series) -> TypedColumn:
    """Find the kind of a column that is read for the first time."""
    dtype = column.dtype
    if dtype == pl.String:
        return _infer_from_text(column)
    if _is_level(dtype) or (dtype.is_integer() and _too_long(column)):
        return TypedColumn("category", values.numbers_as_levels(column))
    if dtype == pl.Boolean:
        return TypedColumn("boolean", column.cast(pl.Float64))
    if dtype in (pl.Date, pl.Datetime):
        return TypedColumn("date", values.days_since_epoch(column))
    if _is_number(dtype):
        return TypedColumn("number", _floats(column))
    return TypedColumn("text", None)


def _infer_from_text(column: pl.Series) -> TypedColumn:
    text = values.clean(column)
    flags = values.as_booleans(text)
    if flags is not None:
        return TypedColumn("boolean", flags)
    order = values.date_format(text)
    if order:
        return TypedColumn("date", values.as_dates(text, order), order)
    numbers = values.as_numbers(text)
    # Text of digits only was made text by somebody: codes. With fractions it is a measurement
    # that one stray value or blank turned into text on the way.
    if numbers is not None and (numbers != numbers.floor()).any():
        return TypedColumn("number", numbers)
    return TypedColumn("category", values.levels(text))


def conform(column: pl.Series, known: Column, first_row: int = 0) -> pl.Series:
    """A later file's column in the form of the one that was learned from.

    `first_row` is the position of the column's first row in its source; errors name the row.
    """
    if known.kind != "category" and _is_level(column.dtype):
        column = column.cast(pl.String)
    dtype = column.dtype
    if known.kind == "category" and not dtype.is_nested() and dtype not in (pl.Binary, pl.Object):
        return values.numbers_as_levels(column)
    if dtype == pl.String:
        return _conform_text(column, known, first_row)
    if known.kind == "number" and (_is_number(dtype) or dtype == pl.Boolean):
        return _floats(column)
    if known.kind == "boolean" and (_is_number(dtype) or dtype == pl.Boolean):
        return _zero_or_one(_floats(column), known, first_row)
    if known.kind == "date" and dtype in (pl.Date, pl.Datetime):
        return values.days_since_epoch(column)
    raise DataError(
        f"column {known.name!r} holds {dtype} values where the model learned from a {known.kind}; "
        f"give it as {known.kind} values"
    )


def _conform_text(column: pl.Series, known: Column, first_row: int) -> pl.Series:
    text = values.clean(column)
    if known.kind == "number":
        text = text.set(text.is_in(values.MISSING_AMONG_NUMBERS), None)
        read, wanted = values.to_floats(text), "numbers"
    elif known.kind == "date":
        order = known.format or values.DATES[0]
        read, wanted = values.as_dates(text, order), f"dates such as {order}"
    else:
        digits = text.str.to_lowercase().replace({"true": "1", "false": "0"})
        read, wanted = values.to_floats(digits), "true or false"
        read = read.set(~read.is_in([0.0, 1.0]), None)
    _refuse(text, read.is_null() & text.is_not_null(), known, wanted, first_row)
    return read


def _zero_or_one(column: pl.Series, known: Column, first_row: int) -> pl.Series:
    _refuse(column, ~column.is_in([0.0, 1.0]), known, "true or false", first_row)
    return column


def _refuse(shown: pl.Series, bad: pl.Series, known: Column, wanted: str, first_row: int) -> None:
    if bad.any():
        row = bad.fill_null(value=False).arg_max() or 0
        raise DataError(
            f"column {known.name!r} holds {wanted} in the model, but data row "
            f"{first_row + row + 1:,} has {shown[row]!r}; mend that value or leave it empty"
        )


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype in (pl.Duration, pl.Time)


def _is_level(dtype: pl.DataType) -> bool:
    # A column of nulls only has no type; as a category it is empty, too.
    return dtype in (pl.Categorical, pl.Enum, pl.Null)


def _floats(column: pl.Series) -> pl.Series:
    """Float64, missing as null; times of day and durations in seconds."""
    if column.dtype in (pl.Duration, pl.Time):
        return column.cast(pl.Duration("us")).dt.total_microseconds().cast(pl.Float64) / 1e6
    numbers = column.cast(pl.Float64)
    # Looking costs less than filling: most columns have no NaN.
    return numbers.fill_nan(None) if numbers.is_nan().any() else numbers


def _too_long(column: pl.Series) -> bool:
    low, high = column.min(), column.max()
    return high is not None and max(-int(low), int(high)) >= LONGEST_NUMBER  # type: ignore[arg-type]
