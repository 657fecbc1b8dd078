"""The report's pictures: Vega-Lite through altair, drawn to SVG here, no script in the page."""

from typing import Any

import altair as alt

from steelyard.report.formatting import ranked
from steelyard.report.svg import ACCENT, QUIET, to_svg
from steelyard.stats.metrics import BY_NAME


def leaderboard(run: dict[str, Any]) -> str:
    """Each technique's metric as a dot with its interval, best on top."""
    metric = BY_NAME[run["protocol"]["metric"]]
    tied = {run["verdict"]["recommended"], *run["verdict"]["tied"]}
    rows = [
        {
            "name": entry["name"],
            "kind": "baseline"
            if entry["baseline"]
            else "recommended"
            if entry["name"] == run["verdict"]["recommended"]
            else "tied"
            if entry["name"] in tied
            else "technique",
        }
        | entry["metrics"][metric.name]
        for entry in ranked(run)
        # The constant would squeeze everything else into a corner; it is in the tables.
        if entry["name"] != "constant" and entry["metrics"][metric.name]["value"] is not None
    ]
    kinds = {row["kind"] for row in rows}
    colours = {"recommended": ACCENT, "tied": "#5aa9c9", "technique": "#c98a2b", "baseline": QUIET}
    shown = [kind for kind in colours if kind in kinds]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("name:N", sort=None, title=None),
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=shown, range=[colours[kind] for kind in shown]),
            legend=alt.Legend(orient="bottom"),
        ),
    )
    x = alt.X("low:Q", title=f"{metric.label}, 95 % interval", scale=alt.Scale(zero=False))
    chart = base.mark_rule(strokeWidth=2).encode(x=x, x2="high:Q") + base.mark_point(
        filled=True, size=70, opacity=1
    ).encode(x="value:Q")
    return to_svg(chart.properties(width=560, height=28 * len(rows)))


def precision_recall(run: dict[str, Any]) -> str:
    """Precision against recall of the recommended technique, plain and the trees."""
    rows = [
        {"name": entry["name"], "recall": recall, "precision": precision, "i": i}
        for entry in _shown(run)
        for i, (recall, precision) in enumerate(
            zip(
                entry["curves"]["precision_recall"]["recall"],
                entry["curves"]["precision_recall"]["precision"],
                strict=True,
            )
        )
    ]
    lines = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("recall:Q", title="Recall", scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("precision:Q", title="Precision", scale=alt.Scale(domain=[0, 1])),
            order="i:Q",
            color=_names(run),
        )
    )
    chance = _positives(run) / run["data"]["rows"]
    rule = alt.Chart(alt.Data(values=[{"y": chance}])).mark_rule(strokeDash=[4, 4], color=QUIET)
    return to_svg((lines + rule.encode(y="y:Q")).properties(width=310, height=290))


def calibration(run: dict[str, Any]) -> str:
    """Observed share against mean probability in bins of equal numbers of rows, with intervals."""
    entry = next(e for e in run["techniques"] if e["name"] == run["verdict"]["recommended"])
    curve = entry["curves"]["calibration"]
    rows = [
        {"predicted": p, "observed": o, "low": low, "high": high}
        for p, o, low, high in zip(
            curve["predicted"], curve["observed"], curve["low"], curve["high"], strict=True
        )
    ]
    top = max(*curve["predicted"], *curve["high"])
    scale = alt.Scale(domain=[0, top], nice=True)
    points = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("predicted:Q", title="Mean probability", scale=scale)
    )
    ideal = (
        alt.Chart(
            alt.Data(values=[{"predicted": 0, "observed": 0}, {"predicted": top, "observed": top}])
        )
        .mark_line(strokeDash=[4, 4], color=QUIET, strokeWidth=1)
        .encode(x=alt.X("predicted:Q", scale=scale), y=alt.Y("observed:Q", scale=scale))
    )
    bars = points.mark_rule(color=ACCENT).encode(
        y=alt.Y("low:Q", title="Observed share", scale=scale), y2="high:Q"
    )
    dots = points.mark_point(filled=True, size=55, color=ACCENT, opacity=1).encode(
        y=alt.Y("observed:Q", scale=scale)
    )
    return to_svg((ideal + bars + dots).properties(width=310, height=290))


def _shown(run: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = {run["verdict"]["recommended"], "plain", "trees"}
    return [entry for entry in ranked(run) if entry["name"] in wanted]


def _names(run: dict[str, Any]) -> alt.Color:
    names = [entry["name"] for entry in _shown(run)]
    colours = {"trees": QUIET, run["verdict"]["recommended"]: ACCENT}
    return alt.Color(
        "name:N",
        title=None,
        scale=alt.Scale(domain=names, range=[colours.get(name, "#c98a2b") for name in names]),
        legend=alt.Legend(orient="bottom"),
    )


def _positives(run: dict[str, Any]) -> int:
    data = run["data"]
    return next(e["count"] for e in data["classes"] if e["label"] == data["positive"])
