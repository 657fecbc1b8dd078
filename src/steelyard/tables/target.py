"""The target: which classes there are, and which rows have which."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl

from steelyard.errors import TargetError
from steelyard.tables import values
from steelyard.tables.names import quoted, suggestion
from steelyard.tables.schema import Label

MOST_CLASSES = 1_000


def check_target(target: str | None, names: Sequence[str], *, header: bool) -> str:
    """The target's name if the table has it; otherwise an error with the nearest names."""
    if target is None:
        raise TargetError(f"no target column named; columns: {quoted(names)}")
    if target in names:
        return target
    hint = ""
    if header and len(names) > 1 and all(_is_number(name) for name in names):
        hint = " The first line holds numbers only: add a header line of column names."
    raise TargetError(
        f"there is no target column {target!r}; {suggestion(str(target), names)}.{hint}"
    )


def raw_values(column: pl.Series) -> pl.Series:
    """The target as booleans, whole numbers, floats or cleaned text; null where missing."""
    dtype = column.dtype
    if dtype == pl.Boolean or dtype.is_integer():
        return column
    if dtype.is_float() or dtype.is_decimal():
        return column.cast(pl.Float64).fill_nan(None)
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        raise TargetError(
            f"target {column.name!r} holds {dtype} values; give one label a row: "
            "text, whole numbers or booleans"
        )
    return values.clean(column.cast(pl.String))


def read_labels(distinct: Sequence[Any], target: str, *, typed: bool) -> dict[Any, Label]:
    """From each distinct raw value (no nulls) to its label: bool, int or str.

    Text of a text file is read as booleans or whole numbers if all of it can be; text that a
    typed source gives stays text. Floats must be whole.
    """
    if not distinct:
        raise TargetError(
            f"target {target!r} has no value in any row; give the column that holds the class"
        )
    if isinstance(distinct[0], str) and not typed:
        return _read_text(distinct, target)
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
    """From each distinct raw value to the class it is of those that were learned."""
    by_key = {_key(label, classes[0]): label for label in classes}
    meaning = {value: by_key.get(_key(value, classes[0])) for value in distinct}
    unknown = [value for value, label in meaning.items() if label is None]
    if unknown:
        raise TargetError(
            f"target {target!r} holds {quoted(unknown, 3)}, which is none of the learned classes "
            f"{quoted(classes)}; mend those rows or leave them out"
        )
    return {value: label for value, label in meaning.items() if label is not None}


def _key(value: Any, like: Label) -> str:
    """One spelling for what means the same beside classes such as `like`."""
    text = str(value).strip()
    if isinstance(like, bool):
        lower = text.lower()
        return {"1": "true", "1.0": "true", "0": "false", "0.0": "false"}.get(lower, lower)
    if isinstance(value, bool) and isinstance(like, int):
        return str(int(value))
    return str(int(float(text))) if _is_number(text) and float(text).is_integer() else text


def _read_text(distinct: Sequence[str], target: str) -> dict[Any, Label]:
    if all(value.lower() in ("true", "false") for value in distinct):
        return {value: value.lower() == "true" for value in distinct}
    code = any(len(value) > 1 and value[0] == "0" and value[1].isdigit() for value in distinct)
    if code or not all(_is_number(value) for value in distinct):
        return {value: value for value in distinct}
    numbers = {value: float(value) for value in distinct}
    _check_whole(list(numbers.values()), target)
    return {value: int(number) for value, number in numbers.items()}


def _check_whole(numbers: Sequence[float], target: str) -> None:
    broken = [number for number in numbers if not number.is_integer()]
    if broken:
        raise TargetError(
            f"target {target!r} has {len(numbers):,} distinct values such as {broken[0]:g}, which "
            "looks like regression; steelyard classifies: cut it into classes (such as value > "
            "limit) or name another target"
        )


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and "_" not in text
    except ValueError:
        return False
