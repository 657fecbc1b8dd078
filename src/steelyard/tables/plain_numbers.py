"""Columns of plain numbers, 1234.5, told for all columns of a sample at once.

Looking at each column on its own would take milliseconds a column, seconds in a wide table.
"""

import polars as pl

from steelyard.tables.names import pick
from steelyard.tables.number_text import CODE, GROUPED_ONCE

LONGEST = 10**15  # from here on neighbouring whole numbers share one float


def plain_columns(sample: pl.DataFrame, *, comma: bool) -> set[str]:
    """Columns of stripped text that hold plain numbers only, codes apart.

    Args:
        comma: whether commas part the fields. If not, a point may stand between thousands, and
            a column whose every point does so needs a closer look.
    """
    numbers = sample.select(pl.all().cast(pl.Float64, strict=False))
    unread, empty = numbers.null_count().row(0), sample.null_count().row(0)
    codes = sample.select(pl.all().str.contains(CODE).any()).row(0)
    grouped = (False,) * sample.width if comma else _only_grouped(sample)
    told = zip(sample.columns, unread, empty, codes, grouped, strict=True)
    return {
        name
        for name, bad, missing, code, group in told
        if bad == missing < sample.height and not (code or group)
    }


def proves_point(sample: pl.DataFrame) -> bool:
    """Whether a column holds numbers with a point that is surely no thousands sign."""
    plain = sorted(plain_columns(sample, comma=False))
    if not plain:
        return False
    found = pick(sample, plain).select(pl.all().str.contains(".", literal=True).any())
    return any(found.row(0))


def unlike_sample(frame: pl.DataFrame, sample: pl.DataFrame, *, comma: bool) -> list[str]:
    """Columns read as numbers whose later values ask for a look at the text.

    These are whole numbers too long for a float, and fractions such as 1.234 in a column of whole
    numbers below a thousand, where the point may part thousands.
    """
    found, sampled = [], set(sample.columns)
    for name in frame.columns:
        column = frame[name].alias("")  # polars takes some names for patterns
        if column.dtype != pl.Float64 or name not in sampled:
            continue
        size = column.abs().max()
        if size is None:
            continue
        if (size >= LONGEST and not _has_exponent(sample[name])) or (  # type: ignore[operator]
            not comma and size < 1000 and _may_be_grouped(column, sample[name])  # type: ignore[operator]
        ):
            found.append(name)
    return found


def _may_be_grouped(column: pl.Series, sample: pl.Series) -> bool:
    if sample.str.contains(".", literal=True).any():
        return False
    fractions = column.filter(column != column.floor())
    if not len(fractions):
        return False
    thousandths = fractions.abs() * 1000
    return bool(((thousandths - thousandths.round()).abs() < 1e-6).all())


def _has_exponent(sample: pl.Series) -> bool:
    return bool(sample.str.contains("[eE]").any())


def _only_grouped(sample: pl.DataFrame) -> tuple[bool, ...]:
    """Whether there are points, all of them where a thousands sign could stand."""
    points = sample.select(pl.all().str.contains(".", literal=True).sum()).row(0)
    grouped = sample.select(pl.all().str.contains(GROUPED_ONCE).sum()).row(0)
    return tuple(bool(n) and n == m for n, m in zip(points, grouped, strict=True))
