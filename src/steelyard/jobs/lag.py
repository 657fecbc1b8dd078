"""How long before a fold its training rows end: labels come late, gaps are left."""

import re

from steelyard.errors import RequestError
from steelyard.tables import Table

DAYS = {"s": 1 / 86400, "min": 1 / 1440, "h": 1 / 24, "d": 1.0, "w": 7.0}
WRITTEN = re.compile(r"\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*(s|min|h|d|w)?\s*")


def lag_of(value: str | float | None, argument: str, kind: str) -> float:
    """A delay or gap in the units of the time column: days where that holds dates.

    Args:
        value: "7d", "12h", "2w", "30min", or a number in the column's own units; None is 0.
        argument: what it is called, for messages.
        kind: of the time column: "date", "number" or another.

    >>> lag_of("36h", "delay", "date"), lag_of(5, "gap", "number"), lag_of(None, "gap", "date")
    (1.5, 5.0, 0.0)
    """
    if value is None:
        return 0.0
    found = WRITTEN.fullmatch(str(value))
    if found is None:
        raise RequestError(
            f"`{argument}` is {value!r}; give a time such as 7d, 12h, 2w or 30min, or a number in "
            "the units of the time column"
        )
    number, unit = float(found[1]), found[2]
    if kind not in ("date", "number"):
        raise RequestError(
            f"`{argument}` needs a time column of dates or numbers, from which it can be counted; "
            "this one is read as text"
        )
    if unit is not None and kind != "date":
        raise RequestError(
            f"`{argument}` is {value!r}, but the time column holds numbers; give it in their "
            f"units, such as {number:g}"
        )
    return number * DAYS[unit or "d"] if kind == "date" else number


def kind_of_time(table: Table) -> str:
    """What the time column holds: "date", "number", or another kind."""
    kinds = [column.kind for column in table.schema.columns if column.role == "time"]
    return kinds[0] if kinds else "number"


def lag_between(table: Table, delay: str | float | None, gap: str | float | None) -> float:
    """How long before a block begins the rows end that are known when a model for it is made.

    It is made `gap` before the block begins, and knows the class of rows older than `delay` then.
    Raises: RequestError: without a time column, or what cannot be read.
    """
    if delay is None and gap is None:
        return 0.0
    if table.times is None:
        argument = "delay" if delay is not None else "gap"
        raise RequestError(f"`{argument}` counts in time; name the column of it with `time_column`")
    kind = kind_of_time(table)
    return lag_of(delay, "delay", kind) + lag_of(gap, "gap", kind)
