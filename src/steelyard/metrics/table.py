"""One line per class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from steelyard.metrics._inputs import labels_of, scores_of
from steelyard.metrics.ranking import average_precision, roc_auc
from steelyard.metrics.thresholded import confusion, precisions_or_0
from steelyard.stats.confusion import f_scores, recalls


def per_class_table(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    scores: ArrayLike | None = None,
    labels: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> list[dict[str, Any]]:
    """Rows, share, decisions, recall, precision and F1 of each class against the rest.

    Args:
        y_true: labels, shape (n,).
        y_pred: decided classes, shape (n,).
        scores: one column per class, shape (n, K), in the order of `labels`; adds `roc_auc` and
            `average_precision` (whose chance level is `share`).
        labels: the classes in the order wanted; else all that occur, sorted. Needed with
            `scores` unless labels are 0 .. K-1.
        sample_weight: shape (n,), >= 0; `rows` and `decided` are sums of it.

    Returns: one dict per class, plain numbers, ready for JSON or a data frame; None where a
        metric is undefined (a class without rows).

    >>> for line in per_class_table(["a", "a", "b"], ["a", "b", "b"]):
    ...     print(line["class"], line["rows"], line["recall"], line["precision"])
    a 2.0 0.5 1.0
    b 1.0 1.0 0.5
    """
    if scores is not None and labels is None:
        labels = range(scores_of(scores, len(labels_of(y_true))).shape[-1])
    table = confusion(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    margins = table.margins
    columns = {
        "rows": margins.true,
        "share": margins.true / table.counts.sum(),
        "decided": margins.decided,
        "recall": recalls(margins),
        "precision": precisions_or_0(margins),
        "f1": f_scores(margins),
    }
    if scores is not None:
        for metric in (roc_auc, average_precision):
            columns[metric.__name__] = np.asarray(
                metric(y_true, scores, labels=labels, sample_weight=sample_weight, average=None)
            )
    names = table.classes.tolist()
    plain = {
        name: [None if np.isnan(v) else float(v) for v in column]
        for name, column in columns.items()
    }
    return [
        {"class": name, **{key: column[i] for key, column in plain.items()}}
        for i, name in enumerate(names)
    ]
