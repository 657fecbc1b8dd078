"""Unlabelled rows on one page: each check with its limit, and what it means."""

from typing import Any

from steelyard.report.answer import Tile, Trust
from steelyard.report.commands import command
from steelyard.report.formatting import percent, positive_word
from steelyard.report.monitor_text import checks
from steelyard.report.page import environment, own
from steelyard.report.strip import Mark, Scale, strip


def to_html(found: dict[str, Any], run: dict[str, Any], place: str = "RUN") -> str:
    """The page of `monitor`'s plain values, and run.json's content of the run."""
    words = ("steelyard", "monitor", place, "new.csv")
    return (
        environment()
        .get_template("monitor.html.jinja")
        .render(
            run=run,
            word=positive_word(run),
            facts=[
                ("Run", f"{place}, {run['decision']['technique']}"),
                ("Rows", f"{found['rows']:,}, without labels"),
                ("Command", command(*words)),
            ],
            contents=[("answer", "Answer"), ("checks", "Checks")],
            version=run["steelyard"],
            style=own("style.css"),
            trust=Trust("too-few" if found["left"] else "good", ""),
            tiles=_tiles(found, run),
            found=found,
            checks=checks(found),
            picture=_picture(found),
        )
    )


def _tiles(found: dict[str, Any], run: dict[str, Any]) -> list[Tile]:
    share, word = found["prevalence"], positive_word(run)
    answer = "a band was left" if found["left"] else "still what the run was made for"
    named = {"prevalence": share, "scores": found["scores"]}
    left = [name for name, one in named.items() if one["left"]]
    return [
        Tile("These rows", answer, (f"left: {', '.join(left)}",) if left else ()),
        Tile(
            "Prevalence",
            f"{percent(share['value'])} {word}",
            (
                f"95 % interval {percent(share['low'])} to {percent(share['high'])}",
                f"the decision was made for {percent(share['set_for'])}",
            ),
        ),
    ]


def _picture(found: dict[str, Any]) -> dict[str, Any]:
    """The estimate on a line with its band and what the decision was made for."""
    share = found["prevalence"]
    low, high = share["band"]
    scale = Scale.over([0.0, low, high, share["high"], share["set_for"]])
    marks = [
        Mark(share["value"], share["low"], share["high"], "diamond", "recommended"),
        Mark(share["set_for"], low, high, "square", "technique"),
    ]
    said = (
        f"prevalence {percent(share['value'])} ({percent(share['low'])} to "
        f"{percent(share['high'])}); made for {percent(share['set_for'])}, band {percent(low)} to "
        f"{percent(high)}"
    )
    return {"strip": strip(scale, marks, said), "said": said}
