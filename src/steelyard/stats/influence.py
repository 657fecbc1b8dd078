"""How much each row moves a metric, and the standard error that follows.

A metric computed from n rows changes by about `psi[i]` when row i counts once more. The sum of
squares of `psi` is the metric's variance (the infinitesimal jackknife); rows of one group are
added up first. One pass over sorted rows, where a bootstrap takes a thousand.
Source: Efron, "The Jackknife, the Bootstrap and Other Resampling Plans", SIAM 1982, chapter 6.
"""

import math

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.intervals import placements

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.integer]

_SMALLEST = float(np.finfo(np.float64).eps)  # scikit-learn's clip, so that log loss agrees


def average_precision(is_positive: Bools, score: Floats) -> tuple[float, Floats]:
    """Average precision (step form, ties together) and the influence of each row, shape (n,)."""
    order = np.argsort(-score, kind="stable")
    truth = is_positive[order].astype(np.float64)
    ends, group = _tie_groups(score[order])
    hits, alarms = np.cumsum(truth)[ends], np.cumsum(1 - truth)[ends]
    flagged, positives = hits + alarms, hits[-1]
    # Positives in each group of ties, all reached at the precision of the group's end.
    reached = np.diff(hits, prepend=0.0)
    value = float((reached * hits / flagged).sum() / positives)
    # A row adds to the counts of its own threshold and of every lower one.
    as_hit = _from_here_down(reached * alarms / flagged**2)
    as_alarm = _from_here_down(-reached * hits / flagged**2)
    of_hit = (hits / flagged - value + as_hit)[group]
    psi = np.empty_like(score)
    psi[order] = np.where(truth > 0, of_hit, as_alarm[group]) / positives
    return value, psi


def roc_auc(is_positive: Bools, score: Floats) -> tuple[float, Floats]:
    """ROC-AUC and the influence of each row; the error that follows is DeLong's."""
    value, placed = placements(is_positive, score)
    m, n = int(is_positive.sum()), int((~is_positive).sum())
    return value, (placed - value) / np.where(is_positive, m, n)


def log_loss(y: Ints, p: Floats) -> tuple[float, Floats]:
    """Mean negative log probability of the true class, in nats."""
    taken = np.clip(p[np.arange(len(y)), y], _SMALLEST, 1 - _SMALLEST)
    losses = -np.log(taken)
    value = float(losses.mean())
    return value, (losses - value) / len(y)


def brier_skill(y: Ints, p: Floats) -> tuple[float, Floats]:
    """1 - Brier score / Brier score of always saying the class shares; 1 best, 0 worthless."""
    shares = np.bincount(y, minlength=p.shape[1]) / len(y)
    squares = (p * p).sum(axis=1) - 2 * p[np.arange(len(y)), y] + 1
    score, constant = float(squares.mean()), float(1 - (shares**2).sum())
    relative = squares / score - 1 if score > 0 else np.zeros(len(y))
    of_constant = -2 * (shares[y] - (shares**2).sum()) / constant
    return 1 - score / constant, -(score / constant) * (relative - of_constant) / len(y)


def observed_expected(is_positive: Bools, score: Floats) -> tuple[float, Floats]:
    """Positives seen over positives foretold (the sum of the probabilities)."""
    expected = float(score.sum())
    value = float(is_positive.sum()) / expected
    return value, (is_positive - value * score) / expected


def mean_over_classes(parts: list[tuple[float, Floats]]) -> tuple[float, Floats]:
    """The plain mean of several metrics of the same rows, with its influences."""
    values, influences = zip(*parts, strict=True)
    return float(np.mean(values)), np.mean(influences, axis=0)


def standard_error(psi: Floats, groups: Ints | None = None) -> tuple[float, float]:
    """Standard error and its degrees of freedom, rows of one of the `groups` added up first.

    The degrees of freedom are Satterthwaite's, from the fourth moment: n for even influences,
    about twice the positives where only those matter, so few positives give wide intervals.
    """
    if groups is not None:
        psi = np.asarray(np.bincount(groups, weights=psi), dtype=np.float64)
    n = len(psi)
    psi = psi - psi.mean()
    total = float((psi**2).sum())
    if n < 2 or total == 0:
        return 0.0, math.inf
    wobble = float((psi**4).sum()) - total**2 / n
    df = 2 * total**2 / wobble if wobble > 0 else math.inf
    return math.sqrt(total * n / (n - 1)), max(1.0, min(df, n - 1))


def _tie_groups(descending: Floats) -> tuple[Ints, Ints]:
    """Last position of each run of equal scores, and the run each position is in."""
    changes = np.diff(descending) != 0
    ends = np.append(np.flatnonzero(changes), len(descending) - 1)
    return ends, np.concatenate(([0], np.cumsum(changes)))


def _from_here_down(per_group: Floats) -> Floats:
    return np.cumsum(per_group[::-1])[::-1]
