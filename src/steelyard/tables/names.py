"""Column names: present, unique, and the nearest ones when a name is not there."""

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

import polars as pl

from steelyard.errors import DataError

SHOWN = 8


def pick(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Columns by name, also those that polars takes for patterns, such as "*" or "^a$"."""
    return pl.DataFrame([frame[name] for name in names])


def quoted(names: Iterable[object], most: int = SHOWN) -> str:
    """The first few names in quotes, then how many more there are."""
    names = list(names)
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def suggestion(name: str, present: Sequence[str]) -> str:
    """A sentence that names the nearest present names, or else the first few.

    >>> suggestion("Clas", ["Amount", "Class"])
    "nearest: 'Class'"
    """
    folded = {other.strip().lower(): other for other in reversed(present)}
    near = difflib.get_close_matches(name.strip().lower(), list(folded), n=3, cutoff=0.6)
    if near:
        return f"nearest: {quoted(folded[key] for key in near)}"
    return f"columns: {quoted(present)}"


def check_unique(names: Sequence[str], what: str, hint: str = "") -> None:
    """Two columns of one name cannot be told apart, neither now nor in the file to predict."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f"{what} has more than one column named {quoted(twice)}; rename them. {hint}".rstrip()
        )


def check_same(names: Sequence[str], first: Sequence[str], what: str, first_what: str) -> None:
    """All files of a folder must have the same columns; their order is free."""
    here, there = set(names), set(first)  # once: tables may have thousands of columns
    lacks = [name for name in first if name not in here]
    extra = [name for name in names if name not in there]
    if lacks or extra:
        parts = [f"lacks {quoted(lacks)}"] * bool(lacks) + [f"also has {quoted(extra)}"] * bool(
            extra
        )
        raise DataError(
            f"{what} {' and '.join(parts)} compared with {first_what}; "
            "files that are read together need the same columns"
        )


def column_names(argument: str, names: Iterable[str]) -> tuple[str, ...]:
    """A list of column names that was given as an argument.

    Raises: DataError: one name as text, whose letters would be taken for names.
    """
    if isinstance(names, str):
        raise DataError(f"`{argument}={names!r}`: give a list of names, such as {[names]}")
    return tuple(names)
