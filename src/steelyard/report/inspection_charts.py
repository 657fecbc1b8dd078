"""The inspection's picture: rows per class, and what the rows of the rare classes are."""

from typing import Any

import altair as alt

from steelyard.report.chart_look import ACCENT
from steelyard.report.formatting import shown

# From safe to lost: blue to orange, told apart without red and green.
COLOURS = ["#0b6e99", "#8cc2d8", "#e9b872", "#c9622b"]
MOST_CLASSES = 20


def chart(summary: dict[str, Any]) -> Any:
    """An altair chart; with more than 20 classes, the rarest 20."""
    rare = sorted(summary["classes"], key=lambda entry: entry["rows"])[:MOST_CLASSES]
    counted = [
        {"class": shown(entry["class"]), "rows": entry["rows"]}
        for entry in sorted(rare, key=lambda entry: -entry["rows"])
    ]
    height = {"step": 24}
    rows = (
        alt.Chart(alt.Data(values=counted), title="Rows per class", height=height, width=330)
        .mark_bar(color=ACCENT)
        .encode(
            y=alt.Y("class:N", sort=None, title=None),
            x=alt.X("rows:Q", title="Rows"),
            tooltip=["class:N", "rows:Q"],
        )
    )
    typed = [
        {"class": shown(e["class"]), "type": kind, "i": i, "share": e[kind] / e["typed"]}
        for e in summary["minority_types"]["classes"]
        for i, kind in enumerate(summary["minority_types"]["types"])
    ]
    if not typed:
        return rows
    kinds = (
        alt.Chart(alt.Data(values=typed), title="Rare rows by neighbours", height=height, width=330)
        .mark_bar()
        .encode(
            y=alt.Y("class:N", sort=None, title=None),
            x=alt.X("share:Q", title="Share", axis=alt.Axis(format="%"), stack=True),
            color=alt.Color(
                "type:N",
                title=None,
                scale=alt.Scale(domain=summary["minority_types"]["types"], range=COLOURS),
                legend=alt.Legend(orient="bottom"),
            ),
            order="i:Q",
            tooltip=["class:N", "type:N", alt.Tooltip("share:Q", format=".1%")],
        )
    )
    return alt.hconcat(rows, kinds, spacing=40).resolve_legend(color="independent")
