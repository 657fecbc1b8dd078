"""Rows that moved in one column and yet look to a model as if the class shares had."""

import numpy as np
from scipy.optimize import brentq

from steelyard.decision.prior import likeliest_prior
from steelyard.stats.validation import Floats

FARTHEST = 4.0  # of the tilt, per standard deviation: nothing that moved so far is mistaken
BINS = 400  # of scores


def tilted_to(p: Floats, column: Floats, natural: Floats, prior: Floats) -> Floats | None:
    """Weights exp(tilt * column) of rows under which the class shares seem to be `prior`.

    What a column that moved would do to an estimate that takes the move for one of class shares.
    Two classes; None where no tilt of this column does that.

    Args:
        p: calibrated probabilities, (rows, 2). column: (rows,). natural, prior: (2,).
    """
    step = (column - column.mean()) / max(float(column.std()), 1e-12)
    edges = np.unique(np.quantile(p[:, 1], np.linspace(0.0, 1.0, BINS)))
    place = np.searchsorted(edges, p[:, 1], side="right")
    rows = np.maximum(np.bincount(place), 1e-9)
    positive = np.bincount(place, weights=p[:, 1]) / rows
    means = np.column_stack([1.0 - positive, positive])

    def weights(tilt: float) -> Floats:
        return np.asarray(np.exp(tilt * step - np.abs(tilt * step).max()))

    def too_many(tilt: float) -> float:
        mass = np.bincount(place, weights=weights(tilt))
        return float(likeliest_prior(means, natural, mass / mass.sum())[1] - prior[1])

    ends = [too_many(tilt) for tilt in (-FARTHEST, FARTHEST)]
    if min(ends) > 0.0 or max(ends) < 0.0:
        return None
    # Between no tilt and that end which overshoots: far out other rows come into play again.
    beyond = FARTHEST if (ends[1] > 0.0) == (too_many(0.0) < 0.0) else -FARTHEST
    tilt = float(brentq(too_many, 0.0, beyond, xtol=1e-3))
    return weights(tilt) / weights(tilt).mean()
