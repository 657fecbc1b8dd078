"""Class weights of labels of any type, with the way from label to Keras column and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import ClassCountError, EmptyClassError, TargetError, WeightError
from steelyard.weights.counts import FloatArray
from steelyard.weights.rules import Rule, from_counts


@dataclass(frozen=True, eq=False)
class ClassWeights:
    """Weights by class: `classes[k]` is the label of output column k and weighs `values[k]`.

    >>> table = class_weight(["ham", "ham", "ham", "spam"])
    >>> table.for_keras == {0: 2 / 3, 1: 2.0}
    True
    >>> table.by_label["spam"]
    2.0
    >>> table.encode(["spam", "ham"])
    array([1, 0])
    """

    classes: NDArray[Any]
    counts: FloatArray
    values: FloatArray

    @property
    def by_label(self) -> dict[Any, float]:
        """Label to weight, for people and scikit-learn."""
        return dict(zip(self.classes.tolist(), self.values.tolist(), strict=True))

    @property
    def for_keras(self) -> dict[int, float]:
        """Column to weight: what `fit(class_weight=)` reads, if y are the codes of `encode`."""
        return dict(enumerate(self.values.tolist()))

    def encode(self, y: ArrayLike) -> NDArray[np.intp]:
        """Columns of labels, same shape. TargetError: a label that is not among the classes."""
        return codes_of(labels_of(y), self.classes)

    def rows(self, y: ArrayLike) -> NDArray[np.float32]:
        """Weight of each label, same shape: one table look-up."""
        return self.values.astype(np.float32)[self.encode(y)]


def class_weight(
    y: ArrayLike,
    rule: Rule | Mapping[Any, float] = "balanced",
    *,
    beta: float = 0.9999,
    normalise: bool = False,
    classes: Sequence[Any] | None = None,
) -> ClassWeights:
    """Class weights from labels.

    Args:
        y: labels of training rows, any shape; numbers, strings or booleans, none missing.
        rule: as in `from_counts`, or your own weight for every label, `{"ham": 1, "spam": 8}`.
        beta: for "effective", 0 <= beta < 1.
        normalise: mean over rows is one.
        classes: labels in column order; default: sorted, as scikit-learn's LabelEncoder has it.
    Raises: TargetError: missing labels, one class only, or a label outside `classes`.
        EmptyClassError: a class of `classes` without rows. WeightError: a label without weight,
        or a weight without label. The errors of `from_counts`.

    >>> class_weight([0, 0, 0, 1], rule={0: 1.0, 1: 3.0}).values
    array([1., 3.])
    """
    labels = labels_of(y)
    order = sorted_labels(labels) if classes is None else distinct(classes)
    if order.size < 2:
        raise TargetError(f"y has one class, {order.tolist()}; weights need two or more")
    counts = np.bincount(codes_of(labels, order).ravel(), minlength=order.size)
    if not counts.all():
        absent = order[counts == 0].tolist()
        raise EmptyClassError(
            f"no rows of class {absent} among {labels.size:,}; take it out of `classes`, or give "
            "rows of it"
        )
    if isinstance(rule, Mapping):
        rule = weights_by_label(rule, order.tolist())
    values = from_counts(counts, rule, beta=beta, normalise=normalise)
    return ClassWeights(order, counts.astype(np.float64), values)


def labels_of(y: ArrayLike) -> NDArray[Any]:
    """Labels as an array that sorts; missing and mixed labels are refused by name."""
    try:
        labels = np.asarray(y)
    except ValueError as error:
        raise TargetError(f"y is no array of labels ({error}); give rows of equal length") from None
    if labels.dtype.kind == "O":
        kinds = {type(label).__name__ for label in labels.ravel().tolist()}
        if len(kinds) > 1:
            raise TargetError(f"y mixes {sorted(kinds)}; make every label the same type, none None")
        labels = np.array(labels.tolist())
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8")  # TensorFlow and HDF5 hand text over as bytes
    if labels.dtype.kind not in "biufU":
        raise TargetError(f"y has type {labels.dtype}; labels are numbers, strings or booleans")
    if labels.size == 0:
        raise TargetError("y is empty; give the labels of the training rows")
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise TargetError(f"y misses {int(np.isnan(labels).sum()):,} labels; drop those rows")
    return labels


def sorted_labels(labels: NDArray[Any]) -> NDArray[Any]:
    """The labels that occur, sorted; `np.unique`, but small numbers are found by counting."""
    if labels.dtype.kind in "iu" and labels.min() >= 0 and labels.max() < 65_536:
        return np.flatnonzero(np.bincount(labels.ravel())).astype(labels.dtype)
    return np.unique(labels)


def distinct(classes: Sequence[Any]) -> NDArray[Any]:
    """The labels of `classes`, none twice."""
    order = labels_of(np.array(classes))
    if np.unique(order).size < order.size:
        raise ClassCountError(f"classes = {list(classes)} names a label twice")
    return order


def codes_of(labels: NDArray[Any], order: NDArray[Any]) -> NDArray[np.intp]:
    """Position of each label in `order`; TargetError names a label that has none."""
    if (labels.dtype.kind == "U") != (order.dtype.kind == "U"):
        raise TargetError(
            f"labels are {labels.dtype} but the classes {order.tolist()} are {order.dtype}; "
            "give both as text or both as numbers"
        )
    whole = labels.dtype.kind in "biu" and is_column_numbers(order)
    if whole and labels.min() >= 0 and labels.max() < order.size:
        return labels.astype(np.intp)  # labels name their own columns: nothing to search
    sorter = np.argsort(order)
    found = np.searchsorted(order, labels, sorter=sorter).clip(max=order.size - 1)
    codes = sorter[found]
    foreign = order[codes] != labels
    if foreign.any():
        raise TargetError(
            f"label {labels[foreign].ravel()[0].item()!r} is none of the classes "
            f"{order.tolist()}; name it in `classes`, or drop its rows"
        )
    return codes


def is_column_numbers(classes: NDArray[Any]) -> bool:
    """Whether the labels are 0 ... K-1 and so name their own columns."""
    return classes.dtype.kind in "biuf" and np.array_equal(classes, np.arange(classes.size))


def weights_by_label(weights: Mapping[Any, float], order: list[Any]) -> list[float]:
    """Own weights in column order; every label has exactly one."""
    without = [label for label in order if label not in weights]
    unknown = [label for label in weights if label not in order]
    if without or unknown:
        raise WeightError(
            f"class weights are given for {list(weights)} but the labels are {order}"
            + (f"; no weight for {without}" if without else "")
            + (f"; no such label {unknown}" if unknown else "")
        )
    return [weights[label] for label in order]
