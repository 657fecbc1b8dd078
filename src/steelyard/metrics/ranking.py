"""How well scores rank the class of interest above the rest: exact, ties included."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.metrics._inputs import FloatArray, Macro, per_class, share
from steelyard.stats import ranking


def roc_auc(
    y_true: ArrayLike,
    scores: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    positive: Any = None,
    labels: Sequence[Any] | None = None,
    average: Macro = "macro",
) -> float | FloatArray:
    """Chance that a random row of the class outscores a random other row; a tie counts half.

    Does not depend on the prevalence, and so hides it: with one positive in a thousand, .99 can
    still mean nine false alarms in ten. Read it beside `average_precision`.

    Args:
        y_true: labels, shape (n,).
        scores: any numbers that rise with the class of interest, shape (n,), or one column per
            class, shape (n, K). Two columns are binary: the second is the class of interest.
        sample_weight: shape (n,), >= 0.
        positive: the class of interest, for a vector of scores; needed unless labels are 0 and 1.
        labels: the class of each column; needed unless labels are 0 .. K-1.
        average: "macro", the mean over classes of one against the rest; None, one metric per
            class, shape (K,), NaN for a class without rows.

    Returns: in [0, 1], .5 for no order.
    Raises: DataError, TargetError (one class only, unknown labels), RequestError, WeightError.

    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    return per_class(ranking.roc_auc, y_true, scores, sample_weight, positive, labels, average)


def average_precision(
    y_true: ArrayLike,
    scores: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    positive: Any = None,
    labels: Sequence[Any] | None = None,
    average: Macro = "macro",
) -> float | FloatArray:
    """Area under the precision-recall steps: the mean precision at which a positive is found.

    No interpolation: a straight line between two points of the curve promises precision that no
    threshold reaches (Davis & Goadrich, ICML 2006). Chance level is the prevalence, so compare
    metrics only at equal prevalence. Arguments and errors as for `roc_auc`.

    Returns: in (0, 1].

    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 6)
    0.833333
    """
    return per_class(
        ranking.average_precision, y_true, scores, sample_weight, positive, labels, average
    )


def precision_at_recall(
    y_true: ArrayLike,
    scores: ArrayLike,
    *,
    recall: float,
    sample_weight: ArrayLike | None = None,
    positive: Any = None,
    labels: Sequence[Any] | None = None,
    average: Macro = "macro",
) -> float | FloatArray:
    """Best precision of any threshold that finds at least the share `recall` of the class.

    `recall` lies in (0, 1]. The threshold is chosen on these very rows, so the metric flatters on
    few positives. Other arguments and errors as for `roc_auc`.

    >>> precision_at_recall([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], recall=0.5)
    1.0
    """
    share("recall", recall)

    def metric(mask: NDArray[np.bool_], column: NDArray[Any], weight: FloatArray | None) -> float:
        s = ranking.steps(mask, column, weight)
        # Divide as scikit-learn does, so that a recall met exactly counts as met.
        enough = s.found / s.found[-1] >= recall
        return float((s.found / (s.found + s.alarms))[enough].max())

    return per_class(metric, y_true, scores, sample_weight, positive, labels, average)


def recall_at_precision(
    y_true: ArrayLike,
    scores: ArrayLike,
    *,
    precision: float,
    sample_weight: ArrayLike | None = None,
    positive: Any = None,
    labels: Sequence[Any] | None = None,
    average: Macro = "macro",
) -> float | FloatArray:
    """Greatest share of the class found by any threshold whose precision is at least `precision`.

    `precision` lies in (0, 1]; 0.0 where no threshold reaches it. The threshold is chosen on these
    very rows, so the metric flatters on few positives. Other arguments as for `roc_auc`.

    >>> recall_at_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], precision=0.6)
    1.0
    """
    share("precision", precision)

    def metric(mask: NDArray[np.bool_], column: NDArray[Any], weight: FloatArray | None) -> float:
        s = ranking.steps(mask, column, weight)
        pure = s.found / (s.found + s.alarms) >= precision
        return float((s.found / s.found[-1])[pure].max(initial=0.0))

    return per_class(metric, y_true, scores, sample_weight, positive, labels, average)
