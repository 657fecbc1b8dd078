"""Columns that nothing should be learned from: constants, row numbers, ids, free text.

Precision first: a measurement wrongly set aside costs accuracy in silence, an id that is kept
costs a little. So a column of whole numbers is an id only if it counts rows or says so by name.
"""

import re

import numpy as np
import polars as pl

from steelyard.tables.column_types import TypedColumn
from steelyard.tables.header import NAMELESS
from steelyard.tables.schema import Role

FEWEST_ROWS = 20  # below, "all distinct" happens by chance
SAMPLE = 2_000
NEARLY_ALL = 0.98
MANY = 0.5
NAMED_ID = re.compile(
    r"(?i:(^|[\W_])(id|uuid|guid|pk|idx|index|key|nbr|rowid|rownum|hash)$)|[a-z](Id|ID|Key|Uuid|UUID)$"
)
SAVED_INDEX = {"__index_level_0__", "level_0", "rownames", "row.names", "row_names", "rowname"}
LONG_TEXT = 40  # characters on average
MANY_WORDS = 5


def role_of(name: str, typed_column: TypedColumn) -> tuple[Role, str]:
    """The role of a column that the user said nothing about, and why it is not learned from."""
    column = typed_column.values
    if column is None:
        return "text", "holds lists, records or bytes, which cannot be learned from"
    present = column.drop_nulls() if column.has_nulls() else column
    role, note = _role_by_name(name, typed_column, present)
    if role != "feature":
        return role, note
    if _is_constant(column, present):
        return "constant", f"has the same value in every row: {_shown(present[0])}"
    if len(present) < FEWEST_ROWS or typed_column.kind in ("boolean", "date"):
        return "feature", ""
    if typed_column.kind == "category":
        return _role_of_text(name, present)
    note = _identifier_note(name, present)
    return ("identifier", note) if note else ("feature", "")


def _role_by_name(name: str, typed_column: TypedColumn, present: pl.Series) -> tuple[Role, str]:
    """Columns that a saved table has too much: its index, and what a spreadsheet leaves behind."""
    nameless = NAMELESS.match(name) is not None
    if not len(present):
        if nameless:
            return "dropped", "has neither a name nor a value"
        return "empty", "has no value in any row"
    if nameless:
        return "identifier", "has no name, as the index that a table was saved with"
    if name.lower() in SAVED_INDEX and _unique_whole(typed_column, present):
        return "identifier", "is the index that a table was saved with"
    return "feature", ""


def _unique_whole(typed_column: TypedColumn, present: pl.Series) -> bool:
    if typed_column.kind == "number" and not _whole(present):
        return False
    return present.n_unique() >= NEARLY_ALL * len(present)


def _is_constant(column: pl.Series, present: pl.Series) -> bool:
    # One value beside missing ones is no constant: being missing may tell.
    return len(present) == len(column) and bool((present == present[0]).all())


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(str(value)[:40])


def _role_of_text(name: str, present: pl.Series) -> tuple[Role, str]:
    if _sampled_share(present) < MANY * 0.8:
        return "feature", ""
    distinct, rows = present.n_unique(), len(present)
    share = distinct / rows
    count = f"{distinct:,} distinct values in {rows:,} rows"
    sample = _sample(present)
    length = float(sample.str.len_chars().mean() or 0)  # type: ignore[arg-type]
    words = float(sample.str.count_matches(r"\S+").mean() or 0)  # type: ignore[arg-type]
    if share > MANY and (length >= LONG_TEXT or words >= MANY_WORDS):
        return "text", f"is free text: {count}, {length:.0f} characters on average"
    if share >= NEARLY_ALL or (share >= MANY and NAMED_ID.search(name)):
        return "identifier", f"looks like an id: {count}"
    return "feature", ""


def _identifier_note(name: str, present: pl.Series) -> str:
    rows, named = len(present), bool(NAMED_ID.search(name))
    least = MANY if named else NEARLY_ALL
    low, high = float(present.min()), float(present.max())  # type: ignore[arg-type]
    span = high - low + 1
    # Cheap tests first: nearly every measured column leaves here.
    if span < least * rows or not _whole(_sample(present)):
        return ""
    if _sampled_share(present) < least * 0.8 or not _whole(present):
        return ""
    distinct = present.n_unique()
    count = f"{distinct:,} distinct whole numbers in {rows:,} rows"
    note = ""
    if distinct >= NEARLY_ALL * rows and span <= 1.05 * rows:
        note = f"counts the rows: {count}, from {low:.0f} to {high:.0f}"
    elif distinct >= NEARLY_ALL * rows:
        note = f"looks like an id: {count}" if named else _steps_note(present)
    elif named and distinct >= MANY * rows:
        note = f"looks like an id of groups: {count}; `group={name!r}` keeps a group together"
    return note


def _steps_note(present: pl.Series) -> str:
    """A counter with gaps: it always moves one way, mostly by the same step."""
    steps = present.diff(null_behavior="drop").to_numpy()
    step = np.median(steps)
    one_way = (steps > 0).all() or (steps < 0).all()
    if one_way and (steps == step).mean() >= MANY:
        return f"counts the rows: it moves by {step:g} from row to row"
    return ""


def _sample(present: pl.Series) -> pl.Series:
    return present.gather_every(max(1, len(present) // SAMPLE))


def _sampled_share(present: pl.Series) -> float:
    """Share of distinct values in a sample; never below that of the whole, chance apart."""
    sample = _sample(present)
    return sample.n_unique() / len(sample)


def _whole(numbers: pl.Series) -> bool:
    return bool((numbers == numbers.floor()).all())
