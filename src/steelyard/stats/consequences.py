"""What a threshold means where the model is used: per 1,000 rows, with intervals."""

import math
from typing import Any

from steelyard.stats.intervals import Interval, wilson

Value = dict[str, float | None]

PER = 1000.0


def consequences(
    true_positives: float,
    false_positives: float,
    positives: float,
    negatives: float,
    *,
    repeats: int = 1,
    prevalence: float | None = None,
    costs: tuple[float, float] | None = None,
) -> dict[str, Value]:
    """What is caught, missed and flagged of 1,000 rows, and what that costs.

    Args:
        true_positives, false_positives: flagged rows of the class of interest and of the rest.
        positives, negatives: all rows of both kinds, at least one of each; effective ones where
            rows have weights, with the `prevalence` that those give.
        repeats: how often each source row is among the counts; repeats are no new rows, so they
            make no interval narrower.
        prevalence: share of the class of interest where the model is used; by default that of the
            counts.
        costs: of a false alarm and of a miss.
    Returns: `{value, low, high}` of `recall`, `false_alarm_rate`, `precision` (shares), `caught`,
        `missed`, `false_alarms`, `flagged` (per 1,000 rows) and, with costs, `cost` (per 1,000
        rows), `cost_of_none`, `cost_of_all` (flagging no row, every row) and `net_benefit`:
        caught cases less the false alarms that are worth one, per 1,000 rows. Precision is None
        where nothing is flagged.
    Source: Wilson's intervals of both rates; those of sums by the method of variance estimates
        recovery (Donner, Zou, "Closed-form confidence intervals for functions of the normal mean
        and standard deviation", Stat. Methods Med. Res. 21, 2012); net benefit as in Vickers,
        Elkin, "Decision curve analysis", Med. Decis. Making 26, 2006.

    >>> found = consequences(80, 20, 100, 900, costs=(1, 5))
    >>> [round(found[name]["value"], 6) for name in ("caught", "missed", "cost")]
    [80.0, 20.0, 120.0]
    """
    share = positives / (positives + negatives) if prevalence is None else prevalence
    recall = _share(true_positives, positives, repeats)
    alarms = _share(false_positives, negatives, repeats)
    found = {
        "recall": recall,
        "false_alarm_rate": alarms,
        "precision": _precision(
            true_positives, false_positives, positives, negatives, repeats, share
        ),
        "caught": _times(PER * share, recall),
        "missed": _times(PER * share, _rest(recall)),
        "false_alarms": _times(PER * (1 - share), alarms),
    }
    found["flagged"] = _sum(found["caught"], found["false_alarms"])
    if costs is not None:
        found |= _paid(found, share, *costs)
    return found


def _paid(found: dict[str, Value], share: float, alarm: float, miss: float) -> dict[str, Value]:
    return {
        "cost": _sum(_times(miss, found["missed"]), _times(alarm, found["false_alarms"])),
        "cost_of_none": _exact(PER * share * miss),
        "cost_of_all": _exact(PER * (1 - share) * alarm),
        "net_benefit": _sum(found["caught"], _times(-alarm / miss, found["false_alarms"])),
    }


def _precision(
    true: float, false: float, positives: float, negatives: float, repeats: int, share: float
) -> Value:
    """Of the flagged rows, carried to another prevalence by dividing its odds."""
    if true + false == 0:
        return {"value": None, "low": None, "high": None}
    each = (1 - share) / share * positives / negatives
    here = _share(true, true + false, repeats)
    return {key: _odds_divided(here[key], each) for key in here}


def _odds_divided(share: Any, each: float) -> float:
    return share / (share + each * (1 - share)) if share else 0.0


def _share(hits: float, total: float, repeats: int) -> dict[str, Any]:
    found: Interval = wilson(hits / repeats, total / repeats)
    return {"value": hits / total, "low": found.low, "high": found.high}


def _rest(share: dict[str, Any]) -> dict[str, Any]:
    return {"value": 1 - share["value"], "low": 1 - share["high"], "high": 1 - share["low"]}


def _times(factor: float, of: dict[str, Any]) -> dict[str, Any]:
    ends = sorted((factor * of["low"], factor * of["high"]))
    return {"value": factor * of["value"], "low": ends[0], "high": ends[1]}


def _sum(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Sum of two independent values: their distances to either end add up as squares."""
    value = one["value"] + other["value"]
    down = math.hypot(one["value"] - one["low"], other["value"] - other["low"])
    up = math.hypot(one["high"] - one["value"], other["high"] - other["value"])
    return {"value": value, "low": value - down, "high": value + up}


def _exact(value: float) -> dict[str, Any]:
    return {"value": value, "low": value, "high": value}
