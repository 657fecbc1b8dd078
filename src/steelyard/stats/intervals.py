"""Closed-form intervals: shares, average precision, ROC-AUC, and anything with influences."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from steelyard.errors import RequestError

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


def clopper_pearson(hits: int, total: int, *, level: float = 0.95) -> Interval:
    """Exact interval of a share: never covers less than `level`, so it is wide.

    Source: Clopper and Pearson, Biometrika 26, 1934.

    >>> clopper_pearson(0, 10)
    Interval(low=0.0, high=0.308497...)
    """
    _check_share(hits, total)
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(stats.beta.ppf(tail, hits, total - hits + 1))
    high = 1.0 if hits == total else float(stats.beta.ppf(1 - tail, hits + 1, total - hits))
    return Interval(low, high)


def average_precision_logit(value: float, positives: float, *, level: float = 0.95) -> Interval:
    """Interval of average precision on the logit scale, from the number of positives alone.

    Source: Boyd, Eng and Page, "Area under the precision-recall curve: point estimates and
    confidence intervals", ECML PKDD 2013.

    >>> average_precision_logit(0.6, 100)
    Interval(low=0.501..., high=0.691...)
    """
    return logit_interval(value, math.sqrt(max(value * (1 - value), 0.0) / positives), level=level)


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


def hanley_mcneil_error(auc: float, positives: float, negatives: float) -> float:
    """Standard error of a ROC-AUC from its value and the two class sizes alone.

    Source: Hanley and McNeil, Radiology 143, 1982.

    >>> round(hanley_mcneil_error(0.9, 100, 5000), 4)
    0.0207
    """
    both_positives = auc / (2 - auc)
    both_negatives = 2 * auc * auc / (1 + auc)
    spread = auc * (1 - auc)
    spread += (positives - 1) * (both_positives - auc * auc)
    spread += (negatives - 1) * (both_negatives - auc * auc)
    return math.sqrt(max(spread, 0.0) / (positives * negatives))


def placements(is_positive: ArrayLike, score: ArrayLike) -> tuple[float, Floats]:
    """ROC-AUC and, per row, the share of the other class it is ranked right against.

    Ties count half. The mean placement of either class is the AUC; their variances give
    DeLong's error. Shapes: (n,) and (n,) in, (n,) out. `n log n` through mid-ranks.
    Source: Sun and Xu, IEEE Signal Processing Letters 21, 2014.
    """
    truth = np.asarray(is_positive, dtype=bool)
    score = np.asarray(score, dtype=np.float64)
    m, n = int(truth.sum()), int((~truth).sum())
    overall = stats.rankdata(score)
    within = np.empty_like(overall)
    within[truth] = stats.rankdata(score[truth])
    within[~truth] = stats.rankdata(score[~truth])
    others = overall - within
    placed = np.where(truth, others / n, 1 - others / m)
    return float(placed[truth].mean()), placed


def delong_error(is_positive: ArrayLike, score: ArrayLike) -> float:
    """Standard error of the ROC-AUC without assumptions on the scores; two rows a class at least.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988.
    """
    truth = np.asarray(is_positive, dtype=bool)
    _, placed = placements(truth, score)
    ours, theirs = placed[truth], placed[~truth]
    return math.sqrt(ours.var(ddof=1) / len(ours) + theirs.var(ddof=1) / len(theirs))


def quantile(df: float, level: float) -> float:
    """Two-sided quantile of Student's t; `df` may be infinite or a fraction."""
    return _z(level) if math.isinf(df) else float(stats.t.ppf((1 + level) / 2, df))


def _z(level: float) -> float:
    return float(stats.norm.ppf((1 + level) / 2))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _check_share(hits: float, total: float) -> None:
    if not (total > 0 and 0 <= hits <= total):
        raise RequestError(
            f"got {hits} hits in {total} rows; an interval needs 0 <= hits <= rows and rows > 0."
        )
