"""Segments for the page: each part's line, its recall drawn beside those of the others."""

from typing import Any

from steelyard.report.formatting import number, with_interval
from steelyard.report.segments_text import difference
from steelyard.report.strip import Mark, Scale, strip


def section(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """What the template shows; None where none were asked for."""
    if not found:
        return None
    return {
        "tests": found["tests"],
        "columns": [
            {"name": one["column"], "parts": [_part(part) for part in one["parts"]]}
            for one in found["columns"]
        ],
    }


def _part(part: dict[str, Any]) -> dict[str, Any]:
    recall = part["recall"]
    picture = ""
    if recall["value"] is not None:
        marks = [
            Mark(recall["value"], recall["low"], recall["high"], "circle", "recommended"),
            Mark(recall["pooled"], None, None, "square", "technique"),
        ]
        picture = strip(Scale(0.0, 1.0), marks)
    return {
        "label": part["label"],
        "rows": f"{part['rows']:,}",
        "positives": f"{part['positives']:,}",
        "picture": picture,
        "recall": with_interval(recall, 2),
        "pooled": number(recall["pooled"], 2),
        "precision": with_interval(part["precision"], 2),
        "ratio": with_interval(part["observed_expected"], 2),
        "word": difference(part),
        "differs": "beyond" in difference(part),
    }
