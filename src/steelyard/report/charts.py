"""A run's pictures for notebooks: altair charts, legible on light and on dark ground."""

from collections.abc import Callable
from typing import Any

import altair as alt

from steelyard.errors import RequestError
from steelyard.report import figures
from steelyard.report.chart_look import ACCENT, QUIET, SECOND, legible
from steelyard.report.formatting import ranked
from steelyard.stats.metrics import BY_NAME

SIZE = {"width": 420, "height": 300}
SHARE = alt.Axis(format="%")


def chart(run: dict[str, Any], kind: str) -> Any:
    """The altair chart of that kind; RequestError names the kinds there are."""
    if kind not in KINDS:
        raise RequestError(f"there is no plot {kind!r}; choose from {', '.join(KINDS)}")
    return legible(KINDS[kind](figures.with_decision(run)))


def comparison(run: dict[str, Any]) -> alt.LayerChart:
    """Each technique's metric as a dot with its interval, best on top."""
    metric = BY_NAME[run["protocol"]["metric"]]
    rows = [
        {"name": entry["name"], "kind": _kind(run, entry)} | entry["metrics"][metric.name]
        for entry in ranked(run)
        # The constant would squeeze everything else into a corner.
        if entry["name"] != "constant" and entry["metrics"][metric.name]["value"] is not None
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("name:N", sort=None, title=None),
        color=_colours("kind", ("recommended", "technique", "baseline")),
    )
    x = alt.X("low:Q", title=f"{metric.label}, 95 % interval", scale=alt.Scale(zero=False))
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x="value:Q", shape="kind:N", tooltip=["name:N", "value:Q", "low:Q", "high:Q"]
    )
    lines = base.mark_rule(strokeWidth=2).encode(x=x, x2="high:Q")
    return (lines + points).properties(width=420, height=28 * len(rows))


def threshold(run: dict[str, Any]) -> alt.LayerChart:
    """Cost per 1,000 rows against the share flagged, with the decision marked."""
    k = figures.positive_index(run)
    alarm, miss, _ = figures.costs(run, k)
    share = run["decision"]["prior"][k]
    table = _table(run, figures.decided(run))
    rows = [
        {"threshold": t, "flagged": share * r + (1 - share) * f}
        | {"cost": 1000 * (miss * share * (1 - r) + alarm * (1 - share) * f), "recall": r}
        for t, r, f in _rates(table)
    ]
    base = alt.Chart(alt.Data(values=[row for row in rows if row["flagged"] > 0]))
    line = base.mark_line(color=ACCENT).encode(
        x=alt.X("flagged:Q", title="Rows flagged", axis=SHARE, scale=alt.Scale(type="log")),
        y=alt.Y("cost:Q", title=f"Cost per 1,000 rows (miss {miss:g}, false alarm {alarm:g})"),
        order="flagged:Q",
        tooltip=["threshold:Q", "flagged:Q", "recall:Q", "cost:Q"],
    )
    own = (run["decision"].get("counts") or run["decision"]["rule"]).get("threshold")
    here = [row for row in rows if row["threshold"] == own]
    dot = alt.Chart(alt.Data(values=here)).mark_point(filled=True, size=110, color=SECOND)
    return (line + dot.encode(x="flagged:Q", y="cost:Q")).properties(**SIZE)


def precision_recall(run: dict[str, Any]) -> alt.Chart:
    """Precision against recall of the run's technique, the reference and the baselines."""
    rows = [
        {"name": entry["name"], "recall": t / table["positives"], "precision": t / (t + f)}
        for entry, table in _shown(run)
        for t, f in _pairs(table)
        if t
    ]
    return _line(rows, "recall", "precision", run).mark_line(interpolate="step-after")


def gain(run: dict[str, Any]) -> alt.Chart:
    """Share of the cases found against share of rows flagged."""
    rows = [
        {
            "name": entry["name"],
            "flagged": (t + f) / (table["positives"] + table["negatives"]),
            "found": t / table["positives"],
        }
        for entry, table in _shown(run)
        for t, f in _pairs(table)
    ]
    return _line(rows, "flagged", "found", run)


def calibration(run: dict[str, Any]) -> alt.LayerChart:
    """Observed share against mean predicted probability, before and after correction."""
    entry = figures.decided(run)
    curves = {
        "before correction": entry["calibration_uncorrected"],
        "as in the model": entry["curves"]["calibration"],
    }
    rows = [
        {"name": name, "predicted": p, "observed": o, "low": low, "high": high}
        for name, curve in curves.items()
        for p, o, low, high in zip(
            *(curve[key] for key in ("predicted", "observed", "low", "high")), strict=True
        )
    ]
    top = max(max(row["predicted"], row["high"]) for row in rows)
    ends = [{"predicted": 0, "observed": 0}, {"predicted": top, "observed": top}]
    x = alt.X("predicted:Q", title="Mean predicted probability", axis=SHARE)
    colour = _colours("name", ("as in the model", "before correction"))
    points = alt.Chart(alt.Data(values=rows)).encode(x=x, color=colour)
    ideal = alt.Chart(alt.Data(values=ends)).mark_line(strokeDash=[4, 4], color=QUIET)
    bars = points.mark_rule().encode(
        y=alt.Y("low:Q", title="Observed share", axis=SHARE), y2="high:Q"
    )
    dots = points.mark_point(filled=True, size=55, opacity=1).encode(y="observed:Q", shape="name:N")
    return (ideal.encode(x=x, y="observed:Q") + bars + dots).properties(**SIZE)


def importance(run: dict[str, Any]) -> alt.LayerChart:
    """Average precision lost by permuting each column, the deployed technique and the reference."""
    found = run.get("importance")
    if not found:
        raise RequestError("no importance was measured in this run: nothing to plot")
    rows = [
        {"name": technique["name"], "column": entry["column"]} | entry["loss"]
        for technique in found["techniques"]
        for entry in technique["columns"][:20]
    ]
    names = [technique["name"] for technique in found["techniques"]]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("column:N", sort=None, title=None),
        yOffset=alt.YOffset("name:N", sort=names),
        color=_colours("name", names),
    )
    x = alt.X("low:Q", title="Average precision lost, 95 % interval")
    points = base.mark_point(filled=True, size=60, opacity=1).encode(
        x="value:Q", shape="name:N", tooltip=["name:N", "column:N", "value:Q", "low:Q", "high:Q"]
    )
    lines = base.mark_rule(strokeWidth=2).encode(x=x, x2="high:Q")
    height = 24 * len({row["column"] for row in rows}) * len(names)
    return (lines + points).properties(width=420, height=height)


KINDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "threshold": threshold,
    "pr": precision_recall,
    "calibration": calibration,
    "comparison": comparison,
    "gain": gain,
    "importance": importance,
}


def _line(rows: list[dict[str, Any]], x: str, y: str, run: dict[str, Any]) -> alt.Chart:
    names = [entry["name"] for entry, _ in _shown(run)]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line()
        .encode(
            x=alt.X(f"{x}:Q", title=x.capitalize(), axis=SHARE),
            y=alt.Y(f"{y}:Q", title=y.capitalize(), axis=SHARE),
            order=f"{x}:Q",
            color=_colours("name", names),
            strokeDash=alt.StrokeDash("name:N", title=None, scale=alt.Scale(domain=names)),
            tooltip=["name:N", f"{x}:Q", f"{y}:Q"],
        )
        .properties(**SIZE)
    )


def _colours(field: str, names: Any) -> alt.Color:
    scale = alt.Scale(domain=list(names), range=[ACCENT, SECOND, QUIET, "#7a5195", "#4c9f70"])
    return alt.Color(f"{field}:N", title=None, scale=scale, legend=alt.Legend(orient="bottom"))


def _kind(run: dict[str, Any], entry: dict[str, Any]) -> str:
    if entry["baseline"]:
        return "baseline"
    return "recommended" if entry["name"] == run["verdict"]["recommended"] else "technique"


def _shown(run: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The run's technique first, then the reference and the baselines that can be cut."""
    own, reference = run["decision"]["technique"], run["verdict"].get("reference")
    kept = [e for e in figures.entries(run) if e["baseline"] or e["name"] in (own, reference)]
    kept = [entry for entry in kept if entry["thresholds"] and entry["name"] != "constant"]
    kept.sort(key=lambda entry: entry["name"] != own)
    return [(entry, _table(run, entry)) for entry in kept]


def _table(run: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    table = figures.table_of(entry, run["data"]["positive"])
    if table is None:
        raise RequestError("no out-of-fold row is of the class of interest: nothing to plot")
    return table


def _pairs(table: dict[str, Any]) -> list[tuple[int, int]]:
    return list(zip(table["true_positives"], table["false_positives"], strict=True))


def _rates(table: dict[str, Any]) -> list[tuple[float, float, float]]:
    return [
        (threshold, true / table["positives"], false / table["negatives"])
        for threshold, (true, false) in zip(table["threshold"], _pairs(table), strict=True)
    ]
