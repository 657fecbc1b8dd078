"""Decisions in money, where rows have costs of their own: a table and the cost by rows flagged."""

from typing import Any

from markupsafe import Markup

from steelyard.report import figures
from steelyard.report.comparison import nice_step
from steelyard.report.formatting import amount, percent
from steelyard.report.leaderboard_text import saved_text
from steelyard.report.plot import Series, linear, logarithmic, plot

WAYS = (
    ("as decided, each row at its own threshold", "cost_per_row"),
    ("one threshold, that of the mean costs", "one_threshold"),
    ("no row flagged", "cost_of_none"),
    ("every row flagged", "cost_of_all"),
)


def section(run: dict[str, Any]) -> dict[str, Any] | None:
    """Rows of the table, what is saved, and the chart; None where costs are the same for all."""
    found = figures.money(run)
    if found is None or run["decision"]["goal"]["kind"] != "costs":
        return None
    goal, mean = run["decision"]["goal"], found["mean_costs"]
    return {
        "rows": [(name, _value(found[way]), _ends(found[way])) for name, way in WAYS],
        "saved": f"{_value(found['saved'])} ({_ends(found['saved'])})",
        "by_row": f"{_value(found['saved_by_row'])} ({_ends(found['saved_by_row'])})",
        "costs": [
            (name, cost if isinstance(cost, str) else f"{cost:g}", amount(average))
            for name, cost, average in (
                ("a false alarm", goal["fp"], mean[0]),
                ("a miss", goal["fn"], mean[1]),
            )
        ],
        "techniques": _techniques(run),
        "reference": run["verdict"].get("reference"),
        "chart": _chart(found) if found.get("curve") else None,
    }


def _techniques(run: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Name, cost per 1,000 rows, its interval, and what is saved against the reference."""
    if run["decision"]["goal"] != run["protocol"]["goal"]:
        return []  # of the costs before the last retune
    saved = figures.saved_on_reference(run)
    paid = {entry["name"]: entry["money"]["cost_per_row"] for entry in figures.entries(run)}
    names = sorted(saved, key=lambda name: saved[name]["value"] or 0.0, reverse=True)
    return [
        (name, _value(paid[name]), _ends(paid[name]), saved_text(saved[name])) for name in names
    ]


def _value(found: dict[str, Any]) -> str:
    return amount(1000 * found["value"])


def _ends(found: dict[str, Any]) -> str:
    return f"{amount(1000 * found['low'])} to {amount(1000 * found['high'])}"


def _chart(found: dict[str, Any]) -> Markup:
    """Cost per 1,000 rows against the share flagged, ranked in two ways."""
    curve = found["curve"]
    points = [i for i, flagged in enumerate(curve["flagged"]) if flagged > 0]
    fewest = curve["flagged"][points[0]]
    ticks = [(10.0**-k, f"{100 * 10.0**-k:g} %") for k in (5, 4, 3, 2, 1, 0) if 10.0**-k >= fewest]
    none = 1000 * found["cost_of_none"]["value"]
    # What flagging nearly every row costs would squeeze all else into a corner.
    top = 1.25 * max(none, min(curve["by_probability"]), 1e-12)
    step = nice_step(top)
    steps = [(k * step, amount(k * step)) for k in range(int(top / step) + 1)]
    x = logarithmic("Rows flagged", fewest, 1.0, ticks)
    y = linear("Cost per 1,000 rows", 0, top, steps)
    named = (("by expected saving", "s0", "cost"), ("by probability", "s1", "by_probability"))
    series = [
        Series("no row flagged", "quiet dashed", [(fewest, none), (1.0, none)]),
        *(
            Series(name, style, [(curve["flagged"][i], min(curve[way][i], top)) for i in points])
            for name, style, way in reversed(named)
        ),
    ]
    at, way = min(
        (cost, share) for cost, share in zip(curve["cost"], curve["flagged"], strict=True)
    )
    said = (
        f"Ranked by expected saving the cost is least, {amount(at)} per 1,000 rows, with "
        f"{percent(way)} of the rows flagged; ranked by probability it is at best "
        f"{amount(min(curve['by_probability']))}."
    )
    return plot("Cost by rows flagged", x, y, series, said)
