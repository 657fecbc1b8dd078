"""Curves for the report, thinned to what a picture can show."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.falling import Falling
from steelyard.stats.intervals import wilson
from steelyard.stats.ranking import Ranked

Floats = NDArray[np.float64]

POINTS = 200
BINS = 10


def precision_recall_curve(ranked: Ranked) -> dict[str, list[float]]:
    """Recall and precision at falling thresholds; steps, never straight lines between points.

    At most POINTS points, evenly spread over recall, at thresholds where a positive lies: between
    them precision only falls.
    """
    s = ranked.steps
    recall, precision = s.found / s.found[-1], s.found / (s.found + s.alarms)
    first = recall[0] if ranked.weight is not None else 1 / s.found[-1]
    kept = np.unique(np.searchsorted(recall, np.linspace(first, 1, POINTS)))
    return {
        "recall": recall[kept].round(5).tolist(),
        "precision": precision[kept].round(5).tolist(),
    }


def calibration_curve(
    positive: NDArray[np.bool_], p: NDArray[Any], weight: Floats | None = None
) -> dict[str, list[float]]:
    """Mean probability against observed share in bins of equal mass, with Wilson's interval.

    Bins by rank, since at 1 % prevalence bins of equal width are all but one empty. Rows of one
    probability share their mean outcome, so a cut through them does not depend on their order.
    """
    falling = Falling(p, positive)
    hits, rest = falling.counts if weight is None else falling.weighed(weight)
    mass, score = hits + rest, np.asarray(falling.scores, dtype=np.float64)
    upto = _running(mass)
    # Half the bins for the top decile: that is where a rare class lives.
    edges = np.r_[np.linspace(0, 0.9, BINS // 2 + 1), np.linspace(0.9, 1, BINS // 2 + 1)[1:]]
    cuts = np.unique(np.append(np.floor(edges[:-1] * upto[-1] * (1 + 1e-12)), upto[-1]))

    def sums(each: Any) -> Floats:
        return np.diff(np.interp(cuts, upto, _running(each)))

    sizes = sums(mass)
    shares = np.minimum(sums(hits) / sizes, 1.0)
    predicted = sums(mass * score) / sizes
    if weight is not None:
        sizes = sizes**2 / sums(sum(falling.weighed(weight**2)))
    found = [wilson(share * n, n) for share, n in zip(shares.tolist(), sizes.tolist(), strict=True)]
    return {
        "predicted": predicted.tolist(),
        "observed": shares.tolist(),
        "low": [float(one.low) for one in found],
        "high": [float(one.high) for one in found],
    }


def _running(falling: Any) -> Floats:
    """Sums from the lowest score up, from 0 on."""
    return np.append(0.0, np.cumsum(falling[::-1]))
