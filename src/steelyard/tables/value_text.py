"""A column's values as people read them."""

import datetime as dt
from typing import Any

EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - dates of a table have no zone


def value_text(kind: str, value: Any) -> str:
    """A value of a feature frame: dates as dates, truth values as yes and no, numbers short.

    `kind` is the column's.

    >>> value_text("date", 19000.0), value_text("boolean", 1.0), value_text("number", None)
    ('2022-01-08', 'yes', 'missing')
    >>> value_text("number", 1234567.0), value_text("number", 0.123456)
    ('1,234,567', '0.1235')
    """
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return "missing"
    if isinstance(value, str):
        return value
    if kind == "boolean":
        return "yes" if value else "no"
    if kind == "date":
        moment = EPOCH + dt.timedelta(days=float(value))
        return f"{moment:%Y-%m-%d}" if float(value).is_integer() else f"{moment:%Y-%m-%d %H:%M}"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
