"""How uneven the classes are, from their counts alone."""

import math
from collections.abc import Sequence

from steelyard.stats.limits import TO_COMPARE, TO_NAME_BEST

# Upper end of each tier, in rows of the largest class per row of the smallest.
TIERS = ((5.0, "low"), (10.0, "medium"), (50.0, "high"), (math.inf, "extreme"))

# Rows of a class -> what they can carry. From the events that validation studies ask for
# (Collins et al. 2016; Snell et al. 2021) and the width of a recall's interval.
PERMITS = (
    (TO_COMPARE, "too few to compare techniques; describe them only"),
    (TO_NAME_BEST, "enough for wide intervals, not for naming a best technique"),
    (200, "enough for differences in ranking, not for calibration"),
    (math.inf, "enough for claims on ranking and calibration"),
)


def imbalance_ratio(counts: Sequence[int]) -> float:
    """Rows of the largest class per row of the smallest.

    >>> imbalance_ratio([1000, 100, 10])
    100.0
    """
    return max(counts) / min(counts)


def tier(ratio: float) -> str:
    """'low' under 5, 'medium' under 10, 'high' under 50, else 'extreme'.

    The tiers of the CLIMB benchmark. A ratio alone decides nothing: the rows of the smallest
    class do.
    """
    return next(name for end, name in TIERS if ratio < end)


def permits(rows: int) -> str:
    """What that many rows of the rare class can support, in words.

    >>> permits(9)
    'too few to compare techniques; describe them only'
    """
    return next(words for end, words in PERMITS if rows < end)


def entropy(counts: Sequence[int]) -> float:
    """Shannon entropy of the class shares, in nats: 0 for one class, log K when even."""
    total = sum(counts)
    return sum(-n / total * math.log(n / total) for n in counts if n)


def hill_1(counts: Sequence[int]) -> float:
    """exp(entropy): the number of even classes that would be as uncertain.

    >>> round(hill_1([1000, 100, 10]), 6)
    1.423741

    Source: Hill, "Diversity and evenness", Ecology 54 (1973).
    """
    return math.exp(entropy(counts))


def hill_2(counts: Sequence[int]) -> float:
    """1 / sum of squared shares: the number of even classes that would collide as often.

    >>> round(hill_2([1000, 100, 10]), 6)
    1.21978
    """
    total = sum(counts)
    return total**2 / sum(n * n for n in counts)


def lrid(counts: Sequence[int]) -> float:
    """Likelihood-ratio imbalance degree: -2 sum n_k log(N / (K n_k)); 0 when even.

    It is 2 N times the Kullback-Leibler divergence of the class shares from even ones, so
    divide by 2 N for a value that does not grow with the table.

    >>> round(lrid([1000, 100, 10]), 3)
    1654.62

    Source: Zhu et al., "LRID: a new metric of multi-class imbalance degree", Pattern
    Recognition Letters 116 (2018).
    """
    total, classes = sum(counts), len(counts)
    return 2 * sum(n * math.log(classes * n / total) for n in counts if n)
