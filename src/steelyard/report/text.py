"""A run as text of at most 80 columns."""

import textwrap
from typing import Any

from steelyard.comparison.figures import BY_NAME, FIGURES
from steelyard.report.rows import number, percent, ranked, with_interval

WIDTH = 80


def to_text(run: dict[str, Any]) -> str:
    """What a run found: the data, the leaderboard, the verdict, the decision."""
    return "\n".join(
        [
            heading(run),
            "",
            leaderboard(run),
            "",
            textwrap.fill("Verdict. " + run["verdict"]["paragraph"], WIDTH),
            "",
            textwrap.fill("Decision. " + decision_sentence(run), WIDTH),
        ]
    )


def heading(run: dict[str, Any]) -> str:
    """Data and protocol in two lines."""
    data, protocol = run["data"], run["protocol"]
    counts = {entry["label"]: entry["count"] for entry in data["classes"]}
    rare = counts[data["positive"]]
    split = "in time order" if protocol["time"] else f"x {protocol['repeats']}"
    return (
        f"{data['rows']:,} rows, {rare:,} {data['positive']!s} ({percent(rare / data['rows'])}), "
        f"{len(counts)} classes, {len(data['schema']['columns'])} columns\n"
        f"{protocol['folds']} folds {split}; the same for all; intervals are 95 %"
    )


def leaderboard(run: dict[str, Any]) -> str:
    """One line per technique and baseline; * marks those the verdict cannot tell apart."""
    metric = BY_NAME[run["protocol"]["metric"]]
    tied = {run["verdict"]["recommended"], *run["verdict"]["tied"]}
    others = [name for name in ("log_loss", "observed_expected", "mcc") if name != metric.name]
    lines = [
        f"{'technique':<19}{metric.label:<20}"
        + "".join(f"{BY_NAME[name].label:>9}" for name in others)
        + f"  {'Bal. acc.':<20}"
    ]
    for entry in ranked(run):
        figures = entry["figures"]
        mark = "*" if entry["name"] in tied and not entry["baseline"] else " "
        name = f"{entry['name']} (base)" if entry["baseline"] else f"{mark}{entry['name']}"
        digits = 2 if metric.name == "log_loss" else 3
        lines.append(
            f"{name:<19}{with_interval(figures[metric.name], digits):<20}"
            + "".join(f"{number(figures[other]['value']):>9}" for other in others)
            + f"  {with_interval(figures['balanced_accuracy'])}"
        )
    lines.append("* not told apart from the best by these rows" if len(tied) > 1 else "* best")
    return "\n".join(line.rstrip() for line in lines)


def decision_sentence(run: dict[str, Any]) -> str:
    """What the shipped model does with a probability."""
    decision = run["decision"]
    rule = decision["rule"]
    goal = decision["describe"]
    if rule.get("threshold") is not None:
        return (
            f"The model ({decision['technique']}) calls a row {decision['positive']} from a "
            f"probability of {rule['threshold']:.4g} on: {goal}."
        )
    return f"The model ({decision['technique']}) weighs the classes' probabilities: {goal}."


def figures_table(figures: dict[str, Any]) -> str:
    """Every figure with its interval, a line each."""
    return "\n".join(
        f"{figure.label:<14}{with_interval(figures[figure.name])}" for figure in FIGURES
    )
