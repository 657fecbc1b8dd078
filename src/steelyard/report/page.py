"""A run as one page: self-contained, offline, everything escaped."""

import datetime as dt
import json
import math
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from steelyard.report import (
    answer,
    classes_section,
    commands,
    comparison,
    curves_section,
    drivers_section,
    explorer,
    figures,
    money_section,
    segments_section,
    time_text,
)
from steelyard.report.formatting import (
    amount,
    class_word,
    decimal,
    interval,
    number,
    out_of,
    percent,
    plural,
    positive_word,
    ranked,
    rows_and_class,
    with_interval,
)
from steelyard.report.strip import MARKS, shapes
from steelyard.report.text import nested_sentence
from steelyard.report.weighted_rows import weighted_rows
from steelyard.stats.metrics import METRICS

SCRIPTS = ("format.js", "table.js", "explorer_numbers.js", "explorer_charts.js", "explorer.js")
CONTENTS = (
    ("answer", "Answer"),
    ("explorer", "Threshold"),
    ("money", "In money"),
    ("comparison", "Comparison"),
    ("gain", "Gain and lift"),
    ("calibration", "Calibration"),
    ("classes", "Per class"),
    ("time", "In time"),
    ("drivers", "What drives it"),
    ("segments", "Segments"),
    ("evidence", "How sure"),
    ("data", "Data and findings"),
    ("method", "Method"),
    ("use", "Use the model"),
)
NEED_SCORES = ("explorer", "gain", "calibration")


def to_html(run: dict[str, Any], place: str | Path = "RUN") -> str:
    """The page of a run, from run.json's content alone.

    `place`: the run's directory, as the commands on the page are to name it.
    """
    run, place = figures.with_decision(run), str(place)
    tried = explorer.explorer(run)
    compared = comparison.comparison(run)
    return (
        environment()
        .get_template("page.html.jinja")
        .render(
            style=own("style.css"),
            script=Markup("\n").join(own(name) for name in SCRIPTS),
            run=run,
            place=place,
            weighted=weighted_rows(run),
            word=positive_word(run),
            facts=facts(run, place),
            contents=_contents(run, scored=tried is not None),
            version=run["steelyard"],
            nested=nested_sentence(run),
            trust=answer.trust(run),
            tiles=answer.tiles(run),
            tried=tried and embedded(tried | {"commands": _commands(run, tried, place)}),
            useful=explorer.rows(run),
            money=money_section.section(run),
            compared=compared,
            compared_data=embedded(compared["data"]),
            curves=curves_section if tried else None,
            confusion=classes_section.confusion(run),
            per_class=classes_section.per_class(run),
            drivers=drivers_section.section(run),
            segments=segments_section.section(run.get("segments")),
            periods=run.get("periods"),
            time_sentences=time_text.sentences(run) if run.get("periods") else [],
            marks=MARKS,
            entries=ranked(run),
            classes=_classes(run),
            metrics=METRICS,
            binary=figures.binary(run),
            positive_index=figures.positive_index(run),
            use={
                "predict": commands.command(
                    "steelyard", "predict", place, "new.csv", "--out", "scored.csv"
                ),
                "evaluate": commands.command(
                    "steelyard",
                    "evaluate",
                    place,
                    "labelled.csv",
                    "--target",
                    run["protocol"]["target"],
                ),
                "python": commands.use_in_python(place),
                "keras": commands.use_in_keras(run, place),
            },
        )
    )


def environment() -> jinja2.Environment:
    """Templates of this folder, everything escaped, with the formatter's words as filters."""
    made = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(lambda name: resource(f"templates/{name}")),
    )
    made.filters |= {
        "amount": amount,
        "class_word": class_word,
        "decimal": decimal,
        "interval": with_interval,
        "number": number,
        "of_1000": lambda share: out_of(share, 1000),
        "per_thousand": answer.per_thousand,
        "percent": percent,
        "range": interval,
        "share_of": answer.share_of,
    }
    made.globals |= {"log_width": log_width, "shapes": shapes()}
    return made


def facts(run: dict[str, Any], place: str) -> list[tuple[str, str]]:
    """What the header says of the run."""
    data, protocol, made = run["data"], run["protocol"], run["environment"]
    folds = plural(protocol["folds"], "fold")
    if protocol["time"]:
        folds += " in time order"
    elif protocol["repeats"] > 1:
        folds += f", {protocol['repeats']} times"
    when = dt.datetime.fromisoformat(made["date"]).strftime("%Y-%m-%d %H:%M UTC")
    return [
        ("Table", f"{data['path']}, target {protocol['target']}"),
        (
            "Rows",
            f"{rows_and_class(run, figures.table_counts(run))}, "
            f"{plural(len(data['classes']), 'class')}",
        ),
        ("Tested", f"{protocol['model']}, {folds}; intervals are 95 %, of these scores"),
        ("Made", f"{when}, in {_duration(made['seconds'])}"),
        ("Command", commands.compared(run, place)),
    ]


def _classes(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Label and rows of each class of the table, the largest first."""
    counts = zip(run["data"]["classes"], figures.table_counts(run), strict=True)
    found = [{"label": entry["label"], "count": count} for entry, count in counts]
    return sorted(found, key=lambda entry: -entry["count"])


def embedded(values: Any) -> Markup:
    """Plain values as JSON that cannot end the script element it stands in."""
    text = json.dumps(values, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - nothing in it that HTML reads


def log_width(count: int, largest: int) -> float:
    """Length of a bar in per cent on a logarithmic scale; one row is still seen."""
    return round(100 * math.log1p(count) / math.log1p(largest), 1)


def own(name: str) -> Markup:
    """A file of our own, which is not escaped."""
    return Markup(resource(f"assets/{name}"))  # noqa: S704


def resource(name: str) -> str:
    """The text of a file that lies beside this module."""
    return files("steelyard.report").joinpath(name).read_text(encoding="utf-8")


def _contents(run: dict[str, Any], *, scored: bool) -> list[tuple[str, str]]:
    """The sections that this run has."""
    absent = set() if scored else set(NEED_SCORES)
    measured = {
        "drivers": run.get("importance"),
        "segments": run.get("segments"),
        "time": run.get("periods"),
        "money": money_section.section(run),
    }
    absent |= {name for name, found in measured.items() if not found}
    if run["protocol"].get("scores"):
        absent.add("use")  # scores alone have no model
    return [one for one in CONTENTS if one[0] not in absent]


def _commands(run: dict[str, Any], tried: dict[str, Any], place: str) -> dict[str, Any]:
    """The explorer's command lines; the script adds the threshold. Scores alone have no model."""
    if run["protocol"].get("scores"):
        return {"retune": None, "train": []}
    return {
        "retune": commands.command("steelyard", "retune", place),
        "train": [commands.trained(run, one["name"]) for one in tried["techniques"]],
    }


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
