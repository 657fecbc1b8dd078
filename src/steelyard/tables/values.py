"""Values as text: what is missing, what is a number, a date, a yes or no, or a level.

The same rules hold for every source, so that a level is the same level whether it came from a
CSV file, a Parquet file or a pandas column that turned its whole numbers into floats.
"""

from collections.abc import Callable

import polars as pl

# Read as missing in every text column. "None" is not here: it can be a level ("test not taken").
MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "null", "NULL", "?")
# Missing only in a column where everything else is a number.
MISSING_AMONG_NUMBERS = ("None", "none", "-", "--", ".", "missing", "unknown", "Unknown")

HEAD = 1_000
CODE = r"^[+-]?0\d|^[+-]?\d{16,}$"  # leading zeros, or longer than a float can tell apart
TRAILING_ZEROS = r"^[+-]?\d+\.\d*0$"
LOOKS_LIKE_DATE = r"^(\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4})([ T]|$)"
DATES = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y")
TIMES = ("%H:%M:%S%.f", "%H:%M")


def clean(text: pl.Series) -> pl.Series:
    """Strip spaces at both ends and turn missing-value tokens into nulls."""
    return _per_distinct(text, _clean)


def levels(text: pl.Series) -> pl.Series:
    """Cleaned text in which a number has one spelling: '3.0' is '3' and '2.50' is '2.5'.

    A column of codes with a missing value comes out of pandas as floats; without this rule
    its '3.0' would be an unseen level for a model that learned '3'.

    >>> levels(pl.Series(["3.0", " 3", "2.50", "10", "?"])).to_list()
    ['3', '3', '2.5', '10', None]
    """
    return _per_distinct(text, _level)


def numbers_as_levels(numbers: pl.Series) -> pl.Series:
    """Numbers and booleans in the spelling that `levels` gives their text."""
    text = numbers.cast(pl.String)
    if numbers.dtype == pl.Boolean:
        return text.str.to_titlecase()  # True and False, as pandas writes them among strings
    return levels(text)


def as_numbers(text: pl.Series) -> pl.Series | None:
    """Float64 if every value that is there is a number, else None.

    Codes, such as '00123', are no numbers (judged by the first rows). Words for 'missing' are
    accepted among numbers.
    """
    first = _clean(text.head(HEAD)).drop_nulls()
    if first.str.contains(CODE).any() or _unread(first).any():
        return None
    text = clean(text)
    if _unread(text).any():
        return None
    numbers = to_floats(text)
    return None if numbers.null_count() == len(numbers) else numbers


def to_floats(text: pl.Series) -> pl.Series:
    """Float64 of cleaned text, null where missing or unreadable."""
    return text.cast(pl.Float64, strict=False).fill_nan(None)


def _unread(text: pl.Series) -> pl.Series:
    unread = text.filter(text.cast(pl.Float64, strict=False).is_null() & text.is_not_null())
    return ~unread.is_in(MISSING_AMONG_NUMBERS)


def as_booleans(text: pl.Series) -> pl.Series | None:
    """Float64 zeros and ones if every value of cleaned text spells true or false, else None."""
    for part in (text.head(HEAD), text):
        present = part.drop_nulls()
        if not present.str.to_lowercase().is_in(["true", "false"]).all():
            return None
    if not len(present):
        return None
    return (text.str.to_lowercase() == "true").cast(pl.Float64)


def date_format(text: pl.Series) -> str:
    """The one order of day, month and year that reads every value of cleaned text; '' if none.

    Where 03/04 can be read both ways in the whole column nobody can tell, and it stays text.
    """
    present = text.drop_nulls()
    first = present.head(HEAD)
    if not len(present) or not first.str.contains(LOOKS_LIKE_DATE).all():
        return ""
    fitting = [order for order in DATES if not as_dates(first, order).has_nulls()]
    fitting = [order for order in fitting if not as_dates(present, order).has_nulls()]
    return fitting[0] if len(fitting) == 1 else ""


def as_dates(text: pl.Series, order: str) -> pl.Series:
    """Days since 1970-01-01 (UTC), with the time of day as a fraction; null where unreadable."""
    days = text.str.to_date(order, strict=False).cast(pl.Float64)
    moments = text
    for time in TIMES:
        for zone in ("", "%#z"):
            if days.null_count() == text.null_count():
                return days
            if moments is text:
                moments = text.str.replace("T", " ", literal=True).str.replace(r"Z$", "+00:00")
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


def _per_distinct(text: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Apply a function of single values to each distinct value once: columns repeat themselves."""
    distinct = text.unique()
    if len(distinct) > len(text) // 2:
        return change(text)
    changed = change(distinct)
    if changed.eq_missing(distinct).all():
        return text
    return text.replace_strict(distinct, changed, return_dtype=pl.String)


def _clean(text: pl.Series) -> pl.Series:
    text = text.str.strip_chars()
    missing = text.is_in(MISSING)
    return text.set(missing, None) if missing.any() else text


def _level(text: pl.Series) -> pl.Series:
    text = _clean(text)
    zeros = text.str.contains(TRAILING_ZEROS)
    if not zeros.any():
        return text
    trimmed = text.str.strip_chars_end("0").str.strip_chars_end(".")
    return trimmed.zip_with(zeros.fill_null(value=False), text)
