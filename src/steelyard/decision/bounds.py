"""What a threshold cannot do, and what the reader should know about the one chosen."""

import math

import numpy as np

from steelyard.decision.curve import Z95, Curve, auc_interval
from steelyard.decision.goals import Alerts, Goal, Maximise, MinPrecision, MinRecall
from steelyard.decision.objective import within_bound

FEW, SOME = 10, 50


def out_of_reach(goal: Goal, curve: Curve) -> str:
    """Why no threshold keeps the goal's bound and what can be had instead; "" where one does."""
    if isinstance(goal, Alerts):
        return _alerts_out_of_reach(goal, curve)
    if not isinstance(goal, MinPrecision | MinRecall):
        return ""
    if within_bound(goal, curve, sure=isinstance(goal, MinRecall)).any():
        return ""
    if isinstance(goal, MinPrecision):
        top = int(np.argmax(curve.precision))
        best = float(curve.precision[top])
        return (
            f"no threshold reaches a precision of {goal.p:g}: the best is {best:.3g}, on "
            f"{round(curve.seen[top]):,} flagged rows; ask for {_rounded_down(best)} or less"
        )
    return _recall_out_of_reach(goal.r, int(curve.positives[0]))


def _recall_out_of_reach(recall: float, positives: int) -> str:
    # Wilson's bound for n of n is n / (n + z^2); solved for n it says how many are needed.
    best = positives / (positives + Z95**2)
    more = ""
    if recall < 1.0:
        more = f" or gather {math.ceil(Z95**2 * recall / (1.0 - recall)):,} positives"
    return (
        f"no threshold is sure (lower 95 % bound) of a recall of {recall:g}: with {positives:,} "
        f"positives the best that can be shown is {best:.3g}; "
        f"ask for {_rounded_down(best)} or less{more}"
    )


def threshold_notes(goal: Goal, curve: Curve, chosen: int, *, sure: bool) -> list[str]:
    """Warnings about a threshold that keeps its bound."""
    positives = int(curve.positives[0])
    rows = positives + round(curve.negatives[0] / curve.each)
    notes = []
    if positives < SOME:
        tail = "the threshold is a guess" if positives < FEW else "the threshold is uncertain"
        notes.append(f"only {positives} positives: {tail}")
    if isinstance(goal, Maximise) and goal.metric in ("f1", "fbeta"):
        auc, low, high = auc_interval(curve)
        if low <= 0.5 <= high:
            notes.append(
                f"ROC-AUC {auc:.3f} ({low:.3f} to {high:.3f}) holds .5: the scores may be noise, "
                f"on which {goal.measure} is largest when every row is flagged"
            )
    if not sure:
        lower = float(curve.sure_precision[chosen])
        notes.append(
            f"a precision of {float(curve.precision[chosen]):.3g} was seen on "
            f"{round(curve.seen[chosen]):,} flagged rows, but only {lower:.3g} is sure (lower "
            "95 % bound)"
        )
    flagged = round(curve.seen[chosen])
    if flagged in (0, rows):
        notes.append(f"the threshold flags {'every' if flagged else 'no'} row")
    return notes


def _alerts_out_of_reach(goal: Alerts, curve: Curve) -> str:
    rows = int((curve.positives + curve.negatives)[0])
    room = math.floor(goal.per_thousand / 1000.0 * rows + 1e-6)
    fewest = int(curve.flagged[curve.flagged > 0][0])
    if room >= fewest:
        return ""
    shared = f"the {fewest:,} rows of the highest score cannot be told apart" if fewest > 1 else ""
    return (
        f"{goal.per_thousand:g} of 1,000 rows is {room:,} of {rows:,} rows"
        f"{', but ' + shared if shared else ''}; "
        f"ask for {math.ceil(fewest / rows * 10_000.0) / 10.0:g} alerts or more"
    )


def _rounded_down(share: float) -> str:
    return f"{math.floor(share * 100.0) / 100.0:g}"
