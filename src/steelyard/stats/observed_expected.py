"""Observed over expected rows of a class with its interval: the one that is shown everywhere."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.stats.influence import standard_error
from steelyard.stats.intervals import quantile
from steelyard.stats.validation import labelled

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.integer]
Ratio = dict[str, float | None]


def observed_expected(
    y: ArrayLike,
    p: ArrayLike,
    *,
    weight: Floats | None = None,
    stratified: bool = False,
    level: float = 0.95,
) -> list[Ratio]:
    """Rows seen of each class over rows promised, with an interval; 1 is the target.

    Args:
        y: codes, shape (rows,), at natural prevalence. p: shape (rows, classes).
        weight, stratified: as in `ratio_with_interval`.
        level: of the interval.
    Returns: one `{value, low, high}` per class; all None for a class that was neither promised
        nor seen, value and high None for one that was seen only.
    """
    values, codes = labelled(p, y)
    return [
        ratio_with_interval(
            codes == k, values[:, k], weight=weight, stratified=stratified, level=level
        )
        for k in range(values.shape[1])
    ]


def ratio_with_interval(
    is_hit: Bools,
    p: Floats,
    *,
    weight: Floats | None = None,
    groups: Ints | None = None,
    stratified: bool = False,
    level: float = 0.95,
) -> Ratio:
    """Observed / expected of one class with its interval: the one that is reported everywhere.

    The score interval of a count whose variance is a fixed share of its mean. The share comes
    from the errors made, or from the probabilities (a sum of unequal coin flips) where those say
    more. With stratified folds the number of positives is no chance: what was to be expected
    follows it, so only the probabilities within each class vary, and the interval is narrower.

    Args:
        is_hit, p: shape (n,): rows of the class, and its probability.
        weight, groups: shape (n,) or None, as in `Predictions`.
        stratified: the probabilities come from folds that hold the class in equal shares.
        level: of the interval.
    """
    mass = np.ones(len(p)) if weight is None else weight
    observed, expected = float((mass * is_hit).sum()), float((mass * p).sum())
    if expected <= 0.0:
        return {"value": None, "low": 1.0 if observed else None, "high": None}
    value = observed / expected
    if stratified:
        moves, least = -value * mass * _within_classes(is_hit, p, mass), 0.0
    else:
        # Where chances differ by class, the rows of the class are what the count is made of.
        counted = mass[is_hit] if observed else mass
        one_row = float((counted**2).sum() / counted.sum())
        moves = mass * (is_hit - value * p)
        least = one_row * float((mass * p * (1 - p)).sum()) / expected
    error, df = standard_error(moves, groups)
    dispersion = max(least, error**2 / observed if observed else 0.0)
    # Solves (observed - mean)^2 = z^2 * dispersion * mean for the mean.
    half = quantile(df, level) ** 2 * dispersion / 2.0
    reach = np.sqrt(2.0 * half * observed + half * half)
    low, high = observed + half - reach, observed + half + reach
    return {
        "value": value,
        "low": min(float(max(low, 0.0) / expected), value),
        "high": max(float(high / expected), value),
    }


def _within_classes(is_hit: Bools, p: Floats, mass: Floats) -> Floats:
    """Probabilities less their mean over rows of the same kind, each kind a degree short."""
    rows = len(p)
    counts = np.array([rows, 0]) + np.count_nonzero(is_hit) * np.array([-1, 1])
    weight, total = (_of_both_kinds(is_hit, each) for each in (mass, mass * p))
    known = (counts > 1) & (weight > 0)
    mean = np.divide(total, weight, out=np.zeros(2), where=known)
    short = np.sqrt(np.divide(counts, counts - 1, out=np.zeros(2), where=known))
    return (p - np.where(is_hit, mean[1], mean[0])) * np.where(is_hit, short[1], short[0])


def _of_both_kinds(is_hit: Bools, each: Floats) -> Floats:
    """Sums over the other rows and over those of the class."""
    hits = float(each[is_hit].sum())
    return np.array([float(each.sum()) - hits, hits])


def holds_one(ratio: dict[str, Any]) -> bool:
    """Whether the interval of an observed/expected ratio holds 1."""
    if ratio["low"] is None:
        return True
    return ratio["low"] <= 1.0 and (ratio["high"] is None or ratio["high"] >= 1.0)
