"""The comparison as a table of dots: the goal's own metric first, then what ranks techniques."""

from typing import Any

from steelyard.report import figures
from steelyard.report.formatting import (
    amount,
    interval,
    number,
    ranked,
    signed,
    signed_interval,
)
from steelyard.report.strip import MARKS
from steelyard.stats.metrics import BY_NAME

CALLS = {
    "better": "better",
    "worse": "worse",
    "same": "practically the same",
    "undecided": "not told apart",
}
SHAPES = {"recommended": "diamond", "technique": "circle", "baseline": "square"}
GOAL_METRICS = {
    "min-precision": "recall",
    "alerts": "recall",
    "min-recall": "precision",
    "bounds": "f1",
}
VIEWS = (
    "average_precision",
    "roc_auc",
    "log_loss",
    "brier_skill",
    "balanced_accuracy",
    "mcc",
    "f1",
    "recall",
    "precision",
)


def comparison(run: dict[str, Any]) -> dict[str, Any]:
    """Rows, columns' names and the views that can be switched to."""
    metric = BY_NAME[run["protocol"]["metric"]]
    differences = {one["name"]: one for one in run["verdict"].get("comparisons", [])}
    flip = -1 if metric.better == "lower" else 1
    rows = [_row(run, entry, differences) for entry in ranked(run)]
    views = [metric.name, *(name for name in VIEWS if name != metric.name)]
    return {
        "goal": goal_label(run),
        "metric": metric.label,
        "rows": rows,
        "reference": run["verdict"].get("reference"),
        "rope": run["verdict"].get("rope"),
        "strips": _strips(rows, run["verdict"].get("rope", 0.0)) if differences else None,
        "better": "to the right is better" if flip == 1 else "a gain is a smaller loss",
        "data": {
            "reference": run["verdict"].get("reference"),
            "views": [
                {"label": BY_NAME[name].label, "better": BY_NAME[name].better, "name": name}
                for name in views
            ],
            "rope": run["verdict"].get("rope", 0.0),
            "rows": [
                {
                    "constant": row["name"] == "constant",
                    "values": {n: _triple(row["metrics"][n]) for n in views},
                    "differences": {
                        n: _triple(row["differences"][n]) for n in views if n in row["differences"]
                    },
                }
                for row in rows
            ],
        },
    }


def goal_label(run: dict[str, Any]) -> str:
    """What the user's own goal is measured in."""
    goal = run["protocol"]["goal"]
    if goal["kind"] == "costs":
        return "Cost per 1,000"
    return BY_NAME[_goal_metric(goal)].label


def _goal_metric(goal: dict[str, Any]) -> str:
    if goal["kind"] == "maximise":
        return goal["metric"] if goal["metric"] in BY_NAME else "f1"
    return GOAL_METRICS.get(goal["kind"], "normalized_cost")


def _row(run: dict[str, Any], entry: dict[str, Any], differences: dict[str, Any]) -> dict[str, Any]:
    name = entry["name"]
    difference = differences.get(name) or _gain(run, entry)
    kind = (
        "baseline"
        if entry["baseline"]
        else "recommended"
        if name == run["verdict"]["recommended"]
        else "technique"
    )
    goal = _goal_value(run, entry)
    metrics = entry["metrics"]
    return {
        "name": name,
        "kind": kind,
        "mark": MARKS[SHAPES[kind]],
        "word": _word(run, kind, name, difference),
        "goal": goal[0],
        "goal_sort": goal[1],
        "metrics": metrics,
        "differences": entry.get("differences", {}),
        "metric": metrics[run["protocol"]["metric"]],
        "metric_sort": metrics[run["protocol"]["metric"]]["value"],
        "difference": difference and [difference["gain"], difference["low"], difference["high"]],
        "difference_text": f"{signed(difference['gain'])} ({signed_interval(difference)})"
        if difference
        else "",
        "log_loss": metrics["log_loss"]["value"],
        "observed_expected": metrics["observed_expected"]["value"],
    }


def _gain(run: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any] | None:
    """A baseline's difference as a gain; the verdict tells those of techniques."""
    metric = BY_NAME[run["protocol"]["metric"]]
    found = entry.get("differences", {}).get(metric.name)
    if found is None or not entry["baseline"] or entry["name"] == "constant":
        return None  # the constant would squeeze all others into a corner
    if metric.better == "higher":
        return {"gain": found["value"], "low": found["low"], "high": found["high"]}
    return {"gain": -found["value"], "low": -found["high"], "high": -found["low"]}


def _word(run: dict[str, Any], kind: str, name: str, difference: dict[str, Any] | None) -> str:
    if kind == "baseline":
        return "baseline"
    said = [kind] if kind == "recommended" else []
    if name == run["verdict"].get("reference"):
        said.append("reference")
    elif difference:
        said.append(CALLS[difference["call"]])
    elif not said and run["verdict"]["reason"] != "not-compared":
        said.append("too few to compare")
    return ", ".join(said)


def _goal_value(run: dict[str, Any], entry: dict[str, Any]) -> tuple[tuple[str, str], float | None]:
    goal = run["protocol"]["goal"]
    if goal["kind"] != "costs":
        found = entry["metrics"][_goal_metric(goal)]
        return (number(found["value"]), interval(found)), found["value"]
    k = figures.positive_index(run)
    if not figures.one_price(goal):
        paid = figures.of_money(entry["money"], figures.natural_share(run, k))["cost"]
        return (amount(paid["value"]), _between(paid)), paid["value"]
    paid = figures.at_confusion(
        entry,
        k,
        run["protocol"]["repeats"],
        figures.natural_share(run, k),
        (goal["fp"], goal["fn"]),
    )["cost"]
    return (amount(paid["value"]), _between(paid)), paid["value"]


def _between(paid: dict[str, Any]) -> str:
    return f"{amount(paid['low'])} to {amount(paid['high'])}"


def _strips(rows: list[dict[str, Any]], rope: float) -> dict[str, Any]:
    """Where the dots of the differences stand, in per cent of the strip."""
    ends = [end for row in rows if row["difference"] for end in row["difference"]]
    low, high = min(0.0, -rope, *ends), max(0.0, rope, *ends)
    margin = 0.04 * (high - low or 1.0)  # all of them perfect: nothing differs
    low, high = low - margin, high + margin

    def at(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    step = nice_step(high - low)
    first = int(low / step) - 1
    ticks = [first * step + i * step for i in range(14)]
    return {
        "zero": at(0.0),
        "rope": (at(-rope), at(rope)),
        "places": [
            [at(end) for end in row["difference"]] if row["difference"] else None for row in rows
        ],
        "ticks": [(at(t), signed(t, 2 if step >= 0.01 else 3)) for t in ticks if low <= t <= high],
    }


def nice_step(span: float) -> float:
    """A round step that parts a span into three to seven.

    >>> nice_step(1.0), round(nice_step(0.13), 6), nice_step(40)
    (0.2, 0.02, 10.0)
    """
    power = 10.0 ** int(f"{span / 4:.16e}".split("e")[1])
    return next(power * m for m in (1, 2, 5, 10) if span / (power * m) <= 7)


def _triple(found: dict[str, Any]) -> list[float | None]:
    # Three digits are shown; more would only make the page larger.
    return [
        None if value is None else float(f"{value:.7g}")
        for value in (found["value"], found["low"], found["high"])
    ]
