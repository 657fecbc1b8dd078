"""The verdict in words: what was found, what to do, and what it would take to know more."""

import math
from collections.abc import Sequence
from typing import Any

NAMES = {
    "average_precision": "average precision",
    "roc_auc": "ROC-AUC",
    "log_loss": "log loss",
    "brier_skill": "Brier skill",
    "normalized_cost": "normalized cost",
}

MEANINGS = {
    "average_precision": "Average precision says how purely the positives come out on top: 1 is "
    "perfect, and guessing gives their share.",
    "roc_auc": "ROC-AUC is the chance that a positive is ranked above a negative: 1 is perfect, "
    ".5 is guessing.",
    "log_loss": "Log loss is what wrong probabilities cost: 0 is perfect.",
    "brier_skill": "Brier skill is how much nearer the probabilities are to the truth than the "
    "class shares are: 1 is perfect, 0 is no better.",
    "normalized_cost": "Normalized cost is what decisions cost over the cheaper of flagging no row "
    "and every row: 0 is perfect, 1 is no better than that.",
}


def paragraph(verdict: dict[str, Any]) -> str:
    """The verdict for a reader without statistics, from its plain values (`run["verdict"]`)."""
    found = {
        "nothing-to-compare": _nothing,
        "too-few-positives": _too_few,
        "too-few-folds": _no_folds,
        "few-positives": _few,
        "tie": _reference,
        "reference-best": _reference,
        "beats-reference": _gain,
        "several-winners": _gain,
    }[verdict["reason"]]
    return " ".join([*found(verdict), *_behind(verdict), *_more(verdict), *_meaning(verdict)])


def _nothing(verdict: dict[str, Any]) -> list[str]:
    return [f"Only {verdict['reference']} was tried, so there is nothing to compare it with."]


def _too_few(verdict: dict[str, Any]) -> list[str]:
    return [
        f"{verdict['positives']} positives are too few to compare techniques: the metrics describe "
        f"these rows and no others. Use {verdict['recommended']} and collect at least 10 positives "
        "for a rough comparison, 50 to name a best technique."
    ]


def _no_folds(verdict: dict[str, Any]) -> list[str]:
    return [
        f"Fewer than two folds hold positives, so techniques cannot be told apart. Use "
        f"{verdict['recommended']}."
    ]


def _few(verdict: dict[str, Any]) -> list[str]:
    lead, reference = verdict["comparisons"][0], verdict["reference"]
    said = [
        f"With {verdict['positives']} positives no technique can be called best; at least 50 are "
        "needed."
    ]
    if lead["call"] != "worse":  # which is said, and is more than luck
        said.append(
            f"{lead['name']} stands at {_signed(lead['gain'])} {_metric(verdict)} against "
            f"{reference}, which these rows cannot tell from luck."
        )
    return [*said, f"Use {verdict['recommended']} and tune the threshold."]


def _reference(verdict: dict[str, Any]) -> list[str]:
    reference, tied = verdict["reference"], verdict["tied"]
    said = [
        f"No treatment beats {reference} in {_metric(verdict)}. Do nothing but move the threshold."
    ]
    if tied:
        said.append(
            f"{_list(tied)} cannot be told from it by {verdict['positives']:,} positives; "
            f"{reference} wins ties because it is simplest."
        )
    return said


def _gain(verdict: dict[str, Any]) -> list[str]:
    reference, comparisons = verdict["reference"], verdict["comparisons"]
    row = next(row for row in comparisons if row["name"] == verdict["winner"])
    said = [
        f"{row['name']} is better than {reference} by {_bare(row['gain'])} {_metric(verdict)} "
        f"(95 % interval {_signed(row['low'])} to {_signed(row['high'])}), after allowing for the "
        f"{len(comparisons)} techniques tried. Use {row['name']}."
    ]
    if verdict["tied"]:
        said.append(f"{_list(verdict['tied'])} cannot be told from it.")
    return said


def _behind(verdict: dict[str, Any]) -> list[str]:
    worse = [row["name"] for row in verdict["comparisons"] if row["call"] == "worse"]
    return [f"{_list(worse)} did worse than {verdict['reference']}."] if worse else []


def _more(verdict: dict[str, Any]) -> list[str]:
    """How many positives would settle what is open."""
    if verdict["reach"] is None or verdict["reason"] not in (
        "few-positives",
        "tie",
        "reference-best",
    ):
        return []
    reach = verdict["reach"]
    if reach["total"] is None or verdict["reason"] == "reference-best":
        return [
            f"A true gain of {_bare(reach['detectable_gain'])} or more by any of the techniques "
            "tried would most likely have been found."
        ]
    return [
        f"To confirm the lead of {reach['technique']}, were it real, would take about "
        f"{_round(max(reach['total'], 50)):,} positives; there are {verdict['positives']:,}."
    ]


def _meaning(verdict: dict[str, Any]) -> list[str]:
    return [MEANINGS[verdict["metric"]]] if verdict["comparisons"] else []


def _metric(verdict: dict[str, Any]) -> str:
    return NAMES[verdict["metric"]]


def _signed(value: float) -> str:
    return f"{value:+.3f}"


def _bare(value: float) -> str:
    digits = 3 if value >= 0.01 or not value else 1 - math.floor(math.log10(value))
    return f"{value:.{digits}f}".removeprefix("0")


def _list(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _round(count: int) -> int:
    """Two leading digits: an estimate should not look like a count."""
    step = 10 ** max(len(str(count)) - 2, 0)
    return -(-count // step) * step
