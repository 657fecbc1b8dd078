"""Metrics of cross-validated predictions: pooled over folds, averaged over repeats."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from steelyard.errors import DataError
from steelyard.stats.fold_table import contributions
from steelyard.stats.influence import standard_error
from steelyard.stats.metric_intervals import ALL, MetricValue, with_intervals
from steelyard.stats.metrics import BY_NAME, METRICS
from steelyard.stats.predictions import Predictions

Floats = NDArray[np.float64]


def cross_validated_metrics(
    repeats: Sequence[Predictions], names: Sequence[str] = ALL, *, seed: int = 0
) -> dict[str, MetricValue]:
    """Metrics of repeated cross-validation, each row predicted once a repeat.

    Value, low and high are means over the repeats: ten repeats of the same rows are no more
    rows, so the interval stays as wide as one repeat's. Where the predictions know their folds it
    is widened if the folds differ by more than their rows explain.

    Args:
        repeats: the same rows, predicted anew each time.
        names, seed: as in `metric_values`.
    """
    if not repeats:
        raise DataError("no repeats; give the predictions of at least one.")
    entries: dict[str, list[MetricValue]] = {name: [] for name in names}
    excess: dict[str, list[float]] = {name: [] for name in names}
    folds = 0
    for rows in repeats:
        codes = rows.fold_codes
        folds = int(codes.max()) + 1
        for name, found, entry in with_intervals(rows, names, seed=seed):
            entries[name].append(entry)
            if found is not None and folds > 1:
                error, _ = standard_error(found.influence, rows.groups)
                spread = float(contributions(found, codes).var(ddof=1))
                excess[name].append(spread / (folds * error**2) if error else 0.0)
    return {
        metric.name: _widened(metric.name, _mean(entries[metric.name]), excess[metric.name], folds)
        for metric in METRICS
        if metric.name in names
    }


def _mean(entries: Sequence[MetricValue]) -> MetricValue:
    """None as soon as one repeat has no value: a mean over the others would flatter."""
    result: MetricValue = {}
    for end in ("value", "low", "high"):
        parts = [entry[end] for entry in entries]
        known = [part for part in parts if part is not None]
        result[end] = float(np.mean(known)) if len(known) == len(parts) else None
    return result


def _widened(name: str, entry: MetricValue, excess: Sequence[float], folds: int) -> MetricValue:
    """The interval times Birge's ratio where the folds disagree beyond chance.

    The pooled interval takes rows as independent given the model. A training set that happens
    to matter, or a fold unlike the rest, shows as fold values spread wider than that.
    `excess`: variance between folds over the one that rows explain, a repeat each.
    Source: Birge, Physical Review 40, 1932; used as in meta-analysis.
    """
    value, low, high = entry["value"], entry["low"], entry["high"]
    if value is None or low is None or high is None or not excess:
        return entry
    ratio = float(np.mean(excess))
    if ratio * (folds - 1) <= stats.chi2.ppf(0.95, folds - 1):
        return entry
    stretch, bounds = math.sqrt(ratio), BY_NAME[name]
    return {
        "value": value,
        "low": max(bounds.low, value - stretch * (value - low)),
        "high": min(bounds.high, value + stretch * (high - value)),
    }
