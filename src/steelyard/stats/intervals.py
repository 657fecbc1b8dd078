"""Closed-form intervals: of shares, of rankings, and of anything with influences."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from steelyard.errors import RequestError
from steelyard.stats.limits import TO_COMPARE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Both ends of an interval, `low <= high`."""

    low: float
    high: float


def wilson(hits: float, total: float, *, level: float = 0.95) -> Interval:
    """Score interval of a share: keeps its coverage for few rows and shares near 0 or 1.

    `hits` and `total` may be fractions (an effective number of rows), `0 <= hits <= total`.
    Source: Wilson, JASA 22, 1927.

    >>> wilson(8, 10)
    Interval(low=0.490162..., high=0.943317...)
    """
    _check_share(hits, total)
    z = _z(level)
    share, spread = hits / total, z * z / total
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    # At 0 and at all hits the exact ends are 0 and 1; rounding would miss them by 1e-17.
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    return Interval(low, 1.0 if hits == total else min(1.0, centre + half))


def logit_interval(
    value: float, error: float, *, df: float = math.inf, level: float = 0.95
) -> Interval:
    """`value` in (0, 1) with standard `error`, made symmetric on the logit scale.

    A value of 0 or 1, where the logit has no end, comes back as a point.
    """
    spread = value * (1 - value)
    if spread <= 0:
        return Interval(value, value)
    step = quantile(df, level) * error / spread
    centre = math.log(value / (1 - value))
    return Interval(_sigmoid(centre - step), _sigmoid(centre + step))


def ranking_interval(
    value: float, error: float, df: float, positives: float, *, centre: float | None = None
) -> Interval:
    """95 % interval of a ROC-AUC or average precision: the one that is reported everywhere.

    Symmetric on the logit scale around `centre` (by default the value itself), and never surer
    than a share of so many rows where there are too few to know their own spread.

    Args:
        value, error, df: the metric, its standard error and degrees of freedom, from influences.
        positives: effective rows of the class of interest.
    """
    found = logit_interval(value if centre is None else centre, error, df=df)
    low, high = min(found.low, value), max(found.high, value)
    if error == 0 or positives < TO_COMPARE:
        share = wilson(value * positives, positives)
        low, high = min(low, share.low), max(high, share.high)
    return Interval(low, high)


def quantile(df: float, level: float) -> float:
    """Two-sided quantile of Student's t; `df` may be infinite or a fraction."""
    return _z(level) if math.isinf(df) else float(special.stdtrit(df, (1 + level) / 2))


def _z(level: float) -> float:
    return float(stats.norm.ppf((1 + level) / 2))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _check_share(hits: float, total: float) -> None:
    if not (total > 0 and 0 <= hits <= total):
        raise RequestError(
            f"got {hits} hits in {total} rows; an interval needs 0 <= hits <= rows and rows > 0."
        )
