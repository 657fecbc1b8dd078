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
    if threshold is not None:
        return f"flag {word} from a probability of {percent(threshold)} on"
    return f"weigh the probabilities of {len(run['data']['classes'])} classes; of {word}:"


def _meaning(run: dict[str, Any], found: dict[str, Value]) -> list[str]:
    flagged = f"{answer.per_thousand(found['flagged'])} of 1,000 rows flagged"
    if figures.binary(run) and "cost" in found and run["decision"]["goal"]["kind"] == "costs":
        none = amount(found["cost_of_none"]["value"])
        flagged += f"; costs {amount(found['cost']['value'])} per 1,000, {none} without a model"
    return [
        f"finds {_of_hundred(found['recall'], 'cases')}",
        _of_hundred(found["precision"], "flagged are real"),
        flagged,
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
    return [
        f"{share}, estimated from {estimate['rows']:,} unlabelled rows (95 % interval "
        f"{percent(estimate['low'][k])} to {percent(estimate['high'][k])})."
    ]


def _caveats(decision: dict[str, Any]) -> list[str]:
    said = [*decision["tuned"]["notes"], *decision.get("warnings", [])]
    return ["Mind: " + "; ".join(said) + "."] if said else []
