"""What drives the model: importance by column, rates by value, and the worst rows."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from steelyard.report.formatting import out_of, percent, with_interval
from steelyard.report.strip import Mark, Scale, strip

FIRST = 12  # columns that are seen at once; the others are folded away
SHAPES = ("diamond", "square")
STYLES = ("recommended", "technique")


@dataclass(frozen=True)
class ColumnLoss:
    """A column, its marks, and the losses in words, one a technique."""

    name: str
    picture: Markup
    losses: tuple[str, ...]
    needed: bool


def section(run: dict[str, Any]) -> dict[str, Any] | None:
    """What the template shows; None where nothing was measured, as for given scores."""
    found = run.get("importance")
    if not found:
        return None
    names = [one["name"] for one in found["techniques"]]
    lost = _losses(found["techniques"])
    return found | {
        "names": list(zip(names, SHAPES, STYLES, strict=False)),
        "first": lost[:FIRST],
        "rest": lost[FIRST:],
        "left": found["columns_tried"] - len(lost),
        "cards": [_card(one) for one in found["profiles"]],
        "reasons": [
            (title, [_reason(row) for row in found[key]])
            for key, title in (("missed", "Missed cases"), ("false_alarms", "False alarms"))
            if key in found
        ],
    }


def _losses(techniques: list[dict[str, Any]]) -> list[ColumnLoss]:
    every = [one["loss"] for technique in techniques for one in technique["columns"]]
    scale = Scale.over([0.0, *(loss[end] for loss in every for end in ("low", "high"))])
    rows = []
    for entries in zip(*(technique["columns"] for technique in techniques), strict=True):
        losses = [entry["loss"] for entry in entries]
        said = tuple(with_interval(loss) for loss in losses)
        marks = [
            Mark(x["value"], x["low"], x["high"], shape, style)
            for x, shape, style in zip(losses, SHAPES, STYLES, strict=False)
        ]
        picture = strip(scale, marks, zero=0.0)
        rows.append(ColumnLoss(entries[0]["column"], picture, said, losses[0]["low"] > 0))
    return rows


def _card(profile: dict[str, Any]) -> dict[str, Any]:
    """A column's bins with their marks on one scale."""
    bins, columns = profile["bins"], profile["columns"]
    scale = Scale.over([0.0, *(one["observed"]["high"] for one in bins)])
    return {
        "highest": percent(max(one["observed"]["high"] for one in bins), 0),
        "name": columns[0] if len(columns) == 1 else " / ".join(columns[:3]),
        "bins": [
            {"label": one["label"], "rows": one["rows"], "picture": _rates(scale, one)}
            for one in bins
        ],
    }


def _rates(scale: Scale, one: dict[str, Any]) -> Markup:
    observed = one["observed"]
    marks = [
        Mark(one["predicted"], None, None, "square", "technique"),
        Mark(observed["value"], observed["low"], observed["high"], "circle", "recommended"),
    ]
    said = (
        f"predicted {percent(one['predicted'])}, observed {percent(observed['value'])} "
        f"({percent(observed['low'])} to {percent(observed['high'])})"
    )
    return strip(scale, marks, said)


def _reason(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "row": f"{row['row']:,}",
        "probability": percent(row["probability"]),
        "columns": [
            (one["column"], one["value"], _points(one["change"])) for one in row["columns"]
        ],
    }


def _points(change: float) -> str:
    """Per cent points with a sign, as many digits as its size asks for."""
    sign = "+" if change > 0 else "-" if change < 0 else ""
    return f"{sign}{out_of(abs(change), 100)}"
