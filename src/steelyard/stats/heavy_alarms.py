"""The interval of average precision where a false alarm weighs more than a hit.

Of rows drawn by class, each false alarm stands for many. Few of them lie above the best hits, or
none, and then neither precision there nor its error can be read off them: a normal interval held
the truth in 75 % of tables of which one false alarm of 40 was drawn.
"""

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.intervals import Interval
from steelyard.stats.ranking import steps

Floats = NDArray[np.float64]

DRAWS = 1000
MOST_STEPS = 256  # the ranking in so many; the first ones are single hits
UNSEEN = 0.5  # Jeffreys' prior of a Poisson rate


def drawn_interval(
    is_hit: NDArray[np.bool_],
    scores: NDArray[np.float64],
    weight: Floats,
    effect: float = 1.0,
    *,
    rng: np.random.Generator,
) -> Interval:
    """95 % interval of the average precision of weighted rows.

    What was drawn are Poisson counts, so the weight that lies between two thresholds has a gamma
    distribution, and the interval is the middle of the values that such weights give. Its low end
    adds half a false alarm that was not seen above the best hit (Jeffreys), less of it where hits
    outweigh one: there a false alarm moves precision evenly, and its count alone is right.

    Args:
        effect: variance of these rows over that of independent ones.
    """
    seen, squared = steps(is_hit, scores, weight), steps(is_hit, scores, weight**2)
    ends = np.unique(np.geomspace(1, len(seen.hits), MOST_STEPS).round().astype(int)) - 1
    found = seen.found[ends]
    hits = _gammas(found, squared.found[ends] * effect, rng)
    alarms = _gammas(seen.alarms[ends], squared.alarms[ends] * effect, rng)
    one = squared.misses / seen.misses
    unseen = effect * one * rng.standard_gamma(UNSEEN / effect, size=(DRAWS, 1))
    pessimistic = alarms + unseen * np.sqrt(one / (one + found))
    # What the coarse steps leave out is that of the rows as they are.
    fine = np.dot(seen.hits, seen.found / (seen.found + seen.alarms)) / seen.found[-1]
    left_out = fine - _coarse(found[None], seen.alarms[None, ends])
    low = np.quantile(_coarse(hits, pessimistic) + left_out, 0.025)
    high = np.quantile(_coarse(hits, alarms) + left_out, 0.975)
    return Interval(max(0.0, float(low)), min(1.0, float(high)))


def _gammas(total: Floats, squares: Floats, rng: np.random.Generator) -> Floats:
    """Draws of sums that grow from step to step, by mean and variance, shape (draws, steps)."""
    mean, variance = np.diff(total, prepend=0.0), np.diff(squares, prepend=0.0)
    scale = np.divide(variance, mean, out=np.ones_like(mean), where=mean > 0)
    drawn: Floats = rng.standard_gamma(np.maximum(mean / scale, 0.0), size=(DRAWS, len(mean)))
    return np.cumsum(drawn * scale, axis=1)


def _coarse(found: Floats, alarms: Floats) -> Floats:
    """Average precision along the last axis, as if all hits of a step stood at its end."""
    hits = np.diff(found, prepend=0.0, axis=1)
    flagged = np.maximum(found + alarms, np.finfo(float).tiny)
    return np.sum(hits * found / flagged, axis=1) / found[:, -1]
