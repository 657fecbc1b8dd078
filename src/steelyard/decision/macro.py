"""Macro metrics of many decisions at once, from right answers and answers per class."""

import numpy as np

from steelyard.decision.goals import Maximise
from steelyard.errors import GoalError
from steelyard.stats.validation import Floats


def macro_metric(goal: Maximise, right: Floats, decided: Floats, counts: Floats) -> Floats:
    """The goal's metric over the classes that have rows.

    Args:
        right: rows of each class decided as that class, shape (..., classes).
        decided: rows decided as each class, shape (..., classes).
        counts: rows of each class, shape (classes,).
    Returns: shape (...).
    """
    there = counts > 0
    # Counts come from running sums, which may end a hair below 0.
    recall = np.maximum(right[..., there], 0.0) / counts[there]
    match goal.metric:
        case "balanced_accuracy":
            return recall.mean(axis=-1)
        case "gmean":
            return recall.prod(axis=-1) ** (1.0 / there.sum())
        case "f1" | "fbeta":
            b2 = goal.beta**2 if goal.metric == "fbeta" else 1.0
            scale = b2 * counts[there] + decided[..., there]
            return ((1.0 + b2) * right[..., there] / scale).mean(axis=-1)
        case "mcc":
            rows = counts.sum()
            covariance = right.sum(axis=-1) * rows - decided @ counts
            spread = (rows**2 - (decided**2).sum(axis=-1)) * (rows**2 - (counts**2).sum())
            return covariance / np.sqrt(np.where(spread > 0.0, spread, np.inf))
    raise GoalError(f"no metric is called {goal.metric!r}")
