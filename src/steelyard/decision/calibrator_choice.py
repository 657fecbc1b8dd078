"""Which threshold to take: the best on these rows, or where theory puts it.

With few rows the best threshold follows their noise. Where theory says where true probabilities are
cut, that place is taken unless the best beats it by more than the rows in between allow. How much
a tuned threshold still flatters itself: `benchmarks/thresholds.py`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from steelyard.decision.costs import Costs
from steelyard.decision.curve import Curve
from steelyard.decision.goal import Goal
from steelyard.decision.goals import Maximise
from steelyard.decision.objective import best, objective
from steelyard.stats.validation import Floats

SURE = float(ndtri(0.95))  # one-sided: only a threshold that does better speaks against theory


def choose(
    goal: Goal, curve: Curve, lowest: Floats, value: Floats
) -> tuple[NDArray[np.int64], NDArray[np.bool_], Floats]:
    """The chosen threshold of each curve.

    Args:
        curve: of shape (..., thresholds).
        lowest: the lowest score that each threshold flags, infinite for none, shape (thresholds,).
        value: the goal's objective at each threshold, shape of `curve.tp`.
    Returns: index, whether it is theory's, and theory's threshold; each of shape (...).
    """
    top = best(goal, curve, value)
    theory = closed_form(goal, curve, _at(value, top))
    if theory is None:
        return top, np.zeros(top.shape, dtype=bool), np.full(top.shape, np.nan)
    # The last threshold that flags nothing below theory's threshold.
    there = np.maximum(np.searchsorted(-lowest, -theory, side="right") - 1, 0)
    lost = _at(value, top) - _at(value, there)
    taken = np.full(top.shape, True)
    if not isinstance(goal, Costs):  # costs alone say where to cut
        flags = _at(curve.seen, there) > 0  # an F1 of nothing flagged is no F1
        taken = flags & (lost <= SURE * doubt(goal, curve, top, there))
    return np.where(taken, there, top), taken, theory


def closed_form(goal: Goal, curve: Curve, value: Any) -> Floats | None:
    """Where theory cuts true probabilities, given the best `value`; None where it does not say.

    Source: Elkan 2001 (costs); balanced accuracy is cut at the prevalence (Bayes); Lipton, Elkan,
        Naryanaswamy, "Optimal thresholding of classifiers to maximize F1", ECML PKDD 2014.
    """
    if isinstance(goal, Costs):
        return np.full(np.shape(value), goal.threshold)
    if not isinstance(goal, Maximise):
        return None
    match goal.metric:
        case "balanced_accuracy":
            return (curve.positives / (curve.positives + curve.negatives))[..., 0]
        case "f1":
            return np.asarray(value) / 2.0
        case "fbeta":
            return np.asarray(value) / (1.0 + goal.beta**2)
    return None


def doubt(goal: Goal, curve: Curve, one: Any, other: Any) -> Floats:
    """Standard error of the difference in objective between two thresholds of each curve.

    Only the rows between them make it; each counts as Poisson, and as much as one row of its kind
    moves the objective.
    """
    tp, fp = _at(curve.tp, one), _at(curve.fp, one)
    totals = (curve.positives[..., 0], curve.negatives[..., 0], curve.each)
    base = objective(goal, Curve(tp, fp, *totals))
    positives, negatives = tp - _at(curve.tp, other), (fp - _at(curve.fp, other)) / curve.each
    by_positive = objective(goal, Curve(tp - 1.0, fp, *totals)) - base
    by_negative = objective(goal, Curve(tp, fp - curve.each, *totals)) - base
    variance = np.abs(positives) * by_positive**2 + np.abs(negatives) * by_negative**2
    return np.sqrt(variance) + 1e-12


def _at(values: Floats, index: Any) -> Floats:
    return np.take_along_axis(values, np.asarray(index)[..., None], axis=-1)[..., 0]
