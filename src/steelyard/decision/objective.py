"""What each threshold is worth under a goal: one number, the more the better."""

import numpy as np
from numpy.typing import NDArray

from steelyard.decision.curve import Curve, wilson_low
from steelyard.decision.goals import Alerts, Costs, Goal, Maximise, MinPrecision, MinRecall
from steelyard.errors import GoalError
from steelyard.stats.validation import Floats


def objective(goal: Goal, curve: Curve) -> Floats:
    """The goal's measure at each threshold, shape of `curve.tp`; costs are per row and negative."""
    match goal:
        case Costs():
            missed = curve.positives - curve.tp
            return -(goal.fp * curve.fp + goal.fn * missed) / (curve.positives + curve.negatives)
        case Maximise():
            return metric(goal.metric, curve, goal.beta)
        case MinRecall():
            return curve.precision
        case MinPrecision() | Alerts():
            return curve.recall
    raise GoalError(f"{type(goal).__name__} has no threshold; it decides by a matrix of costs")


def margin(goal: Goal, curve: Curve, *, sure: bool = True) -> Floats | None:
    """How far each threshold is on the right side (>= 0) of the goal's bound; None without one.

    Recall and precision are taken at their lower Wilson bound, so that they hold on new rows too;
    with `sure=False` precision is taken as seen.
    """
    match goal:
        case MinRecall():
            return wilson_low(curve.tp, curve.positives) - goal.r
        case MinPrecision():
            return (curve.sure_precision if sure else curve.precision) - goal.p
        case Alerts():
            rows = curve.positives + curve.negatives
            # The hair's breadth keeps 3 of 1,000 rows 3 in spite of rounding.
            return np.floor(goal.per_thousand / 1000.0 * rows + 1e-6) - curve.flagged
    return None


def within_bound(goal: Goal, curve: Curve, *, sure: bool = True) -> NDArray[np.bool_]:
    """Which thresholds keep the goal's bound; all of them where it has none."""
    slack = margin(goal, curve, sure=sure)
    return np.full(curve.tp.shape, True) if slack is None else slack >= 0.0


def bound_is_sure(goal: Goal, curve: Curve) -> bool:
    """False where a precision can be seen but not relied on: too few rows are flagged there."""
    return not isinstance(goal, MinPrecision) or bool(within_bound(goal, curve).any())


def metric(name: str, curve: Curve, beta: float = 1.0) -> Floats:
    """balanced_accuracy, f1, fbeta, mcc or gmean at each threshold; 0 where undefined."""
    tp, fp = curve.tp, curve.fp
    fn, tn = curve.positives - tp, curve.negatives - fp
    specificity = 1.0 - curve.false_alarm_rate
    match name:
        case "balanced_accuracy":
            return (curve.recall + specificity) / 2.0
        case "gmean":
            return np.sqrt(curve.recall * specificity)
        case "mcc":
            squares = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
            return (tp * tn - fp * fn) / np.sqrt(np.where(squares > 0.0, squares, np.inf))
        case "f1" | "fbeta":
            b2 = beta**2 if name == "fbeta" else 1.0
            return (1.0 + b2) * tp / np.maximum((1.0 + b2) * tp + b2 * fn + fp, 1e-300)
    raise GoalError(f"no metric is called {name!r}")


def best(goal: Goal, curve: Curve, *, sure: bool = True) -> NDArray[np.int64]:
    """Index of the chosen threshold of each curve, shape (...).

    The best within the bound; where none is within, the one that breaks it least. Of equal ones
    next to each other the middle one, furthest from where things change; for alerts the last one,
    as the room for them is there to be used.
    """
    value = objective(goal, curve)
    slack = margin(goal, curve, sure=sure)
    if slack is not None:
        inside = slack >= 0.0
        kept = inside.any(axis=-1, keepdims=True)
        value = np.where(kept, np.where(inside, value, -np.inf), slack)
    if isinstance(goal, Alerts):
        return value.shape[-1] - 1 - np.argmax(value[..., ::-1], axis=-1)
    top = value >= value.max(axis=-1, keepdims=True) - 1e-12
    first, after = run_around(np.argmax(top, axis=-1), top)
    return (first + after) // 2


def run_around(
    chosen: NDArray[np.int64], holds: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last index of the run of True that `chosen` lies in, along the last axis."""
    size = holds.shape[-1]
    index = np.arange(size)
    here = np.asarray(chosen)[..., None]
    before = np.where(~holds & (index < here), index, -1).max(axis=-1)
    after = np.where(~holds & (index > here), index, size).min(axis=-1)
    return before + 1, after - 1
