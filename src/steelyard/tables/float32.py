"""Columns that lose their signal in float32, in which models compute."""

import polars as pl

SPACING = 1.2e-7  # of neighbouring float32 numbers, relative to their size
FINE = 1e4  # spacings in a standard deviation from which nothing that matters is lost
KEPT = 0.9  # share of the distinct values


def lost_in_float32(column: pl.Series) -> str:
    """What is lost of a column of numbers, for people; "" if nothing that matters.

    Seconds since 1970 are 1.7e9, where float32 knows every 128th only.

    >>> lost_in_float32(pl.Series([1.7e9 + i for i in range(1_000)]))
    'holds 1,000 different values, of which float32 tells 9 apart; subtract the smallest'
    >>> lost_in_float32(pl.Series([1e9 * i for i in range(1_000)]))
    ''
    """
    size, spread = column.abs().max(), column.std()
    if size is None or spread is None or not 0 < spread < FINE * SPACING * size:  # type: ignore[operator]
        return ""
    there, kept = column.n_unique(), column.cast(pl.Float32).n_unique()
    if kept >= KEPT * there:
        return ""
    return (
        f"holds {there:,} different values, of which float32 tells {kept:,} apart; "
        "subtract the smallest"
    )
