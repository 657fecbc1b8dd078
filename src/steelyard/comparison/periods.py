"""The chosen technique period by period, what the next may show, and what a random split says."""

import datetime as dt
from typing import Any

import numpy as np

from steelyard.comparison.judging import Judged
from steelyard.comparison.protocol import Protocol
from steelyard.decision import costs_of
from steelyard.jobs.lag import kind_of_time
from steelyard.stats.metric_intervals import metric_values
from steelyard.stats.next_period import next_period
from steelyard.stats.predictions import Predictions
from steelyard.tables import Table

SHOWN = ("average_precision", "roc_auc", "recall", "precision", "observed_expected")
NEXT = ("average_precision", "recall", "precision")


def periods(table: Table, protocol: Protocol, chosen: Judged) -> dict[str, Any] | None:
    """What run.json says of time; None for a comparison that is not in time order."""
    if table.times is None:
        return None
    from steelyard.comparison.random_split import quick_figures

    blocks = [split.test for split in protocol.splits if split.scored]
    rows = [_period(table, protocol, chosen, test) for test in blocks]
    return {
        "rows": rows,
        "next": _next(rows),
        "quick": quick_figures(table, protocol),
    }


def _period(table: Table, protocol: Protocol, chosen: Judged, test: np.ndarray) -> dict[str, Any]:
    """Figures of the rows `test`, a block in time."""
    whole = chosen.predictions[0]
    place = np.searchsorted(protocol.scored, test)
    rows = Predictions.of(
        whole.y[place],
        whole.p[place],
        whole.d[place],
        positive=protocol.positive,
        costs=costs_of(protocol.goal),
        groups=None if whole.groups is None else whole.groups[place],
        weights=None if whole.weights is None else whole.weights[place],
    )
    weight = np.ones(len(place)) if rows.weights is None else rows.weights
    hit = rows.y == protocol.positive
    flagged = rows.d == protocol.positive
    both = 0 < hit.sum() < len(hit)
    metrics = metric_values(rows, seed=protocol.seed) if both else {}
    times = table.times[test] if table.times is not None else np.zeros(1)
    return {
        "from": _when(table, float(times.min())),
        "to": _when(table, float(times.max())),
        "rows": len(test),
        "positives": int(hit.sum()),
        "prevalence": float(np.average(hit, weights=weight)),
        "flagged": float(np.average(flagged, weights=weight)),
        "flagged_as_deployed": float(np.average(_as_deployed(rows, chosen), weights=weight)),
        "metrics": {name: metrics[name] for name in SHOWN if name in metrics},
    }


def _as_deployed(rows: Predictions, chosen: Judged) -> np.ndarray:
    """Which rows the deployed threshold flags; as decided in the folds where it is no threshold."""
    threshold = chosen.rule.threshold
    if threshold is None:
        return np.asarray(rows.d == rows.positive)
    return np.asarray(rows.p[:, rows.positive] >= threshold)


def _when(table: Table, time: float) -> str | float:
    """A date where the column holds dates, else the number."""
    if kind_of_time(table) != "date":
        return time
    day = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=time)
    return day.strftime("%Y-%m-%d" if time == round(time) else "%Y-%m-%d %H:%M")


def _next(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Intervals for the period to come, by figure; none where periods are too few."""
    found: dict[str, Any] = {}
    for name in NEXT:
        seen = np.array([_with_error(row["metrics"].get(name)) for row in rows])
        found[name] = next_period(seen[:, 0], seen[:, 1])
    for name in ("prevalence", "flagged", "flagged_as_deployed"):
        values = np.array([row[name] for row in rows])
        sizes = np.array([row["rows"] for row in rows])
        chance = np.sqrt(np.maximum(values * (1 - values), 0.25 / sizes) / sizes)
        found[name] = next_period(values, chance)
    return {name: one.to_dict() for name, one in found.items() if one is not None}


def _with_error(metric: Any) -> tuple[float, float]:
    if metric is None or metric["value"] is None:
        return float("nan"), float("nan")
    return metric["value"], (metric["high"] - metric["low"]) / 3.92
