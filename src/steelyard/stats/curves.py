"""Curves for the report, thinned to what a picture can show."""

import numpy as np

from steelyard.stats.intervals import wilson

POINTS = 200
BINS = 10


def precision_recall_curve(positive: np.ndarray, score: np.ndarray) -> dict[str, list[float]]:
    """Recall and precision at falling thresholds; steps, never straight lines between points.

    `positive` (rows,) bool, `score` (rows,). At most POINTS points, evenly spread over recall.
    """
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(positive[order])
    last_of_ties = np.append(np.diff(score[order]) != 0, True)
    hits, flagged = hits[last_of_ties], np.flatnonzero(last_of_ties) + 1
    recall, precision = hits / hits[-1], hits / flagged
    kept = np.unique(np.searchsorted(recall, np.linspace(1 / hits[-1], 1, POINTS)))
    return {
        "recall": recall[kept].round(5).tolist(),
        "precision": precision[kept].round(5).tolist(),
    }


def calibration_curve(positive: np.ndarray, p: np.ndarray) -> dict[str, list[float]]:
    """Mean probability against observed share in bins of equal numbers of rows, with Wilson's.

    Bins by rank, since at 1 % prevalence bins of equal width are all but one empty.
    """
    order = np.argsort(p, kind="stable")
    # Half the bins for the top decile: that is where a rare class lives.
    edges = np.r_[np.linspace(0, 0.9, BINS // 2 + 1), np.linspace(0.9, 1, BINS // 2 + 1)[1:]]
    cuts = np.unique((edges * len(p)).astype(int))
    parts = [order[a:b] for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
    shares = [wilson(int(positive[part].sum()), len(part)) for part in parts]
    return {
        "predicted": [float(p[part].mean()) for part in parts],
        "observed": [float(positive[part].mean()) for part in parts],
        "low": [float(share.low) for share in shares],
        "high": [float(share.high) for share in shares],
    }
