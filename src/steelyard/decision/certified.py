"""Which thresholds are sure to keep a bound on new rows, however many of them were looked at.

Fixed-sequence testing: thresholds are tested in an order that does not depend on the labels, from
the safe end on, and the first that fails ends the walk; so the chance that any of those that
passed breaks the bound is at most `DOUBT`. Recall and alerts have one safe end, and their tests
fail for good once they fail. Precision has none: a handful of flagged rows proves nothing, and
later ones may be pure where the first were not. So walks start at several numbers of flagged rows,
each twice the last, and share the doubt.

Source: Angelopoulos et al., "Learn then Test: calibrating predictive algorithms to achieve risk
    control", Annals of Applied Statistics 19 (2025), section 2.4.
"""

from math import ceil, floor, log, log2

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv

from steelyard.decision.curve import Curve
from steelyard.decision.goals import Alerts, Goal, MinPrecision, MinRecall
from steelyard.stats.validation import Floats

DOUBT = 0.05


def certified(goal: Goal, curve: Curve) -> NDArray[np.bool_] | None:
    """Thresholds that flag some rows and keep the goal's bound; None for a goal without one.

    Shape of `curve.tp`.
    """
    if isinstance(goal, MinRecall):
        passed = _more_than(*curve.of_positives, goal.r, curve.copies) <= DOUBT
    elif isinstance(goal, Alerts):
        passed = _few_enough(goal, curve)
    elif isinstance(goal, MinPrecision):
        passed = _pure_enough(goal, curve)
    else:
        return None
    return passed & (curve.flagged > 0)


def chance_to_hold(goal: Goal, curve: Curve, index: int) -> float | None:
    """Probability that a threshold keeps the bound on new rows; None for a goal without one.

    Of the posterior under Jeffreys' prior, for this threshold alone: that it is the best of many on
    these rows is not counted.
    """

    def posterior_above(rows: tuple[Floats, Floats], share: float) -> float:
        hits, misses = (float(np.broadcast_to(kind, curve.tp.shape)[index]) for kind in rows)
        return _posterior_above(hits, misses, share, curve.copies)

    if isinstance(goal, MinRecall):
        return posterior_above(curve.of_positives, goal.r)
    if isinstance(goal, Alerts):
        return 1.0 - posterior_above((curve.flagged, curve.rows - curve.flagged), goal.share)
    if isinstance(goal, MinPrecision):
        return posterior_above(curve.of_flagged, purity_here(goal.p, curve.each))
    return None


def purity_here(precision: float, each: float) -> float:
    """The precision among the rows at hand that is `precision` where negatives count `each`."""
    return precision * each / (precision * each + 1.0 - precision)


def _posterior_above(successes: float, failures: float, share: float, copies: float) -> float:
    return 1.0 - float(betainc(successes / copies + 0.5, failures / copies + 0.5, share))


def _more_than(successes: Floats, failures: Floats, share: float, copies: float) -> Floats:
    """P-value of the exact binomial test that a true share is at most `share`."""
    hits, misses = successes / copies, np.maximum(failures, 0.0) / copies
    p = np.ones(np.broadcast_shapes(hits.shape, misses.shape))
    return np.asarray(betainc(hits, misses + 1.0, share, out=p, where=hits > 0.0))


def _few_enough(goal: Alerts, curve: Curve) -> NDArray[np.bool_]:
    if curve.each == 1.0 and curve.tp_squares is None:
        rest = curve.rows - curve.flagged
        return _more_than(rest, curve.flagged, 1.0 - goal.share, curve.copies) <= DOUBT
    # Under other class shares two rates add up, and so do the squares of how far each may be off
    # (Zou and Donner, Statistics in Medicine 27, 2008).
    positives = curve.positives / curve.rows
    caught = _upper(*curve.of_positives, curve.copies) - curve.recall
    alarms = _upper(*curve.of_negatives, curve.copies) - curve.false_alarm_rate
    reach = np.hypot(positives * caught, (1.0 - positives) * alarms)
    return np.asarray(curve.flagged / curve.rows + reach <= goal.share)


def _upper(successes: Floats, failures: Floats, copies: float) -> Floats:
    """Upper bound of a share, exact (Clopper and Pearson)."""
    hits, misses = successes / copies, np.maximum(failures, 0.0) / copies
    bound = np.ones(np.broadcast_shapes(hits.shape, misses.shape))
    return np.asarray(betaincinv(hits + 1.0, misses, 1.0 - DOUBT, out=bound, where=misses > 0.0))


def _pure_enough(goal: MinPrecision, curve: Curve) -> NDArray[np.bool_]:
    share = purity_here(goal.p, curve.each)
    if share >= 1.0:
        return np.zeros(curve.tp.shape, dtype=bool)
    starts, doubt = _starts(share, float(np.max(curve.positives)) / curve.copies)
    passes = _more_than(*curve.of_flagged, share, curve.copies) <= doubt
    reached = np.zeros(curve.tp.shape, dtype=bool)
    for start in starts:
        walking = curve.seen / curve.copies >= start
        reached |= walking & ~np.logical_or.accumulate(walking & ~passes, axis=-1)
    return reached


def _starts(share: float, positives: float) -> tuple[list[float], float]:
    """Numbers of flagged rows that walks start from, and the doubt of each walk.

    The first is the fewest that could pass, were they all positive; past the last no threshold
    could be as pure as that, were all positives flagged.
    """
    walks, most = 1, positives / share
    while True:
        fewest = ceil(log(DOUBT / walks) / log(share)) if share > 0.0 else 1
        possible = floor(log2(most / fewest)) + 1 if most >= fewest else 1
        if possible <= walks:
            return [fewest * 2.0**k for k in range(walks)], DOUBT / walks
        walks += 1
