"""What a threshold cannot do, and what the reader should know about the one chosen."""

import math

import numpy as np
from numpy.typing import NDArray

from steelyard.decision.alerts import Alerts
from steelyard.decision.certified import DOUBT, certified
from steelyard.decision.curve import Curve
from steelyard.decision.goal import Goal
from steelyard.decision.goals import Maximise
from steelyard.decision.least_share import MinPrecision, MinRecall
from steelyard.decision.ranking import ranks_rows
from steelyard.decision.several import Bounds
from steelyard.errors import GoalError
from steelyard.stats.auc import auc_with_interval
from steelyard.stats.limits import TO_COMPARE, TO_NAME_BEST
from steelyard.stats.validation import Floats

Bools = NDArray[np.bool_]


def check_enough_rows(goal: Goal, positives: int, rows: int) -> None:
    """GoalError where not even a perfect model could be shown to keep the goal's bound."""
    if goal.takes_closest or ranks_rows(goal):
        return
    parts = goal.bounds if isinstance(goal, Bounds) else (goal,)
    for bound in parts:
        said = _unprovable(bound, positives, rows, DOUBT / len(parts))
        if said:
            raise GoalError(said)


def _unprovable(goal: Goal, positives: int, rows: int, doubt: float) -> str:
    if isinstance(goal, MinRecall):
        return _recall_out_of_reach(goal.r, positives, doubt)
    if isinstance(goal, Alerts):
        return _alerts_out_of_reach(goal, 1.0, rows, doubt)
    if isinstance(goal, MinPrecision) and _proven(positives, doubt) < goal.p:
        proven = _proven(positives, doubt)
        return (
            f"{positives:,} positives cannot prove a precision of {goal.p:g} (95 % sure), were "
            f"they all flagged and nothing else; {_ask(proven, goal.p, positives, doubt)}"
        )
    return ""


def out_of_reach(goal: Goal, curve: Curve, doubt: float = DOUBT) -> str:
    """Why no threshold is sure to keep the goal's bound and what can be had instead."""
    if isinstance(goal, Bounds):
        return _together_out_of_reach(goal, curve)
    if isinstance(goal, MinRecall):
        return _recall_out_of_reach(goal.r, int(curve.positives[0] / curve.copies), doubt)
    if isinstance(goal, Alerts):
        rows = int(curve.rows[0] / curve.copies)
        fewest = float(curve.flagged[curve.flagged > 0][0]) / curve.copies
        return _alerts_out_of_reach(goal, fewest, rows, doubt)
    if not isinstance(goal, MinPrecision):
        return ""
    top = int(np.argmax(curve.precision))
    positives, seen = int(curve.positives[0]), round(curve.seen[top])
    return (
        f"no threshold is sure (95 %) to keep a precision of {goal.p:g} on new rows: the best seen "
        f"is {curve.precision[top]:.3g}, on {seen:,} flagged row{'' if seen == 1 else 's'}; "
        f"{_ask(_surest(curve, doubt), goal.p, positives, doubt)}"
    )


def _together_out_of_reach(goal: Bounds, curve: Curve) -> str:
    """The bound that fails alone, or else how many rows each of them wants flagged."""
    doubt, wants = DOUBT / len(goal.bounds), []
    for bound in goal.bounds:
        sure = certified(bound, curve, doubt)
        if sure is None or not sure.any():
            return out_of_reach(bound, curve, doubt)
        per_thousand = 1000.0 * curve.flagged[sure] / curve.rows[0]
        wants.append(
            f"{bound.words} with {per_thousand.min():.3g} to {per_thousand.max():.3g} of 1,000 "
            "rows flagged"
        )
    return (
        f"no threshold is sure (95 %) to keep all bounds on new rows: {'; '.join(wants)}; relax "
        "one of them, gather more rows, or take what comes closest (`closest=True`)"
    )


def _surest(curve: Curve, doubt: float) -> float:
    """The largest precision in hundredths that some threshold is sure to keep; 0 if none."""
    low, high = 0, 100
    while high - low > 1:
        middle = (low + high) // 2
        sure = certified(MinPrecision(middle / 100.0), curve, doubt)
        low, high = (middle, high) if sure is not None and sure.any() else (low, middle)
    return low / 100.0


def _proven(n: int, doubt: float) -> float:
    """The largest share that n of n rows prove."""
    return float(doubt ** (1.0 / n)) if n else 0.0


def _ask(attainable: float, wanted: float, positives: int, doubt: float) -> str:
    less = _rounded_down(attainable)
    ask = f"ask for {less:g} or less, " if less > 0.0 else ""
    needed = math.inf if wanted >= 1.0 else math.ceil(math.log(doubt) / math.log(wanted))
    more = f"gather {needed:,} positives, " if positives < needed < math.inf else ""
    return f"{ask}{more}or take what comes closest (`closest=True`)"


def _recall_out_of_reach(recall: float, positives: int, doubt: float) -> str:
    best = _proven(positives, doubt)
    if best >= recall:
        return ""
    return (
        f"no threshold is sure (95 %) to keep a recall of {recall:g} on new rows: with "
        f"{positives:,} positives the most that can be shown is {best:.3g}; "
        f"{_ask(best, recall, positives, doubt)}"
    )


def _alerts_out_of_reach(goal: Alerts, fewest: float, rows: int, doubt: float) -> str:
    """`fewest`: rows of the highest score, which are flagged together or not at all."""
    from scipy.special import betaincinv

    least = float(betaincinv(fewest + 1.0, max(rows - fewest, 1e-9), 1.0 - doubt))
    if least <= goal.share:
        return ""
    shared = ""
    if fewest > 1:
        shared = f"the {round(fewest):,} rows of the highest score cannot be told apart, so "
    return (
        f"{shared}{rows:,} rows cannot show (95 % sure) that at most {goal.per_thousand:g} of "
        f"1,000 are flagged; ask for {math.ceil(least * 10_000.0) / 10.0:g} alerts or more, or "
        "take what comes closest (`closest=True`)"
    )


def threshold_notes(
    goal: Goal,
    curve: Curve,
    chosen: int,
    unsure: str,
    holds: float | None,
    *,
    ranked: tuple[Bools, Floats, Floats | None],
) -> list[str]:
    """Warnings about the threshold that was chosen, on rows `ranked` (positive, score, weight)."""
    positives = round(curve.positives[0] / curve.copies)
    notes = []
    if unsure and holds is not None:
        kept = ("all bounds", "them") if isinstance(goal, Bounds) else ("the bound", "it")
        notes.append(
            f"no threshold is sure to keep {kept[0]}; this one comes closest and keeps {kept[1]} "
            f"on new rows with a probability of {100 * holds:.0f} %"
        )
    if positives < TO_NAME_BEST:
        tail = "a guess" if positives < TO_COMPARE else "uncertain"
        notes.append(f"only {positives} positives: the threshold is {tail}")
    if isinstance(goal, Maximise) and goal.metric in ("f1", "fbeta"):
        positive, scores, weights = ranked
        auc, low, high = auc_with_interval([(positive, scores, weights)])
        if low <= 0.5 <= high:
            notes.append(
                f"ROC-AUC {auc:.3f} ({low:.3f} to {high:.3f}) holds .5: the scores may be noise, "
                f"on which {goal.measure} is largest when every row is flagged"
            )
    flagged = curve.flagged[chosen]
    if flagged in (0.0, curve.flagged[-1]):
        notes.append(f"the threshold flags {'every' if flagged else 'no'} row")
    return notes


def _rounded_down(share: float) -> float:
    return math.floor(share * 100.0) / 100.0
