"""What kind of values a column holds, and the one form each kind is kept in."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from steelyard.errors import DataError
from steelyard.tables import values
from steelyard.tables.date_text import DATES, as_dates, days_since_epoch, read_order
from steelyard.tables.number_text import (
    NumberFormat,
    NumberReading,
    read_numbers,
    to_floats,
    without_missing_words,
)
from steelyard.tables.schema import Column, ColumnType

# From here on neighbouring whole numbers share one float: such numbers are codes.
LONGEST_NUMBER = 10**15
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class TypedColumn:
    """A column in canonical form: Float64 for number, boolean and date, String for category.

    `values` is None where nothing can be learned from the type (lists, structs, bytes). `format`
    is how dates or numbers are written; `doubt` says why a category of (nearly) nothing but
    numbers or dates was not read as such.
    """

    kind: ColumnType
    values: pl.Series | None
    format: str = ""
    doubt: str = ""


def infer_type(column: pl.Series, *, typed: bool = True, decimal_hint: str = ".") -> TypedColumn:
    """Find the type of a column that is read for the first time.

    Args:
        typed: whether the source has types, so that digits are text because somebody wished so.
        decimal_hint: decimal sign of the source as a whole, "" where unknown.
    """
    column = values.decoded(column)
    dtype = column.dtype
    if dtype == pl.String:
        return _infer_from_text(column, typed, decimal_hint)
    if _is_level(dtype) or (dtype.is_integer() and _too_long(column)):
        return TypedColumn("category", values.numbers_as_levels(column), doubt=_written(column))
    if dtype == pl.Boolean:
        return TypedColumn("boolean", column.cast(pl.Float64))
    if dtype in (pl.Date, pl.Datetime):
        return TypedColumn("date", days_since_epoch(column))
    if _is_number(dtype):
        return TypedColumn("number", _floats(column))
    return TypedColumn("text", None)


def _infer_from_text(column: pl.Series, typed: bool, decimal_hint: str) -> TypedColumn:
    text = values.clean(column)
    flags = values.as_booleans(text)
    if flags is not None:
        return TypedColumn("boolean", flags)
    with_gaps = without_missing_words(text)
    dates = read_order(with_gaps)
    if dates.order:
        return TypedColumn("date", as_dates(with_gaps, dates.order), dates.order)
    numbers = read_numbers(text, decimal_hint)
    if numbers.values is None:
        return TypedColumn("category", values.levels(text), doubt=dates.why or numbers.why)
    if typed and _digits_on_purpose(column, numbers):
        doubt = "holds digits given as text, kept as categories; give numbers to have numbers"
        return TypedColumn("category", values.levels(text), doubt=doubt)
    return TypedColumn("number", numbers.values, numbers.format.example)


def _written(column: pl.Series) -> str:
    """What to say of a category whose levels are numbers as people write them, $1,234.5 or 12.5 %.

    Whole numbers are the usual codes of categories.
    """
    if column.dtype not in (pl.Categorical, pl.Enum):
        return ""
    levels = values.clean(column.cast(pl.String))
    numbers = read_numbers(levels)
    if numbers.values is None:
        return numbers.why
    if numbers.format.is_plain and _whole(numbers.values.drop_nulls()):
        return ""
    shown = levels.filter(numbers.values.is_not_null())[0]
    return f"holds numbers such as {shown!r} given as categories; give numbers to have numbers"


def _digits_on_purpose(column: pl.Series, numbers: NumberReading) -> bool:
    """Whether text of digits was made text by somebody, not by one stray word or sign."""
    read = numbers.values
    words = read is not None and read.null_count() > column.null_count()
    return not words and numbers.format.is_plain and _whole(read)


def _whole(numbers: pl.Series | None) -> bool:
    return numbers is not None and bool((numbers == numbers.floor()).all())


def conform(column: pl.Series, known: Column, first_row: int = 0) -> pl.Series:
    """A later file's column in the form of the one that was learned from.

    `first_row` is the position of the column's first row in its source; errors name the row.
    """
    column = values.decoded(column)
    if known.kind != "category" and _is_level(column.dtype):
        column = column.cast(pl.String)
    dtype = column.dtype
    if known.kind == "category" and not dtype.is_nested() and dtype not in (pl.Binary, pl.Object):
        return values.numbers_as_levels(column)
    if dtype == pl.String:
        read = _conform_text(column, known, first_row)
        return _refuse_infinite(read, known, first_row) if known.kind == "number" else read
    if known.kind == "number" and (_is_number(dtype) or dtype == pl.Boolean):
        return _refuse_infinite(_floats(column), known, first_row)
    if known.kind == "boolean" and (_is_number(dtype) or dtype == pl.Boolean):
        return _zero_or_one(_floats(column), known, first_row)
    if known.kind == "date" and dtype in (pl.Date, pl.Datetime):
        return days_since_epoch(column)
    raise DataError(
        f"column {known.name!r} holds {dtype} values where the model learned from a {known.kind}; "
        f"give it as {known.kind} values"
    )


def _conform_text(column: pl.Series, known: Column, first_row: int) -> pl.Series:
    text = values.clean(column)
    if known.kind == "number":
        text = without_missing_words(text)
        read = NumberFormat.from_example(known.format).parse(text)
        wanted = f"numbers such as {known.format or '1234.5'}"
    elif known.kind == "date":
        order = known.format or DATES[0]
        text = without_missing_words(text)
        read, wanted = as_dates(text, order), f"dates such as {order}"
    else:
        digits = text.str.to_lowercase().replace({"true": "1", "false": "0"})
        read, wanted = to_floats(digits), "true or false"
        read = read.set(~read.is_in([0.0, 1.0]), None)
    _refuse(text, read.is_null() & text.is_not_null(), known, wanted, first_row)
    return read


def _refuse_infinite(numbers: pl.Series, known: Column, first_row: int) -> pl.Series:
    """Infinite values, and those beyond float32, in which models compute: as in training."""
    largest = numbers.abs().max()
    if largest is not None and largest > LARGEST:  # type: ignore[operator]
        row = (numbers.abs() > LARGEST).fill_null(value=False).arg_max() or 0
        raise DataError(
            f"column {known.name!r} has an infinite value or one beyond {LARGEST:.2g} in data row "
            f"{first_row + row + 1:,}; replace it or leave it empty"
        )
    return numbers


def _zero_or_one(column: pl.Series, known: Column, first_row: int) -> pl.Series:
    _refuse(column, ~column.is_in([0.0, 1.0]), known, "true or false", first_row)
    return column


def _refuse(shown: pl.Series, bad: pl.Series, known: Column, wanted: str, first_row: int) -> None:
    if bad.any():
        row = bad.fill_null(value=False).arg_max() or 0
        raise DataError(
            f"column {known.name!r} holds {wanted} elsewhere, but data row "
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
