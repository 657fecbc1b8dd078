"""Curves for the report, thinned to what a picture can show."""

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.intervals import wilson
from steelyard.stats.ranking import steps

Floats = NDArray[np.float64]

POINTS = 200
BINS = 10


def precision_recall_curve(
    positive: NDArray[np.bool_],
    score: NDArray[np.float64],
    weight: NDArray[np.float64] | None = None,
) -> dict[str, list[float]]:
    """Recall and precision at falling thresholds; steps, never straight lines between points.

    `positive` (rows,) bool, `score` (rows,). At most POINTS points, evenly spread over recall, at
    thresholds where a positive lies: between them precision only falls.
    """
    s = steps(positive, score, weight)
    recall, precision = s.found / s.found[-1], s.found / (s.found + s.alarms)
    first = recall[0] if weight is not None else 1 / s.found[-1]
    kept = np.unique(np.searchsorted(recall, np.linspace(first, 1, POINTS)))
    return {
        "recall": recall[kept].round(5).tolist(),
        "precision": precision[kept].round(5).tolist(),
    }


def calibration_curve(
    positive: NDArray[np.bool_], p: Floats, weight: Floats | None = None
) -> dict[str, list[float]]:
    """Mean probability against observed share in bins of equal mass, with Wilson's interval.

    Bins by rank, since at 1 % prevalence bins of equal width are all but one empty.
    """
    mass = np.ones(len(p)) if weight is None else weight
    order = np.argsort(p, kind="stable")
    # Half the bins for the top decile: that is where a rare class lives.
    edges = np.r_[np.linspace(0, 0.9, BINS // 2 + 1), np.linspace(0.9, 1, BINS // 2 + 1)[1:]]
    upto = np.concatenate([[0.0], np.cumsum(mass[order])])
    cuts = np.unique(np.searchsorted(upto, edges * upto[-1] * (1 + 1e-12), side="right") - 1)
    parts = [order[a:b] for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
    kept = [(part, mass[part]) for part in parts if mass[part].any()]
    shares = [float(np.average(positive[part], weights=own)) for part, own in kept]
    sizes = [float(own.sum()) ** 2 / float(own @ own) for _, own in kept]
    found = [wilson(min(share, 1.0) * n, n) for share, n in zip(shares, sizes, strict=True)]
    return {
        "predicted": [float(np.average(p[part], weights=own)) for part, own in kept],
        "observed": shares,
        "low": [float(one.low) for one in found],
        "high": [float(one.high) for one in found],
    }
