"""What is missed below the threshold, from a few labelled rows drawn with known chances."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


def missed(found: int, chances: ArrayLike, least_chance: float) -> dict[str, dict[str, Any]]:
    """Missed positives and recall with 95 % intervals, `{value, low, high}` each.

    Each missed positive that was drawn stands for the inverse of its chance. Of few of them a sum
    of such weights is far from normal, so its interval is that of a weighted sum of counts: it
    holds at least as often as it says, also where none was drawn.

    Args:
        found: positives among the flagged rows, all of which are labelled.
        chances: inclusion probability of each positive among the rows drawn.
        least_chance: the smallest inclusion probability of any row that was drawn.
    Returns: `missed`, unbiased; `recall`, found / (found + missed) less what the chance of the draw
        adds to such a ratio (to second order); None where there is no positive at all.
    Source: Horvitz and Thompson, JASA 47, 1952; interval of Fay and Feuer, Statistics in Medicine
        16, 1997.
    """
    weight = 1 / np.asarray(chances, dtype=np.float64)
    total = float(weight.sum())
    # A row that was sure to be drawn brings no chance in.
    variance = float((weight**2 - weight).sum())
    low = total if variance == 0 else _gamma(0.025, total, variance)
    one = 1 / least_chance
    more = 0.0 if least_chance == 1 else one
    high = total if more == 0 else _gamma(0.975, total + more, variance + more**2)
    lost = {"value": total, "low": low, "high": max(high, total)}
    if found + total == 0:
        return {"missed": lost, "recall": {"value": None, "low": None, "high": None}}
    share = found / (found + total)
    bias = found * variance / (found + total) ** 3
    recall = {
        "value": max(0.0, share - bias),
        "low": found / (found + lost["high"]),
        "high": found / (found + low) if found else 0.0,
    }
    return {"missed": lost, "recall": recall}


def _gamma(q: float, mean: float, variance: float) -> float:
    return float(stats.gamma.ppf(q, mean**2 / variance, scale=variance / mean))
