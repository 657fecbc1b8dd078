"""How many rows must be labelled before the share of a class is known."""

import math

from scipy import stats


def rows_to_know(share: float, factor: float = 2.0) -> int:
    """Rows drawn by chance whose labels tell a share to within a factor, at 95 %.

    The fewest for which the exact interval (Clopper and Pearson) lies between `share / factor` and
    `share * factor` where as many positives as expected are counted.

    >>> rows_to_know(0.1), rows_to_know(0.01)
    (110, 1100)
    """
    positives = 1
    while True:
        rows = math.ceil(positives / share)
        low = stats.beta.ppf(0.025, positives, rows - positives + 1)
        high = stats.beta.ppf(0.975, positives + 1, rows - positives) if rows > positives else 1.0
        if low >= share / factor and high <= share * factor:
            return rows
        positives += 1
