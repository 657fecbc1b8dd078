"""Columns that a caller gives beside labels and scores, for decisions that need them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard.errors import DataError


def given_columns(
    given: Any, names: Sequence[str], rows: int, times: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """The columns `names`, float64, NaN where missing, each of shape (rows,).

    `given`: a mapping or frame with these columns, or the values of the one column there is.
    `times`: what the column "time" is, where nothing of that name is given.
    Raises: DataError: a column is not there, is no number, or has another length.
    """
    if not names:
        return {}
    wanted = [name for name in names if not (name == "time" and times is not None)]
    if given is None and not wanted:
        return {"time": np.asarray(times, dtype=np.float64)}
    if given is None:
        names = wanted
        named = ", ".join(map(repr, names))
        raise DataError(
            f"the goal needs the column {named}; give it as amounts={{{names[0]!r}: values}}"
        )
    if not hasattr(given, "__getitem__") or not hasattr(given, "keys"):
        given = given if hasattr(given, "columns") else {wanted[0]: given}
    known = list(given.columns if hasattr(given, "columns") else given.keys())
    found = {}
    if times is not None and "time" in names and "time" not in known:
        found["time"], names = np.asarray(times, dtype=np.float64), wanted
    for name in names:
        if name not in known:
            there = ", ".join(map(repr, known)) or "nothing"
            raise DataError(f"amounts lack the column {name!r} that the goal needs; given: {there}")
        try:
            values = np.asarray(as_times(given[name]), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(f"amounts: {name!r} holds values that are no numbers") from error
        if values.shape != (rows,):
            raise DataError(
                f"amounts: {name!r} has shape {values.shape}; give one per label: ({rows},)"
            )
        found[name] = values
    return found


def as_times(given: Any) -> Any:
    """Dates as days since 1970-01-01, float64; all else, and None, as it is."""
    if given is None:
        return None
    values = np.asarray(given)
    if values.dtype.kind == "O":
        try:
            values = values.astype("datetime64[us]")
        except (TypeError, ValueError):
            return given
    if values.dtype.kind != "M":
        return given
    days = values.astype("datetime64[us]").astype(np.float64) / 86.4e9
    return np.where(np.isnat(values), np.nan, days)
