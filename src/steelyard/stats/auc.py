"""ROC-AUC of any scores with its interval, which is that of the metric of predictions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from steelyard.stats.influence import standard_error
from steelyard.stats.intervals import ranking_interval
from steelyard.stats.metrics import evaluate
from steelyard.stats.predictions import Predictions

Part = tuple[ArrayLike, ArrayLike] | tuple[ArrayLike, ArrayLike, ArrayLike | None]


def auc_with_interval(
    parts: Sequence[Part],
) -> tuple[float, float, float]:
    """Value, low and high of the ROC-AUC of scores that are no probabilities.

    Args:
        parts: (is of the class, scores), each of shape (n,), with rows of both kinds, and if they
            count unequally their weights, as in `Predictions`. Scores are anything that can be
            ordered, infinite values included. The scores of several parts need not be on one scale:
            each part is ranked alone, and the mean of them is taken.

    >>> auc_with_interval([([False, False, True, True], [0.1, 0.4, 0.35, 0.8])])[0]
    0.75
    """
    rows = [_ranked(np.asarray(is_hit), np.asarray(scores), *w) for is_hit, scores, *w in parts]
    found = [evaluate("roc_auc", one) for one in rows]
    known = [one for one in found if one is not None]
    value = float(np.mean([one.value for one in known]))
    psi = np.concatenate([one.influence / len(known) for one in known])
    positives = sum(one.effective(1) for one in rows)
    interval = ranking_interval(value, *standard_error(psi), positives)
    return value, interval.low, interval.high


def _ranked(is_hit: np.ndarray, scores: np.ndarray, weights: Any = None) -> Predictions:
    rank = np.unique(scores, return_inverse=True)[1].astype(np.float64)
    codes = is_hit.astype(np.int64)
    return Predictions.of(codes, np.column_stack([-rank, rank]), codes, positive=1, weights=weights)
