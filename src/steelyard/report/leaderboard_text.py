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
    second, shown_by = _ranked_by(run)
    others = [name for name in ("observed_expected", "log_loss") if name != metric.name]
    others = ["average_precision", *others] if metric.name == "normalized_cost" else others
    others += ["mcc", "balanced_accuracy"] if wide else []
    others = [name for name in others if BY_NAME[name].label != title]
    entries = ranked(run)
    pairs = {entry["name"]: (figure(entry), shown_by(entry)) for entry in entries}
    wide_by = [max(CELL, *(len(pair[i]) + 2 for pair in pairs.values())) for i in (0, 1)]
    head = f"{' technique':<{NAME}}{title:<{wide_by[0]}}{second:<{wide_by[1]}}"
    head += "".join(f"{BY_NAME[name].label:>{_width(name)}}" for name in others)
    marked = marked_techniques(run)
    lines = [style(head.rstrip(), "quiet")]
    for entry in entries:
        best = entry["name"] == run["verdict"]["recommended"] and not entry["baseline"]
        mark = "*" if entry["name"] in marked and not entry["baseline"] else " "
        name = shown(entry["name"], NAME - 2)
        cells = f"{mark}{name:<{NAME - 1}}"
        cells += "".join(f"{x:<{w}}" for x, w in zip(pairs[entry["name"]], wide_by, strict=True))
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


def _ranked_by(run: dict[str, Any]) -> tuple[str, Callable[[dict[str, Any]], str]]:
    """The head of the second column and what stands there: the metric that ranks.

    Where that is what decisions by row cost, which is the first column, what is saved against the
    reference: rows of large costs weigh on all techniques alike.
    """
    metric = BY_NAME[run["protocol"]["metric"]]
    saved = figures.saved_on_reference(run) if metric.name == "normalized_cost" else {}
    if saved:
        return "saved", lambda entry: saved_text(saved.get(entry["name"]))
    digits = 2 if metric.name == "log_loss" else 3
    return metric.label, lambda entry: with_interval(entry["metrics"][metric.name], digits)


def saved_text(saved: dict[str, Any] | None) -> str:
    """12 (-3.1 to 27), or a dash."""
    if saved is None:
        return "-"
    return f"{amount(saved['value'])} ({amount(saved['low'])} to {amount(saved['high'])})"


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
