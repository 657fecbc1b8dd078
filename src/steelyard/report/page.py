"""A run as one page: self-contained, offline, everything escaped."""

from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from steelyard.report import charts
from steelyard.report.formatting import interval, number, percent, ranked, with_interval
from steelyard.report.text import decision_sentence, heading, nested_sentence
from steelyard.stats.metrics import METRICS


def to_html(run: dict[str, Any]) -> str:
    """The page of a run, from run.json's content alone."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "interval": with_interval,
        "range": interval,
        "number": number,
        "percent": percent,
    }
    largest = max(entry["count"] for entry in run["data"]["classes"])
    return environment.from_string(resource("page.html.jinja")).render(
        style=Markup(resource("style.css")),  # noqa: S704 - our own file
        run=run,
        heading=heading(run).split("\n"),
        decision=decision_sentence(run),
        nested=nested_sentence(run),
        entries=ranked(run),
        metrics=METRICS,
        classes=sorted(run["data"]["classes"], key=lambda entry: -entry["count"]),
        largest=largest,
        tied={run["verdict"]["recommended"], *run["verdict"]["tied"]},
        # Drawn here from numbers and escaped names, so not escaped again.
        leaderboard=Markup(charts.leaderboard(run)),  # noqa: S704
        precision_recall=Markup(charts.precision_recall(run)),  # noqa: S704
        calibration=Markup(charts.calibration(run)),  # noqa: S704
    )


def resource(name: str) -> str:
    """The text of a file that lies beside this module."""
    return files("steelyard.report").joinpath(name).read_text(encoding="utf-8")
