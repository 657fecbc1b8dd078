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

from steelyard.decision.alerts import Alerts
from steelyard.decision.curve import Curve
from steelyard.decision.goal import Goal
from steelyard.decision.least_share import MinPrecision, MinRecall
from steelyard.decision.several import Bounds
from steelyard.stats.validation import Floats

DOUBT = 0.05
DRAWS = 20_000  # of the chance that several bounds hold together: its error is below .004


def certified(goal: Goal, curve: Curve, doubt: float = DOUBT) -> NDArray[np.bool_] | None:
    """Thresholds that flag some rows and keep the goal's bound; None for a goal without one.

    Several bounds share the doubt, so that the chance that any of them breaks is at most that.
    Shape of `curve.tp`.
    """
    if isinstance(goal, Bounds):
        each = [certified(bound, curve, doubt / len(goal.bounds)) for bound in goal.bounds]
        return np.logical_and.reduce([one for one in each if one is not None])
    if isinstance(goal, MinRecall):
        passed = _more_than(*curve.of_positives, goal.r, curve.copies) <= doubt
    elif isinstance(goal, Alerts):
        passed = _few_enough(goal, curve, doubt)
    elif isinstance(goal, MinPrecision):
        passed = _pure_enough(goal, curve, doubt)
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

    if isinstance(goal, Bounds):
        return _chance_of_all(goal, curve, index)
    if isinstance(goal, MinRecall):
        return posterior_above(curve.of_positives, goal.r)
    if isinstance(goal, Alerts):
        return 1.0 - posterior_above((curve.flagged, curve.rows - curve.flagged), goal.share)
    if isinstance(goal, MinPrecision):
        return posterior_above(curve.of_flagged, purity_here(goal.p, curve.each))
    return None


def _chance_of_all(goal: Bounds, curve: Curve, index: int) -> float:
    """Share of draws of both rates, from their posteriors, under which every bound is kept."""
    rng, copies = np.random.default_rng(0), curve.copies

    def drawn(rows: tuple[Floats, Floats]) -> Floats:
        hits, misses = (float(np.broadcast_to(kind, curve.tp.shape)[index]) for kind in rows)
        return rng.beta(hits / copies + 0.5, misses / copies + 0.5, DRAWS)

    found, alarms = drawn(curve.of_positives), drawn(curve.of_negatives)
    positives = float(np.ravel(curve.positives / curve.rows)[0])
    caught, false = positives * found, (1.0 - positives) * alarms
    keeps = np.full(DRAWS, fill_value=True)
    for bound in goal.bounds:
        if isinstance(bound, MinRecall):
            keeps &= found >= bound.r
        elif isinstance(bound, MinPrecision):
            keeps &= caught >= bound.p * (caught + false)
        elif isinstance(bound, Alerts):
            keeps &= caught + false <= bound.share
    return float(keeps.mean())


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


def _few_enough(goal: Alerts, curve: Curve, doubt: float) -> NDArray[np.bool_]:
    if curve.each == 1.0 and curve.tp_squares is None:
        rest = curve.rows - curve.flagged
        return _more_than(rest, curve.flagged, 1.0 - goal.share, curve.copies) <= doubt
    # Under other class shares two rates add up, and so do the squares of how far each may be off
    # (Zou and Donner, Statistics in Medicine 27, 2008).
    positives = curve.positives / curve.rows
    caught = _upper(*curve.of_positives, curve.copies, doubt) - curve.recall
    alarms = _upper(*curve.of_negatives, curve.copies, doubt) - curve.false_alarm_rate
    reach = np.hypot(positives * caught, (1.0 - positives) * alarms)
    return np.asarray(curve.flagged / curve.rows + reach <= goal.share)


def _upper(successes: Floats, failures: Floats, copies: float, doubt: float) -> Floats:
    """Upper bound of a share, exact (Clopper and Pearson)."""
    hits, misses = successes / copies, np.maximum(failures, 0.0) / copies
    bound = np.ones(np.broadcast_shapes(hits.shape, misses.shape))
    return np.asarray(betaincinv(hits + 1.0, misses, 1.0 - doubt, out=bound, where=misses > 0.0))


def _pure_enough(goal: MinPrecision, curve: Curve, doubt: float) -> NDArray[np.bool_]:
    share = purity_here(goal.p, curve.each)
    if share >= 1.0:
        return np.zeros(curve.tp.shape, dtype=bool)
    starts, of_each = _starts(share, float(np.max(curve.positives)) / curve.copies, doubt)
    passes = _more_than(*curve.of_flagged, share, curve.copies) <= of_each
    reached = np.zeros(curve.tp.shape, dtype=bool)
    for start in starts:
        walking = curve.seen / curve.copies >= start
        reached |= walking & ~np.logical_or.accumulate(walking & ~passes, axis=-1)
    return reached


def _starts(share: float, positives: float, doubt: float) -> tuple[list[float], float]:
    """Numbers of flagged rows that walks start from, and the doubt of each walk.

    The first is the fewest that could pass, were they all positive; past the last no threshold
    could be as pure as that, were all positives flagged.
    """
    walks, most = 1, positives / share
    while True:
        fewest = ceil(log(doubt / walks) / log(share)) if share > 0.0 else 1
        possible = floor(log2(most / fewest)) + 1 if most >= fewest else 1
        if possible <= walks:
            return [fewest * 2.0**k for k in range(walks)], doubt / walks
        walks += 1
