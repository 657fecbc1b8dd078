"""Columns that would lose their signal in float32, in which models compute."""

import polars as pl

SPACING = 1.2e-7  # of neighbouring float32 numbers, relative to their size
FINE = 1e4  # spacings in a standard deviation from which nothing that matters is lost
KEPT = 0.9  # share of the distinct values


def float32_offset(column: pl.Series) -> float:
    """What to subtract in float64, before a column of numbers becomes float32; 0 for most.

    Seconds since 1970 are 1.7e9, where float32 knows every 128th only: there the smallest value.

    >>> float32_offset(pl.Series([1.7e9 + i for i in range(1_000)]))
    1700000000.0
    >>> float32_offset(pl.Series([1e9 * i for i in range(1_000)]))
    0.0
    """
    size, spread = column.abs().max(), column.std()
    if size is None or spread is None or not 0 < spread < FINE * SPACING * size:  # type: ignore[operator]
        return 0.0
    there, kept = column.n_unique(), column.cast(pl.Float32).n_unique()
    return 0.0 if kept >= KEPT * there else float(column.min())  # type: ignore[arg-type]
