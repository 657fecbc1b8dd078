"""Metrics of cross-validated predictions: pooled over folds, averaged over repeats."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from steelyard.errors import DataError
from steelyard.stats.metrics import (
    BY_NAME,
    MetricValue,
    metric_values,
    scored,
    value_of,
)

Floats = NDArray[np.float64]


def fold_values(
    metric: str,
    y: ArrayLike,
    p: ArrayLike,
    folds: ArrayLike,
    *,
    d: ArrayLike | None = None,
    positive: int | None = None,
    costs: ArrayLike | None = None,
) -> Floats:
    """One metric per fold, in the order of the fold codes; the input of the paired tests.

    `y`, `p`, `d`, `positive` and `costs` as in `metric_values`; `folds` of shape (n,) says in which
    fold a row was predicted. `d` matters to metrics of decisions only. NaN where a fold lacks
    the rows for the metric.
    """
    if d is None:
        if BY_NAME[metric].kind == "thresholded":
            raise DataError(f"{metric} is a metric of decisions; give them as d=.")
        d = y
    rows = scored(y, p, d, positive=positive, costs=costs)
    fold_of = np.asarray(folds)
    values = [value_of(metric, rows.rows(fold_of == fold)) for fold in np.unique(fold_of)]
    return np.array([np.nan if v is None else v for v in values])


def pooled_metrics(
    y: ArrayLike,
    p_by_repeat: Sequence[ArrayLike],
    d_by_repeat: Sequence[ArrayLike],
    *,
    positive: int | None = None,
    costs: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    folds_by_repeat: Sequence[ArrayLike] | None = None,
    seed: int = 0,
) -> dict[str, MetricValue]:
    """Metrics of repeated cross-validation, each row predicted once a repeat.

    Value, low and high are means over the repeats: ten repeats of the same rows are no more
    rows, so the interval stays as wide as one repeat's. With `folds_by_repeat` it is widened
    where the folds differ by more than their rows explain. Arguments else as in `metric_values`.
    """
    if not len(p_by_repeat) == len(d_by_repeat) > 0:
        raise DataError(
            f"{len(p_by_repeat)} repeats of probabilities and {len(d_by_repeat)} of decisions; "
            "give as many of one as of the other, at least one."
        )
    options: dict[str, Any] = {"positive": positive, "costs": costs}
    per_repeat = [
        metric_values(y, p, d, groups=groups, seed=seed, **options)
        for p, d in zip(p_by_repeat, d_by_repeat, strict=True)
    ]
    result = {name: _mean([one[name] for one in per_repeat]) for name in BY_NAME}
    for name, entry in result.items():
        if folds_by_repeat is not None and entry["value"] is not None:
            spread = [
                fold_values(name, y, p, folds, d=d, **options)
                for p, d, folds in zip(p_by_repeat, d_by_repeat, folds_by_repeat, strict=True)
            ]
            result[name] = _widened(name, entry, spread)
    return result


def _mean(entries: Sequence[MetricValue]) -> MetricValue:
    """None as soon as one repeat has no value: a mean over the others would flatter."""
    result: MetricValue = {}
    for end in ("value", "low", "high"):
        parts = [entry[end] for entry in entries]
        known = [part for part in parts if part is not None]
        result[end] = float(np.mean(known)) if len(known) == len(parts) else None
    return result


def _widened(name: str, entry: MetricValue, per_repeat: Sequence[Floats]) -> MetricValue:
    """The interval times Birge's ratio where the folds disagree beyond chance.

    The pooled interval takes rows as independent given the model. A training set that happens
    to matter, or a fold unlike the rest, shows as fold values spread wider than that.
    Source: Birge, Physical Review 40, 1932; used as in meta-analysis.
    """
    value, low, high = entry["value"], entry["low"], entry["high"]
    spreads = [v[~np.isnan(v)] for v in per_repeat]
    folds = min(len(v) for v in spreads)
    if value is None or low is None or high is None or folds < 2 or high == low:
        return entry
    error = (high - low) / (2 * stats.norm.ppf(0.975))
    seen = float(np.mean([v.var(ddof=1) for v in spreads]))
    ratio = seen / (folds * error**2)
    if ratio * (folds - 1) <= stats.chi2.ppf(0.95, folds - 1):
        return entry
    stretch, bounds = math.sqrt(ratio), BY_NAME[name]
    return {
        "value": value,
        "low": max(bounds.low, value - stretch * (value - low)),
        "high": min(bounds.high, value + stretch * (high - value)),
    }
