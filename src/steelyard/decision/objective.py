"""What each threshold is worth under a goal: one number, the more the better."""

import numpy as np
from numpy.typing import NDArray

from steelyard.decision.alerts import Alerts
from steelyard.decision.certified import certified
from steelyard.decision.costs import Costs
from steelyard.decision.curve import TINY, Curve
from steelyard.decision.goal import Goal
from steelyard.decision.goals import Maximise
from steelyard.decision.least_share import MinPrecision, MinRecall
from steelyard.decision.several import Bounds
from steelyard.errors import GoalError
from steelyard.stats.validation import Floats


def objective(goal: Goal, curve: Curve) -> Floats:
    """The goal's measure at each threshold, shape of `curve.tp`; costs are per row and negative."""
    match goal:
        case Costs():
            missed = curve.positives - curve.tp
            return -(goal.fp * curve.fp + goal.fn * missed) / (curve.positives + curve.negatives)
        case Bounds():
            return metric("f1", curve)
        case Maximise():
            return metric(goal.metric, curve, goal.beta)
        case MinRecall():
            return curve.precision
        case MinPrecision() | Alerts():
            return curve.recall
    raise GoalError(f"{type(goal).__name__} has no threshold; it decides by a matrix of costs")


def margin(goal: Goal, curve: Curve) -> Floats | None:
    """How far each threshold is, on these rows, on the right side (>= 0) of the goal's bound.

    None for a goal without one.
    """
    match goal:
        case Bounds():
            return _least_margin(goal, curve)
        case MinRecall():
            return curve.recall - goal.r
        case MinPrecision():
            return curve.precision - goal.p
        case Alerts():
            # The hair's breadth keeps 3 of 1,000 rows 3 in spite of rounding.
            return goal.share * curve.rows + 1e-6 - curve.flagged
    return None


def _least_margin(goal: Bounds, curve: Curve) -> Floats:
    """Of several bounds the one that is missed by most, as a share."""
    each = []
    for bound in goal.bounds:
        slack = margin(bound, curve)
        if slack is not None:
            each.append(slack / curve.rows if isinstance(bound, Alerts) else slack)
    return np.asarray(np.minimum.reduce(each))


def keeping(goal: Goal, curve: Curve) -> NDArray[np.bool_]:
    """Thresholds to choose from: sure to keep the bound, else those that keep it on these rows.

    Where none does even that, all of them; and so for a goal without a bound. Shape of `curve.tp`.
    """
    sure, slack = certified(goal, curve), margin(goal, curve)
    if sure is None or slack is None:
        return np.full(curve.tp.shape, fill_value=True)
    seen = (slack >= 0.0) & (curve.flagged > 0)
    some_sure, some_seen = sure.any(axis=-1, keepdims=True), seen.any(axis=-1, keepdims=True)
    return np.where(some_sure, sure, np.where(some_seen, seen, slack >= slack.max(-1)[..., None]))


def metric(name: str, curve: Curve, beta: float = 1.0) -> Floats:
    """balanced_accuracy, f1, fbeta, mcc or gmean at each threshold; 0 where undefined."""
    recall, specificity = curve.recall, 1.0 - curve.false_alarm_rate
    match name:
        case "balanced_accuracy":
            return (recall + specificity) / 2.0
        case "gmean":
            return np.sqrt(recall * np.maximum(specificity, 0.0))
        case "f1" | "fbeta":
            b2 = 1.0 if name == "f1" else beta * beta
            return (1.0 + b2) * curve.tp / np.maximum(b2 * curve.positives + curve.flagged, TINY)
    passed = curve.rows - curve.flagged
    together = curve.tp * (curve.negatives - curve.fp) - curve.fp * (curve.positives - curve.tp)
    alone = curve.positives * curve.negatives * curve.flagged * np.maximum(passed, 0.0)
    return np.where(alone > 0.0, together / np.sqrt(np.maximum(alone, TINY)), 0.0)


def best(goal: Goal, curve: Curve, value: Floats) -> NDArray[np.int64]:
    """Index of the chosen threshold of each curve, shape (...).

    The best of those in `keeping`. Of equal ones next to each other the middle one, furthest from
    where things change; for alerts the last one, as the room for them is there to be used.
    `value`: the goal's objective at each threshold.
    """
    value = np.where(keeping(goal, curve), value, -np.inf)
    if isinstance(goal, Alerts):
        return value.shape[-1] - 1 - np.argmax(value[..., ::-1], axis=-1)
    top = value >= value.max(axis=-1, keepdims=True) - 1e-12
    first, after = run_around(np.argmax(top, axis=-1), top)
    return (first + after) // 2


def run_around(
    chosen: NDArray[np.int64], holds: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last index of the run of True that `chosen` lies in, along the last axis."""
    first, last = np.array(chosen), np.array(chosen)
    for one in np.ndindex(first.shape):
        here = first[one]
        for end, side in ((first, holds[one][:here][::-1]), (last, holds[one][here + 1 :])):
            run = len(side) if side.all() else int(side.argmin())  # both stop at the first False
            end[one] += run if end is last else -run
    return first, last
