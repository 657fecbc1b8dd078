"""What `evaluate` found: whether the rows are new, then promised beside seen."""

import textwrap
from typing import Any

from steelyard.report.commands import command
from steelyard.report.formatting import amount, signed, with_interval
from steelyard.stats.metrics import METRICS

WIDTH = 80
CHANCE = 1.5  # times the rows that would be equal by chance, and a few more


def evaluation_text(found: dict[str, Any]) -> str:
    """At most 80 columns: a warning first where there is one, then a line per metric."""
    lines = [part for said in newness(found) for part in textwrap.wrap(said, WIDTH)]
    lines += [""] if lines else []
    lines.append(f"{'':<12}{'these rows':<22}{'promised':<22}difference")
    for metric in METRICS:
        seen, promised = found["metrics"][metric.name], found["promised"].get(metric.name)
        cells = f"{metric.label:<12}{with_interval(seen):<22}"
        if promised:
            meaning = "MORE THAN CHANCE" if promised["beyond_chance"] else "chance"
            cells += f"{with_interval(promised):<22}{signed(promised['difference'])} {meaning}"
        lines.append(cells.rstrip())
    lines += _money(found.get("money"))
    return "\n".join(lines)


def missed_text(found: dict[str, Any]) -> str:
    """What labelled rows below the threshold tell of all that is missed."""
    lost, recall = found["missed"], found["recall"]
    said = (
        f"Of {found['below']:,} rows drawn below the threshold {found['positives_below']:,} are "
        f"cases: about {amount(lost['value'])} ({amount(lost['low'])} to {amount(lost['high'])}) "
        "are missed among all rows there. "
    )
    if recall["value"] is None:
        drawing = command("sample-below", "--with-flagged")
        said += f"For the recall the flagged rows are needed, too: {drawing}."
    else:
        said += f"Recall: {with_interval(recall)}."
    return textwrap.fill(said, WIDTH)


def _money(found: dict[str, Any] | None) -> list[str]:
    """What the decisions cost per 1,000 rows, where costs differ by row."""
    if found is None:
        return []
    named = {
        "cost_per_row": "as decided",
        "one_threshold": "with one threshold for all rows",
        "cost_of_none": "flagging no row",
        "cost_of_all": "flagging every row",
    }
    lines = ["", "Cost per 1,000 rows"]
    for name, words in named.items():
        value, low, high = (1000 * found[name][end] for end in ("value", "low", "high"))
        lines.append(f"  {words:<34}{amount(value)} ({amount(low)} to {amount(high)})")
    return lines


def newness(found: dict[str, Any]) -> list[str]:
    """Whether the rows were trained on, in words; nothing where none was."""
    seen, rows = found["trained_on"], found["rows"]
    if seen is None:
        return [
            "Whether these rows were trained on cannot be told: the table of the run is not at "
            "its place any more."
        ]
    if not seen["rows"]:
        return []
    if seen["rows"] <= CHANCE * seen["by_chance"] + 3:
        return [
            f"{seen['rows']:,} of {rows:,} rows equal one that was trained on, as rows of this "
            f"table do by chance (about {seen['by_chance']:,.0f})."
        ]
    every = "All" if seen["rows"] == rows else f"{seen['rows']:,} of"
    return [
        f"TRAINED ON: {every} {rows:,} rows are among those that the model was trained on. Their "
        "figures flatter; what new rows would give is what was promised. Give rows that were held "
        "back."
    ]
