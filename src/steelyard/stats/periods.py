"""Hours, days, weeks and months that rows fall into."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import DataError, GoalError

HOURS = {"hour": 1.0, "day": 24.0}
NAMED = ("hour", "day", "week", "month")
MONDAY = 3.0  # 1970-01-01 was a Thursday


def checked_period(per: Any) -> str | float:
    """One of `NAMED`, or a length above 0; GoalError otherwise."""
    if isinstance(per, str) and per in NAMED:
        return per
    try:
        length = float(per)
    except (TypeError, ValueError):
        length = 0.0
    if not 0.0 < length < float("inf"):
        raise GoalError(
            f"per is {per!r}; give {', '.join(NAMED)}, or the length of a period in the units of "
            "the time column, such as 86400 where it counts seconds"
        )
    return length


def per_words(per: str | float) -> str:
    """`a day`, or `in 86400 units of time`.

    >>> per_words("hour"), per_words(86400.0)
    ('an hour', 'in 86400 units of time')
    """
    if isinstance(per, str):
        return f"an {per}" if per == "hour" else f"a {per}"
    return f"in {per:g} units of time"


def period_of(times: ArrayLike, per: str | float) -> NDArray[np.int64]:
    """Number of the period of each row, shape (rows,).

    Args:
        times: days since 1970-01-01, or any numbers where `per` is a length.
    Raises: DataError: a row without a time.

    >>> period_of([0.2, 0.9, 1.0], "day").tolist(), period_of([5.0, 100.0], 60).tolist()
    ([0, 0, 1], [0, 1])
    """
    values = np.asarray(times, dtype=np.float64)
    gone = ~np.isfinite(values)
    if gone.any():
        raise DataError(
            f"{int(gone.sum()):,} rows have no time (first: row {int(gone.argmax()) + 1:,}), so "
            "their period is unknown; fill it or leave those rows out"
        )
    if per == "month":
        days = np.floor(values).astype("datetime64[D]")
        return days.astype("datetime64[M]").astype(np.int64)
    if per == "week":
        return np.floor((values + MONDAY) / 7.0).astype(np.int64)
    if isinstance(per, str):
        # A hair's breadth, as dates with hours are fractions of a day.
        return np.floor(values * 24.0 / HOURS[per] + 1e-9).astype(np.int64)
    return np.floor(values / per).astype(np.int64)
