"""The leaderboard as text: a line per technique, the goal's own figure first."""

from collections.abc import Callable
from typing import Any

from steelyard.report import figures
from steelyard.report.formatting import amount, number, ranked, shown, with_interval
from steelyard.stats.metrics import BY_NAME

Style = Callable[[str, str], str]

NAME, CELL = 20, 21  # widths
UNCOMPARED = ("too-few-positives", "few-positives", "too-few-folds", "nothing-to-compare")
OF_GOAL = {
    "min-precision": "recall",
    "min-recall": "precision",
    "alerts": "recall",
    "bounds": "f1",
    "fbeta": "f1",
}


def leaderboard(run: dict[str, Any], style: Style, *, wide: bool = False) -> str:
    """One line per technique and baseline, best first; * marks what the verdict cannot part.

    The goal's figure, the metric that ranks, observed over expected, log loss; `wide` adds MCC
    and balanced accuracy.
    """
    metric = BY_NAME[run["protocol"]["metric"]]
    title, figure = goal_column(run)
    others = [name for name in ("observed_expected", "log_loss") if name != metric.name]
    others += ["mcc", "balanced_accuracy"] if wide else []
    others = [name for name in others if BY_NAME[name].label != title]
    head = f"{' technique':<{NAME}}{title:<{CELL}}{metric.label:<{CELL}}"
    head += "".join(f"{BY_NAME[name].label:>{_width(name)}}" for name in others)
    marked = marked_techniques(run)
    lines = [style(head.rstrip(), "quiet")]
    for entry in ranked(run):
        best = entry["name"] == run["verdict"]["recommended"] and not entry["baseline"]
        mark = "*" if entry["name"] in marked and not entry["baseline"] else " "
        name = shown(entry["name"], NAME - 2)
        digits = 2 if metric.name == "log_loss" else 3
        cells = f"{mark}{name:<{NAME - 1}}{figure(entry):<{CELL}}"
        cells += f"{with_interval(entry['metrics'][metric.name], digits):<{CELL}}"
        cells += "".join(
            f"{number(entry['metrics'][other]['value']):>{_width(other)}}" for other in others
        )
        look = "title" if best else "quiet" if entry["baseline"] else "plain"
        lines.append(style(cells.rstrip(), look))
    return "\n".join([*lines, style(_legend(marked), "quiet")])


def marked_techniques(run: dict[str, Any]) -> set[str]:
    """Those that may be best; none where too little is known to compare."""
    verdict = run["verdict"]
    if verdict["reason"] in UNCOMPARED:
        return set()
    return {verdict["recommended"], *verdict["tied"]}


def goal_column(run: dict[str, Any]) -> tuple[str, Callable[[dict[str, Any]], str]]:
    """The head of the goal's column, and what stands there for an entry."""
    goal = run["protocol"]["goal"]
    if goal["kind"] in ("costs", "cost-matrix"):
        return "cost per 1,000", lambda entry: _cost(run, entry, goal)
    name = OF_GOAL.get(goal["kind"]) or goal.get("metric", "balanced_accuracy")
    name = OF_GOAL.get(name, name)
    return BY_NAME[name].label, lambda entry: with_interval(entry["metrics"][name])


def _cost(run: dict[str, Any], entry: dict[str, Any], goal: dict[str, Any]) -> str:
    if entry["metrics"]["normalized_cost"]["value"] is None or "confusion" not in entry:
        return "-"
    if goal["kind"] == "cost-matrix":
        counts, costs = entry["confusion"], goal["costs"]
        paid = sum(
            n * c
            for row, prices in zip(counts, costs, strict=True)
            for n, c in zip(row, prices, strict=True)
        )
        return amount(1000 * paid / sum(map(sum, counts)))
    k = figures.positive_index(run)
    if not figures.one_price(goal):
        found = figures.of_money(entry["money"], figures.natural_share(run, k))["cost"]
        return f"{amount(found['value'])} ({amount(found['low'])} to {amount(found['high'])})"
    repeats, share = run["protocol"]["repeats"], figures.natural_share(run, k)
    found = figures.at_confusion(entry, k, repeats, share, (goal["fp"], goal["fn"]))["cost"]
    return f"{amount(found['value'])} ({amount(found['low'])} to {amount(found['high'])})"


def _legend(marked: set[str]) -> str:
    if not marked:
        return "too little is known to compare: no technique is marked"
    kinds = "the others are baselines or did worse"
    if len(marked) == 1:
        return f"* best; {kinds}"
    return f"* these rows cannot tell them apart; {kinds}"


def _width(name: str) -> int:
    return max(len(BY_NAME[name].label), 5) + 2
