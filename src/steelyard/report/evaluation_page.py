"""Labelled rows on one page: what the run promised beside what came."""

from typing import Any

from steelyard.report import segments_section
from steelyard.report.answer import Tile, Trust
from steelyard.report.commands import command
from steelyard.report.evaluation_text import missed_text, newness
from steelyard.report.figures import positive_index
from steelyard.report.formatting import (
    of_class,
    percent,
    positive_word,
    signed,
    with_interval,
)
from steelyard.report.page import environment, own
from steelyard.report.strip import MARKS, Mark, Scale, strip
from steelyard.stats.metrics import METRICS

NAMED = 3  # metrics that left the promise and are spelled out; more are counted


def to_html(found: dict[str, Any], run: dict[str, Any], place: str = "RUN") -> str:
    """The page of `evaluate`'s plain values, and run.json's content of the run."""
    rows = [_row(metric, found) for metric in METRICS]
    contents = [("answer", "Answer"), ("metrics", "Promised and seen")]
    if found["segments"]:
        contents.append(("segments", "Segments"))
    return (
        environment()
        .get_template("evaluation.html.jinja")
        .render(
            run=run,
            word=positive_word(run),
            facts=_facts(found, run, place),
            contents=contents,
            version=run["steelyard"],
            style=own("style.css"),
            trust=_trust(found, run),
            tiles=_tiles(found),
            warnings=[*newness(found), *found["notes"]],
            missed=missed_text(found["missed"]) if found["missed"] else "",
            rows=rows,
            marks=MARKS,
            segments=segments_section.section(found["segments"]),
        )
    )


def _facts(found: dict[str, Any], run: dict[str, Any], place: str) -> list[tuple[str, str]]:
    rare = found["counts"][positive_index(run)]
    target = run["protocol"]["target"]
    words = ("steelyard", "evaluate", place, "labelled.csv", "--target", target)
    facts = [
        ("Run", f"{place}, {run['decision']['technique']}"),
        ("Rows", f"{found['rows']:,}, {of_class(rare, run)} ({percent(rare / found['rows'])})"),
        ("Command", command(*words)),
    ]
    if found["weight"]:
        facts.insert(2, ("Weighted", f"by {found['weight']}"))
    return facts


def _trust(found: dict[str, Any], run: dict[str, Any]) -> Trust:
    n = found["counts"][positive_index(run)]
    if n < 10:
        return Trust("too-few", "")
    return Trust("few" if n < 50 or newness(found) else "good", "")


def _tiles(found: dict[str, Any]) -> list[Tile]:
    beyond = [
        metric.label
        for metric in METRICS
        if found["promised"].get(metric.name, {}).get("beyond_chance")
    ]
    told = len(found["promised"])
    named = ", ".join(beyond) if len(beyond) <= NAMED else f"{len(beyond)} of {told} metrics"
    kept = Tile(
        "The promise",
        f"{named} beyond chance" if beyond else "kept, as far as these rows tell",
        (f"{told} metrics compared, adjusted for having looked at {told} (Holm)",),
    )
    seen = found["metrics"]
    decision = Tile(
        "The decision",
        f"recall {with_interval(seen['recall'], 2)}",
        (f"precision {with_interval(seen['precision'], 2)}",),
    )
    ratio = seen["observed_expected"]
    probabilities = Tile(
        "The probabilities",
        f"O/E {with_interval(ratio, 2)}",
        (
            "cases that happened over cases promised; 1 is true",
            f"log loss {with_interval(seen['log_loss'])}",
        ),
    )
    return [kept, decision, probabilities]


def _row(metric: Any, found: dict[str, Any]) -> dict[str, Any]:
    """A metric's line: both marks on a scale of their own."""
    seen, promised = found["metrics"][metric.name], found["promised"].get(metric.name)
    row = {"name": metric.label, "seen": with_interval(seen), "promised": "", "word": ""}
    if seen["value"] is None:
        return row | {"difference": "", "picture": ""}
    marks = [Mark(seen["value"], seen["low"], seen["high"], "diamond", "recommended")]
    ends = [seen["low"], seen["high"]]
    if promised:
        shown = (promised["value"], promised["low"], promised["high"])
        marks.append(Mark(*shown, "square", "technique"))
        ends += shown[1:]
        row["promised"] = with_interval(promised)
        row["word"] = "beyond chance" if promised["beyond_chance"] else "within chance"
    scale = Scale.over([end for end in ends if end is not None])
    said = f"{metric.label}: seen {row['seen']}" + (
        f", promised {row['promised']}" if promised else ""
    )
    difference = signed(promised["difference"]) if promised else ""
    return row | {"difference": difference, "picture": strip(scale, marks, said)}
