"""How many rows a ratio asks for, without the rounding of binary fractions."""

import math
from fractions import Fraction


def rows_of(ratio: float, rows: int) -> int:
    """Whole rows in a share of some rows: 0.57 of 100 is 57, though 0.57 * 100 falls short.

    >>> rows_of(0.57, 100), rows_of(0.5, 7)
    (57, 3)
    """
    return math.floor(_as_written(ratio) * rows)


def rows_over(rows: int, ratio: float) -> int:
    """Whole rows of which some rows are a share: 9 is 0.09 of 100.

    >>> rows_over(9, 0.09), int(29 / 0.29), rows_over(29, 0.29)
    (100, 100, 100)
    """
    return math.floor(rows / _as_written(ratio))


def _as_written(ratio: float) -> Fraction:
    """The decimal fraction that was typed, which the nearest float only stands for."""
    return Fraction(repr(float(ratio)))
