"""Figures of decisions: what each measures depends on where the scores were cut off."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import RequestError, TargetError
from steelyard.metrics._inputs import FloatArray, codes_of, labels_of, macro, weights_of
from steelyard.stats import confusion as tables
from steelyard.stats.confusion import Margins

Average = Literal["binary", "macro"] | None


class Confusion(NamedTuple):
    """Weight of rows per (true class, decided class); `classes` names rows and columns."""

    classes: NDArray[Any]
    counts: FloatArray

    @property
    def margins(self) -> Margins:
        return Margins.of(self.counts)


def confusion(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> Confusion:
    """Cross-table of true and decided classes; `labels` fixes the classes and their order."""
    y, decided = labels_of(y_true), labels_of(y_pred, "y_pred")
    if len(y) != len(decided):
        raise RequestError(f"{len(y)} labels and {len(decided)} decisions; it takes one per row")
    weight = weights_of(sample_weight, len(y))
    if decided.dtype.kind == "f" and (odd := decided[decided != np.rint(decided)]).size:
        raise RequestError(
            f"y_pred holds {odd[0]!s}; it takes decided classes: "
            "cut scores off first, as in `scores >= threshold`"
        )
    if (y.dtype.kind in "biuf") != (decided.dtype.kind in "biuf"):
        raise RequestError(
            f"y_true is of type {y.dtype} and y_pred of type {decided.dtype}; "
            "both take the same class names: map one onto the other"
        )
    classes = np.unique(np.concatenate([y, decided])) if labels is None else np.asarray(labels)
    names, k = classes.tolist(), len(classes)
    codes, answers = codes_of(y, names, k), codes_of(decided, names, k, "y_pred")
    return Confusion(classes, tables.confusion_table(codes, answers, k, weight))


def precisions_or_0(margins: Margins) -> FloatArray:
    """Share of decisions for each class that were right; 0 if none was made for a true class."""
    values = tables.precisions(margins)
    return np.where((margins.decided == 0) & (margins.true > 0), 0.0, values)


def balanced_accuracy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Mean over classes of the share decided right: what accuracy would be at equal prevalence.

    1/K for any constant decision. Highest where the threshold equals the prevalence, so at a
    threshold of .5 it mostly measures that the threshold is wrong.

    Args:
        y_true: labels, shape (n,).
        y_pred: decided classes, shape (n,): not scores.
        labels: the classes; needed if one may be absent from both vectors.
        sample_weight: shape (n,), >= 0.

    Returns: in [0, 1].
    Raises: TargetError for a class without true rows (scikit-learn leaves it out with a
        warning), RequestError, DataError, WeightError.

    >>> balanced_accuracy([0, 0, 0, 1], [0, 0, 1, 1])
    0.8333333333333333
    """
    table = confusion(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    return macro(tables.recalls(table.margins), table.classes)


def gmean(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Geometric mean of the shares decided right: 0 as soon as one class is never found.

    Arguments and errors as for `balanced_accuracy` (Kubat & Matwin, ICML 1997).

    >>> gmean([0, 0, 0, 1], [0, 1, 1, 1])
    0.5773502691896257
    """
    table = confusion(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    macro(tables.recalls(table.margins), table.classes)  # refuses a class without rows
    return float(tables.gmean(table.margins))


def mcc(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Matthews correlation of truth and decision; for more classes Gorodkin's R_K.

    In [-1, 1], 0 for chance and (by convention, as in scikit-learn) for a constant decision.
    Moves with prevalence and threshold: use it to judge decisions, not to choose between models.
    Arguments as for `balanced_accuracy`; TargetError if the truth has one class only.

    >>> round(mcc([0, 0, 0, 1], [0, 0, 1, 1]), 6)
    0.57735
    """
    table = confusion(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    if np.count_nonzero(table.margins.true) < 2:
        raise TargetError("y_true has one class; a correlation takes two: check the selection")
    return float(tables.mcc(table.margins))


def fbeta(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    beta: float,
    positive: Any = None,
    average: Average = "binary",
    labels: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> float | FloatArray:
    """Harmonic mean of precision and recall, recall weighing `beta` times as much.

    Moves with prevalence and threshold: use it to judge decisions, not to choose between models.

    Args:
        y_true: labels, shape (n,).
        y_pred: decided classes, shape (n,): not scores.
        beta: > 0; 1 weighs both alike, 2 favours recall.
        positive: the class of interest for "binary"; needed unless labels are 0 and 1.
        average: "binary", the class of interest; "macro", the mean over classes; None, one
            metric per class, shape (K,), NaN where undefined.
        labels: the classes, in the order wanted.
        sample_weight: shape (n,), >= 0.

    Returns: in [0, 1].
    Raises: TargetError for a class neither true nor decided anywhere, RequestError for more than
        two classes under "binary", DataError, WeightError.

    >>> round(fbeta([0, 0, 0, 1], [0, 0, 1, 1], beta=2), 6)
    0.833333
    """
    if not beta > 0:
        raise RequestError(f"beta is {beta!r}; it takes a number > 0, such as 1 or 2")
    table = confusion(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    return _average(tables.f_scores(table.margins, beta), table, average, positive)


def f1(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    positive: Any = None,
    average: Average = "binary",
    labels: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> float | FloatArray:
    """`fbeta` with beta = 1.

    >>> round(f1([0, 0, 0, 1], [0, 0, 1, 1]), 6)
    0.666667
    """
    table = confusion(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    return _average(tables.f_scores(table.margins), table, average, positive)


def precision(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    positive: Any = None,
    average: Average = "binary",
    labels: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> float | FloatArray:
    """Share of the decisions for a class that were right; 0 where none was made.

    Falls with the prevalence at the same threshold. Arguments and errors as for `fbeta`.

    >>> precision([0, 0, 0, 1], [0, 0, 1, 1])
    0.5
    """
    table = confusion(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    return _average(precisions_or_0(table.margins), table, average, positive)


def recall(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    positive: Any = None,
    average: Average = "binary",
    labels: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> float | FloatArray:
    """Share of the rows of a class that were decided right (sensitivity).

    Arguments as for `fbeta`; TargetError for a class without true rows.

    >>> recall([0, 0, 0, 1], [0, 0, 1, 1])
    1.0
    """
    table = confusion(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    return _average(tables.recalls(table.margins), table, average, positive)


def _average(
    values: FloatArray, table: Confusion, average: Average, positive: Any
) -> float | FloatArray:
    names = table.classes
    if average is None:
        return values
    if average == "macro":
        return macro(values, names)
    if average != "binary":
        raise RequestError(f"average is {average!r}; it takes 'binary', 'macro' or None")
    if positive is None and not (names.dtype.kind in "biuf" and np.isin(names, (0, 1)).all()):
        raise RequestError(
            f"classes are {names[:4].tolist()}; without `positive` this takes 0 and 1: "
            "name the class with positive=, or ask for average='macro'"
        )
    at = np.flatnonzero(names == (1 if positive is None else positive))
    if not at.size or np.isnan(values[at[0]]):
        raise TargetError(
            f"class {1 if positive is None else positive!r} has no rows to be judged by; "
            "it takes at least one: check the label and the selection"
        )
    return float(values[at[0]])
