"""Values as text: what is missing, what is a yes or no, and the one spelling of a level.

The same rules hold for every source, so that a level is the same level whether it came from a
CSV file, a Parquet file or a pandas column that turned its whole numbers into floats.
"""

from collections.abc import Callable

import polars as pl

# Read as missing in every text column. "None" is not here: it can be a level ("test not taken").
MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "null", "NULL", "?")
HEAD = 1_000
TRAILING_ZEROS = r"^[+-]?\d+\.\d*0$"


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


def decoded(column: pl.Series) -> pl.Series:
    """Bytes that are UTF-8 throughout as text (ARFF files, Hive's Parquet); else the column."""
    if column.dtype != pl.Binary:
        return column
    try:
        return column.cast(pl.String)
    except pl.exceptions.PolarsError:
        return column


def as_booleans(text: pl.Series) -> pl.Series | None:
    """Float64 zeros and ones if every value of cleaned text spells true or false, else None."""
    for part in (text.head(HEAD), text):
        present = part.drop_nulls()
        if not present.str.to_lowercase().is_in(["true", "false"]).all():
            return None
    if not len(present):
        return None
    return (text.str.to_lowercase() == "true").cast(pl.Float64)


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
