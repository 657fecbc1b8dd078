"""A run as text of at most 80 columns."""

import textwrap
from typing import Any

from steelyard.report.decision_text import decision_lines
from steelyard.report.figures import table_counts
from steelyard.report.findings_text import findings_lines
from steelyard.report.formatting import number, ranked, rows_and_class, with_interval
from steelyard.report.leaderboard_text import Style, leaderboard
from steelyard.report.time_text import time_lines
from steelyard.report.weighted_rows import weighted_rows
from steelyard.stats.metrics import BY_NAME

WIDTH = 80


def to_text(
    run: dict[str, Any], style: Style = lambda text, _: text, *, wide: bool = False
) -> str:  # fmt: skip
    """What a run found: the data, the leaderboard, the verdict, the decision.

    Args:
        style: paints text as "title", "quiet", "warning" or "plain".
        wide: more metrics, and the probabilities before and after correction.
    """
    return "\n".join(
        [
            heading(run, style),
            "",
            *findings_lines(run),
            leaderboard(run, style, wide=wide),
            "",
            *time_lines(run),
            *_paragraph("Verdict", run["verdict"]["paragraph"], style),
            *_nested_lines(run, style),
            *([correction_table(run), ""] if wide else []),
            *_decision(run, style),
            *left_out(run),
        ]
    )


def left_out(run: dict[str, Any]) -> list[str]:
    """What was asked for and not done, if anything."""
    if not run.get("left_out"):
        return []
    return ["", textwrap.fill("Left out. " + "; ".join(run["left_out"]) + ".", WIDTH)]


def heading(run: dict[str, Any], style: Style) -> str:
    """Data and protocol in two lines."""
    data, protocol = run["data"], run["protocol"]
    split = "in time order" if protocol["time"] else f"x {protocol['repeats']}"
    folds = f"{protocol['folds']} folds {split}; the same for all"
    if protocol["out_of_bag"]:
        folds = f"{protocol['folds']} slices, each scored by the members that held it out"
    rows = (
        f"{rows_and_class(run, table_counts(run), ' rows')}, "
        f"{len(data['classes'])} classes, {len(data['schema']['columns'])} columns"
    )
    lines = [style(rows, "title"), style(f"{folds}; intervals are 95 %", "quiet"), *_as_read(run)]
    return "\n".join(lines)


def _as_read(run: dict[str, Any]) -> list[str]:
    """What the reader left out or assumed, and how rows count."""
    data, weighted = run["data"], weighted_rows(run)
    lost = data["dropped_rows"]
    left_out = [f"{lost:,} rows, whose label reads as missing, are left out"] if lost else []
    counted = textwrap.wrap(weighted, WIDTH) if weighted else []
    notes = [line for note in data.get("notes", []) for line in textwrap.wrap(note, WIDTH)]
    return [*left_out, *notes, *counted]


def nested_sentence(run: dict[str, Any]) -> str:
    """The metric of the recommendation when the choosing is tested too; "" where none was made."""
    found = run.get("nested")
    if not found:
        return ""
    metric = BY_NAME[run["protocol"]["metric"]]
    chosen = sorted(found["chosen"].items(), key=lambda item: -item[1])
    times = ", ".join(f"{name} in {n}" for name, n in chosen)
    return (
        f"Chosen anew for every fold without its rows, the recommended technique ({times} of "
        f"{sum(found['chosen'].values())} folds) has {metric.label} "
        f"{with_interval(found['metrics'][metric.name])}: that is what to expect of it."
    )


def correction_table(run: dict[str, Any]) -> str:
    """Each technique's probabilities before correction and as deployed."""
    lines = [
        "Probabilities: before correction -> as deployed (O/E 1 and slope 1 are true)",
        f"{'technique':<19}{'Log loss':<19}{'O/E':<19}{'Slope':<19}",
    ]
    for entry in ranked(run):
        if entry["baseline"] or "correction_effect" not in entry:
            continue
        before, after = (
            entry["correction_effect"]["uncorrected"],
            entry["correction_effect"]["deployed"],
        )
        cells = [
            f"{number(before[name], digits)} -> {number(after[name], digits)}"
            for name, digits in (("log_loss", 3), ("observed_expected", 2), ("slope", 2))
        ]
        lines.append(f" {entry['name']:<18}" + "".join(f"{cell:<19}" for cell in cells))
    return "\n".join(line.rstrip() for line in lines)


def _paragraph(title: str, words: str, style: Style) -> list[str]:
    first, *rest = textwrap.wrap(f"{title}. {words}", WIDTH)
    start = f"{title}."
    return [style(start, "title") + first.removeprefix(start), *rest, ""]


def _nested_lines(run: dict[str, Any], style: Style) -> list[str]:
    said = nested_sentence(run)
    return _paragraph("To expect", said, style) if said else []


def _decision(run: dict[str, Any], style: Style) -> list[str]:
    title, *lines = decision_lines(run)
    return [style(title, "title"), *lines]
