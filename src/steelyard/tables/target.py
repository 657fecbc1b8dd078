"""The target: which classes there are, and which rows have which."""

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import polars as pl

from steelyard.errors import TargetError
from steelyard.tables import values
from steelyard.tables.header import looks_like_data
from steelyard.tables.names import quoted, suggestion
from steelyard.tables.number_text import read_numbers
from steelyard.tables.schema import Label

MOST_CLASSES = 1_000
MOST_DIGITS = 300
BLANK = "(blank)"  # the class of rows without any label, where those are kept


def check_target(target: str | None, names: Sequence[str], *, header: bool) -> str:
    """The target's name if the table has it; otherwise an error with the nearest names."""
    if target is None:
        raise TargetError(f"no target column named; columns: {quoted(names)}")
    if not isinstance(target, str):
        raise TargetError(f"target is {target!r}; give the name of a column: {quoted(names)}")
    for name in (target, target.strip()):  # names are read without blanks at their ends
        if name in names:
            return name
    hint = ""
    if header and len(names) > 1 and looks_like_data(names):
        hint = ". The first line seems to be data: add a header line of column names"
    raise TargetError(
        f"there is no target column {target!r}; {suggestion(str(target), names)}{hint}"
    )


def raw_values(column: pl.Series) -> pl.Series:
    """The target as booleans, whole numbers, floats or cleaned text; null where missing."""
    column = values.decoded(column)
    dtype = column.dtype
    if dtype == pl.Boolean or dtype.is_integer():
        return column
    if dtype.is_float() or dtype.is_decimal():
        return column.cast(pl.Float64).fill_nan(None)
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Duration, pl.Time):
        raise TargetError(
            f"target {column.name!r} holds {dtype} values; give one label a row: "
            "text, whole numbers or booleans"
        )
    return values.clean(column.cast(pl.String))


def with_missing_kept(column: pl.Series) -> pl.Series:
    """The target as text in which nothing is missing: NA is a class like any, no value `BLANK`."""
    column = values.decoded(column)
    if column.dtype != pl.String:
        present = raw_values(column)
        return _whole_as_text(present).fill_null(BLANK)
    text = column.str.strip_chars()
    return text.set(text == "", None).fill_null(BLANK)


def _whole_as_text(labels: pl.Series) -> pl.Series:
    if not labels.dtype.is_float() or not (labels.drop_nulls() % 1 == 0).all():
        return labels.cast(pl.String)
    return labels.cast(pl.Int64).cast(pl.String)


def keeps_missing(classes: Sequence[Label]) -> bool:
    """Whether one of these classes would read as a missing label."""
    return any(label == BLANK or label in values.MISSING for label in classes)


def read_labels(
    distinct: Sequence[Any], target: str, *, typed: bool, decimal_hint: str = "."
) -> dict[Any, Label]:
    """From each distinct raw value (no nulls) to its label: bool, int or str.

    Text of a text file is read as booleans or whole numbers if all of it can be; text that a
    typed source gives stays text. Floats must be whole.
    """
    if not distinct:
        raise TargetError(
            f"target {target!r} has no value in any row; give the column that holds the class"
        )
    if isinstance(distinct[0], str) and not typed:
        return _read_text(distinct, target, decimal_hint)
    if isinstance(distinct[0], float):
        _check_whole(distinct, target)
        return {value: int(value) for value in distinct}
    return {value: value for value in distinct}


def check_number_of_classes(classes: Sequence[Label], rows: int, target: str) -> None:
    """Refuse targets with so many classes that they are ids or measurements."""
    if len(classes) > MOST_CLASSES or (len(classes) == rows and rows > 2):
        raise TargetError(
            f"target {target!r} has {len(classes):,} classes in {rows:,} rows, which looks like "
            f"an id or a measurement; steelyard takes up to {MOST_CLASSES:,} classes: bin it into "
            "classes or name another target"
        )


def codes_of(raw: pl.Series, meaning: dict[Any, Label], classes: Sequence[Label]) -> np.ndarray:
    """The class code of each row, int64; -1 where the target is missing."""
    index = {label: code for code, label in enumerate(classes)}
    old = pl.Series(list(meaning), dtype=raw.dtype)
    new = pl.Series([index[label] for label in meaning.values()], dtype=pl.Int64)
    coded = raw.replace_strict(old, new, default=None, return_dtype=pl.Int64)
    return coded.fill_null(-1).to_numpy()


def known_labels(
    distinct: Iterable[Any], target: str, classes: Sequence[Label]
) -> dict[Any, Label]:
    """From each distinct raw value to the class it is of those that were learned.

    A label is known by its spelling, else by its value: 0.0 and False are the class 0.
    """
    spelled = {str(label): label for label in classes}
    flags = {_value_of(label, flags=True) for label in classes} == {"0", "1"}
    valued: dict[str, list[Label]] = {}
    for label in classes:
        valued.setdefault(_value_of(label, flags=flags), []).append(label)
    meaning: dict[Any, Label] = {}
    unknown = []
    for value in distinct:
        same = valued.get(_value_of(value, flags=flags), [])
        if str(value) in spelled:
            meaning[value] = spelled[str(value)]
        elif len(same) == 1:
            meaning[value] = same[0]
        else:
            unknown.append(value)
    if unknown:
        raise TargetError(
            f"target {target!r} holds {quoted(unknown, 3)}, which is none of the learned classes "
            f"{quoted(classes)}; mend those rows or leave them out"
        )
    return meaning


def _value_of(value: Any, *, flags: bool) -> str:
    """One spelling for what means the same; `flags`: also true and 1, false and 0."""
    text = str(value).strip()
    as_numbers = {"true": "1", "false": "0"}
    if flags and text.lower() in as_numbers:
        return as_numbers[text.lower()]
    number = whole_number(text)
    return text if number is None else str(number)


def whole_number(text: str) -> int | None:
    """The whole number that a text spells, exactly; None if it spells none.

    >>> whole_number("450229981000132104"), whole_number("1.0"), whole_number("1.5")
    (450229981000132104, 1, None)
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if "_" in text or not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        return None
    return int(number) if number == number.to_integral_value() else None


def _read_text(distinct: Sequence[str], target: str, decimal_hint: str) -> dict[Any, Label]:
    if all(value.lower() in ("true", "false") for value in distinct):
        return {value: value.lower() == "true" for value in distinct}
    if any(len(value) > 1 and value[0] == "0" and value[1].isdigit() for value in distinct):
        return {value: value for value in distinct}
    whole = {value: whole_number(value) for value in distinct}
    if None not in whole.values():
        return whole  # type: ignore[return-value]
    read = read_numbers(pl.Series(distinct, dtype=pl.String), decimal_hint)
    plain = read.values is not None and not (read.format.before or read.format.after)
    if not plain or read.values is None or read.values.has_nulls():
        return {value: value for value in distinct}
    numbers = read.values.to_list()
    if not all(math.isfinite(number) for number in numbers):
        return {value: value for value in distinct}
    _check_whole(numbers, target)
    return {value: int(number) for value, number in zip(distinct, numbers, strict=True)}


def _check_whole(numbers: Sequence[float], target: str) -> None:
    broken = [number for number in numbers if not number.is_integer()]
    if broken:
        raise TargetError(
            f"target {target!r} has {len(numbers):,} distinct values such as {broken[0]:g}, which "
            "looks like regression; steelyard classifies: cut it into classes (such as value > "
            "limit) or name another target"
        )
