"""The verdict in words: what to do, what was found, what it would take to know more."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from steelyard.comparison.figures import BY_NAME

if TYPE_CHECKING:
    from steelyard.comparison.verdict import Verdict

NAMES = {
    "average_precision": "average precision",
    "roc_auc": "ROC-AUC",
    "log_loss": "log loss",
    "brier_skill": "Brier skill",
}
MEANING = {
    "average_precision": "how well the positives come out on top, 1 at best",
    "roc_auc": "how often a positive is ranked above another row, 1 at best",
    "log_loss": "how far the probabilities are from the truth, 0 at best",
    "brier_skill": "how much the probabilities tell beyond the class shares, 1 at best",
}


def recommendation(verdict: "Verdict") -> str:
    """What to do next, in a line."""
    use, code, have = verdict.recommended, verdict.reasons[0], verdict.positives
    if code == "too-few-positives":
        text = f"Use {use} for now and collect at least {10 - have} more {_positives(10 - have)}."
    elif code == "few-positives":
        text = f"Use {use} for now and collect at least {50 - have} more {_positives(50 - have)}."
    elif code in ("nothing-to-compare", "too-few-folds"):
        text = f"Use {use}; nothing was compared with it."
    elif code == "several-winners":
        text = f"Use {use}; {_list(verdict.tied, 'or')} would do as well."
    elif code == "tie" and (wanted := _more(verdict)):
        gain = number(verdict.reach.gain) if verdict.reach else ""
        text = f"Use {use}. If a gain of {gain} is worth it, collect {wanted} more positives."
    else:
        text = f"Use {use}."
    if "no-signal" in verdict.reasons:
        text += " Look for better columns first: no model here ranks better than chance."
    return text


def positives_needed(verdict: "Verdict") -> str:
    """How many more positives would settle what is open."""
    have, reach = verdict.positives, verdict.reach
    if have < 10:
        return (
            f"With {10 - have} more the techniques can be compared roughly, "
            f"with {50 - have} more a best one can be named."
        )
    if reach is None:
        return "More positives are no help until at least two techniques share two folds."
    if verdict.winner not in (None, verdict.reference):
        return f"The {have:,} positives were enough to tell."
    if reach.total is None:
        return (
            f"No technique leads by more than {number(verdict.rope)}, which is too little to "
            f"matter. A true gain of {number(reach.detectable_gain)} or more would most likely "
            "have been found."
        )
    need = max(reach.total, 50)
    text = (
        f"If the lead of {reach.technique} is real, it would most likely be confirmed "
        f"with about {_about(need):,} positives"
    )
    return f"{text}, {_more(verdict)} more than there are."


def paragraph(verdict: "Verdict") -> str:
    """The verdict for a reader without statistics, in three to six sentences."""
    shape = {
        "too-few-positives": _too_few,
        "few-positives": _few,
        "nothing-to-compare": _nothing,
        "too-few-folds": _nothing,
        "tie": _tie,
        "reference-best": _reference_best,
        "beats-reference": _gain,
        "several-winners": _gain,
    }[verdict.reasons[0]]
    sentences = [*shape(verdict)]
    if "no-signal" in verdict.reasons:
        sentences.append(
            "None of the models ranks the positives better than chance would: before any "
            "technique, the table needs columns that say something about them."
        )
    return " ".join(sentences)
