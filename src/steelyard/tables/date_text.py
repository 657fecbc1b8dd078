"""Dates as people write them: one order of day, month and year for a whole column."""

from dataclasses import dataclass

import polars as pl

HEAD = 1_000
LOOKS_LIKE_DATE = (
    r"^([0-9]{4}[-/.][0-9]{1,2}([-/.T ]|$)|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}|"
    r"[0-9]{1,2}[-/.][0-9]{4}$|"
    r"(?i:([0-9]{1,2}[- /.]?|[a-z]{3,9},? )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"[a-z]{0,6}[- ,/.]{0,2}[0-9]{1,4}))"
)
# %B reads short and full names of months.
DATES = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d"),
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y"),
    *("%d-%B-%Y", "%d-%B-%y", "%d %B %Y", "%d/%B/%Y", "%d%B%Y", "%d%B%y", "%d. %B %Y"),
    *("%B %d, %Y", "%B %d %Y", "%a, %d %B %Y", "%a %d %B %Y", "%A, %B %d, %Y"),
    *("%B-%Y", "%B %Y", "%B-%y", "%B %y", "%m/%Y", "%m-%Y", "%m.%Y", "%Y-%m", "%Y/%m", "%Y.%m"),
)
YEAR_1000 = -354_285  # days
TIMES = ("%H:%M:%S%.f", "%H:%M", "%I:%M %p", "%I:%M:%S %p")


@dataclass(frozen=True)
class DateReading:
    """The order that reads every value, '' if none; `why` says what stands against dates."""

    order: str
    why: str = ""


def read_order(text: pl.Series) -> DateReading:
    """The one order of day, month and year that reads every value of cleaned text.

    Where 03/04 can be read both ways in the whole column nobody can tell, and it stays text.
    """
    present = text.drop_nulls()
    first = present.head(HEAD)
    if 2 * first.str.contains(LOOKS_LIKE_DATE).sum() <= len(first):
        return DateReading("")
    unread = {order: int(as_dates(first, order).null_count()) for order in DATES}
    best = min(unread.values())
    if 2 * best >= len(first):
        return DateReading("")
    likely = [order for order in DATES if unread[order] == best]
    read = {order: as_dates(present, order) for order in likely}
    fewest = min(dates.null_count() for dates in read.values())
    if fewest:
        dates = next(dates for dates in read.values() if dates.null_count() == fewest)
        odd = present.filter(dates.is_null())
        return DateReading("", f"all but {len(odd):,} rows are dates, but not {odd[0]!r}")
    fitting = {order: dates for order, dates in read.items() if not dates.has_nulls()}
    order, dates = next(iter(fitting.items()))
    if all(dates.equals(other) for other in fitting.values()):
        return DateReading(order)
    return DateReading(
        "",
        f"holds dates such as {present[0]!r}, in which day and month cannot be told apart; "
        "write them as 2024-12-31",
    )


def as_dates(text: pl.Series, order: str) -> pl.Series:
    """Days since 1970-01-01 (UTC), with the time of day as a fraction; null where unreadable."""
    # Without a day the first of the month; a year of two digits is no year of the first century.
    text = text.set(text.str.contains("[0-9]{4}") != ("%Y" in order), None)
    if text.null_count() == len(text):
        return text.cast(pl.Float64)
    if "%d" not in order:
        text, order = "01 " + text, f"%d {order}"
    days = text.str.to_date(order, strict=False).cast(pl.Float64)
    days = days.set(days < YEAR_1000, None)  # "Jan-2019" is not the year -2019
    if days.null_count() == text.null_count():
        return days
    moments = text.str.replace("([0-9])T([0-9])", "$1 $2").str.replace(r"Z$", "+00:00")
    for time in TIMES:
        for zone in ("", "%#z"):
            if days.null_count() == text.null_count():
                return days
            read = moments.str.to_datetime(
                f"{order} {time}{zone}", strict=False, time_unit="us", time_zone="UTC"
            )
            days = days.zip_with(days.is_not_null(), days_since_epoch(read))
    return days


def days_since_epoch(moments: pl.Series) -> pl.Series:
    """Float64 days of a Date or Datetime column; a time zone is turned into UTC first."""
    if moments.dtype == pl.Date:
        return moments.cast(pl.Float64)
    return moments.dt.epoch("us").cast(pl.Float64) / 86_400e6
