"""An inspection as one page: self-contained, offline, everything escaped."""

from typing import Any

from markupsafe import Markup

from steelyard.report.formatting import margin, ratio
from steelyard.report.inspection_charts import chart
from steelyard.report.page import environment, own
from steelyard.report.svg import to_svg


def to_html(summary: dict[str, Any]) -> str:
    """The page of an inspection, from its plain data alone (`Inspection.to_dict`)."""
    templates = environment()
    templates.filters["ratio"] = ratio
    typed = summary["minority_types"]
    fewest = min((entry["typed"] for entry in typed["classes"]), default=0)
    return templates.get_template("inspection.html.jinja").render(
        it=summary,
        types=typed["types"],
        margin=margin(fewest) if typed["sampled"] else None,
        style=own("style.css"),
        picture=Markup(to_svg(chart(summary))),  # noqa: S704 - drawn from numbers, names escaped
    )
