"""The decision as text: from where on a row is flagged, and what that means per 1,000 rows."""

import textwrap
from typing import Any

from steelyard.report import answer, figures
from steelyard.report.formatting import amount, number, percent, positive_word
from steelyard.stats.consequences import Value

WIDTH = 80


def decision_lines(run: dict[str, Any]) -> list[str]:
    """Title, the four lines, and what to mind; at most 80 columns."""
    decision = run["decision"]
    title = f"Decision ({decision['technique']}): {decision['describe']}"
    found = answer.consequences_of_decision(figures.with_decision(run))
    lines = [_rule(run), *(_meaning(run, found) if found else [])]
    said = [*_prior(run), *_caveats(decision)]
    return [
        *textwrap.wrap(title, WIDTH),
        *(part for line in lines for part in _indented(line)),
        *(part for line in said for part in textwrap.wrap(line, WIDTH)),
    ]


def retuned_text(run: dict[str, Any]) -> str:
    """The decision of a run after `retune`, with the range that is as good."""
    tuned, lines = run["decision"]["tuned"], decision_lines(run)
    near = tuned.get("near_best")
    if run["decision"]["rule"].get("threshold") is not None and near:
        lines.append(
            f"{tuned['measure']} {number(tuned['value'])}; thresholds from {near[0]:.4g} to "
            f"{near[1]:.4g} do within 1 % of it"
        )
    return "\n".join(lines)


def _rule(run: dict[str, Any]) -> str:
    word, threshold = positive_word(run), run["decision"]["rule"].get("threshold")
    goal = run["decision"]["goal"]
    if goal.get("per") is not None and goal.get("by"):
        least = run["decision"]["rule"]["row_costs"]["fp"]
        rank = f"probability x {goal['by']}"
        return f"one row alone: flag {word} where its {rank} is {least:.4g} or more"
    if threshold is not None:
        return f"flag {word} from a probability of {percent(threshold)} on"
    three = run["decision"]["rule"].get("three_way")
    if three:
        return f"pass, review or block, for {word} by expected cost{_between(three)}"
    by_row = run["decision"]["rule"].get("row_costs")
    if by_row:
        fp, fn = (
            one if isinstance(one, str) else f"{one:g}" for one in (by_row["fp"], by_row["fn"])
        )
        return f"flag {word} where its probability is at least f / (f + m), f = {fp}, m = {fn}"
    return f"weigh the probabilities of {len(run['data']['classes'])} classes; of {word}:"


def _between(three: dict[str, Any]) -> str:
    """From which probability on rows are reviewed and blocked, where all rows cost the same."""
    if isinstance(three["fp"], str) or isinstance(three["fn"], str):
        return ", row by row"
    low = three["review"] / (three["hit_rate"] * three["fn"])
    high = (three["fp"] - three["review"]) / (three["fp"] + (1 - three["hit_rate"]) * three["fn"])
    if low >= high:
        return f": block from {percent(three['fp'] / (three['fp'] + three['fn']))} on"
    return f": review from {percent(low)}, block from {percent(high)} on"


def _meaning(run: dict[str, Any], found: dict[str, Value]) -> list[str]:
    flagged = f"{answer.per_thousand(found['flagged'])} of 1,000 rows flagged"
    if figures.binary(run) and "cost" in found and run["decision"]["goal"]["kind"] == "costs":
        none = amount(found["cost_of_none"]["value"])
        flagged += f"; costs {amount(found['cost']['value'])} per 1,000, {none} without a model"
    return [
        f"finds {_of_hundred(found['recall'], 'cases')}",
        _of_hundred(found["precision"], "flagged are real"),
        flagged,
        *_saved(run),
    ]


def _saved(run: dict[str, Any]) -> list[str]:
    """What own thresholds save, where costs differ by row."""
    found = figures.money(run)
    if found is None or run["decision"]["goal"]["kind"] != "costs":
        return []
    one, saved = found["one_threshold"], found["saved_by_row"]
    return [
        f"one threshold for all rows would cost {amount(1000 * one['value'])} per 1,000: a row's "
        f"own saves {amount(1000 * saved['value'])} ({amount(1000 * saved['low'])} to "
        f"{amount(1000 * saved['high'])})"
    ]


def _of_hundred(found: Value, what: str) -> str:
    """A share in words: `86 of 100 cases (81 to 90)`."""
    count, _, interval = answer.share_of(found, 100).partition(" (")
    return f"{count} {what}" + (f" ({interval}" if interval else "")


def _indented(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, initial_indent="  ", subsequent_indent="    ")


def _prior(run: dict[str, Any]) -> list[str]:
    """Which class shares the decision is for, where they are not those of the table."""
    decision = run["decision"]
    if decision.get("prior_from", "data") == "data":
        return []
    labels = [entry["label"] for entry in run["data"]["classes"]]
    k = labels.index(decision["positive"])
    share = f"It is set for {percent(decision['prior'][k])} {positive_word(run)}"
    if decision["prior_from"] == "stated":
        return [f"{share}, as stated."]
    estimate = decision["unlabelled"]["estimate"]
    if decision["unlabelled"].get("taken") == "features":
        ends = f"{percent(estimate['low'][k])} to {percent(estimate['high'][k])}"
        return [
            f"Its probabilities stay; the threshold is set for rows like {estimate['rows']:,} "
            f"unlabelled ones, of which {percent(estimate['prior'][k])} are {positive_word(run)} "
            f"({ends}) if only features moved."
        ]
    if decision["unlabelled"].get("taken") == "same":
        return [f"{share}, as in the table of the run."]
    return [
        f"{share}, estimated from {estimate['rows']:,} unlabelled rows (95 % interval "
        f"{percent(estimate['low'][k])} to {percent(estimate['high'][k])})."
    ]


def _caveats(decision: dict[str, Any]) -> list[str]:
    said = [*decision["tuned"]["notes"], *decision.get("warnings", [])]
    return ["Mind: " + "; ".join(said) + "."] if said else []
