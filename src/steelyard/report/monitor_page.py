"""Unlabelled rows on one page: each check with its limit, and what it means."""

from typing import Any

from steelyard.report.answer import Tile, Trust
from steelyard.report.commands import command
from steelyard.report.formatting import percent, positive_word
from steelyard.report.monitor_text import (
    READINGS,
    STATES,
    checks,
    labels_would_tell,
    says_nothing,
)
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
            trust=Trust(_tone(found), ""),
            tiles=_tiles(found, run),
            found=found,
            checks=checks(found),
            picture=_picture(found),
        )
    )


def _tiles(found: dict[str, Any], run: dict[str, Any]) -> list[Tile]:
    share = found["prevalence"]
    named = {"prevalence": share, "scores": found["scores"]}
    left = [name for name, one in named.items() if one["left"]]
    rows = [] if found["readings"]["label"].get("fits", True) else ["the rows themselves moved"]
    lines = ([f"left: {', '.join(left)}"] if left else []) + rows
    return [Tile("These rows", _answer(found), tuple(lines)), _share_tile(found, run)]


def _tone(found: dict[str, Any]) -> str:
    if found["left"]:
        return "too-few"
    return "good" if found["prevalence"]["state"] == "inside" else "few"


def _answer(found: dict[str, Any]) -> str:
    share = found["prevalence"]
    if share["left"] or found["scores"]["left"]:
        return "a band was left"
    if found["left"]:
        return "unlike those of the run"
    return {
        "inside": "still what the run was made for",
        "edge": "a band may have been left",
        "unknown": "cannot tell",
    }[share["state"]]


def _share_tile(found: dict[str, Any], run: dict[str, Any]) -> Tile:
    share, word = found["prevalence"], positive_word(run)
    made_for = f"the decision was made for {percent(share['set_for'])}"
    told = labels_would_tell(share["rows_to_label"])
    if share["state"] == "unknown":
        return Tile("Prevalence", STATES["unknown"].lower(), (told, made_for))
    ends = f"95 % interval {percent(share['low'])} to {percent(share['high'])}"
    lines = (ends, made_for, told) if share["state"] == "edge" else (ends, made_for)
    return Tile("Prevalence", f"{percent(share['value'])} {word}", lines)


def _picture(found: dict[str, Any]) -> dict[str, Any]:
    """Each reading's estimate on a line; under them what the decision was made for, with limits."""
    share, both = found["prevalence"], found["readings"]
    k = both["positive"]
    low, high = share["band"]
    marks, said, ends_seen = [], [], [0.0, low, high, share["set_for"]]
    shapes = zip(READINGS, ("class shares", "features"), ("diamond", "circle"), strict=True)
    for key, what, shape in shapes:
        value, least, most = (both[key][end][k] for end in ("prior", "low", "high"))
        if says_nothing(least, most):
            said.append(f"if {what} moved any share")
            continue
        marks.append(Mark(value, least, most, shape, "recommended"))
        ends_seen.append(most)
        said.append(f"if {what} moved {percent(value)} ({percent(least)} to {percent(most)})")
    marks.append(Mark(share["set_for"], low, high, "square", "technique"))
    said.append(f"made for {percent(share['set_for'])}, limits {percent(low)} to {percent(high)}")
    told = "; ".join(said)
    return {"strip": strip(Scale.over(ends_seen), marks, told), "said": told}
