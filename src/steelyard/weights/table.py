"""Class weights of labels of any type, with the way from label to Keras column and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import ClassCountError, EmptyClassError, TargetError, WeightError
from steelyard.weights.counts import FloatArray
from steelyard.weights.rules import Rule, from_counts, own_weights


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
    ignored: tuple[Any, ...] = ()  # labels without a column, whose positions weigh nothing

    @property
    def by_label(self) -> dict[Any, float]:
        """Label to weight, for people and scikit-learn."""
        weighed = dict(zip(self.classes.tolist(), self.values.tolist(), strict=True))
        return weighed | dict.fromkeys(self.ignored, 0.0)

    @property
    def for_keras(self) -> dict[int, float]:
        """Column to weight: what `fit(class_weight=)` reads, if y are the codes of `encode`."""
        return dict(enumerate(self.values.tolist()))

    def encode(self, y: ArrayLike) -> NDArray[np.intp]:
        """Columns of labels, same shape; 0 for an ignored one, which weighs nothing.

        Raises: TargetError: a label that is not among the classes.
        """
        return self.read(y)[0]

    def rows(self, y: ArrayLike) -> NDArray[np.float32]:
        """Weight of each label, same shape: one table look-up."""
        return self.read(y)[1]

    def read(self, y: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Column and weight of each label, same shape."""
        out = is_any_of(y, self.ignored)
        codes = codes_of(labels_of(y if out is None else filled(y, out)), self.classes)
        if out is None:
            return codes, self.values.astype(np.float32)[codes]
        codes[out] = 0
        return codes, np.where(out, np.float32(0), self.values.astype(np.float32)[codes])


def class_weight(
    y: ArrayLike,
    rule: Rule | Mapping[Any, float] = "balanced",
    *,
    beta: float = 0.9999,
    normalise: bool = False,
    classes: Sequence[Any] | None = None,
    sample_weight: ArrayLike | None = None,
    ignore: Any = None,
) -> ClassWeights:
    """Class weights from labels.

    Args:
        y: labels of training rows, any shape; numbers, strings or booleans, none missing.
        rule: as in `from_counts`, or your own weight for every label, `{"ham": 1, "spam": 8}`.
        beta: for "effective", 0 <= beta < 1.
        normalise: mean over rows is one.
        classes: labels in column order; default: sorted, as scikit-learn's LabelEncoder has it.
        sample_weight: your own weight of each row, >= 0: then rules balance sums of weights.
        ignore: a label, or several, whose rows do not count, such as 255 in masks. It has no
            column, unless the labels with it are the columns 0 ... K-1. Neither has a label of
            your own weight 0 that would make others miss these columns.
    Raises: TargetError: missing labels, one class only, or a label outside `classes`.
        EmptyClassError: a class of `classes` without rows. WeightError: a label without weight,
        or a weight without label. The errors of `from_counts`.

    >>> class_weight([0, 0, 0, 1], rule={0: 1.0, 1: 3.0}).values
    array([1., 3.])
    """
    y = as_array(y)
    own = None if sample_weight is None else checked_weights(sample_weight, y.shape)
    ignored = as_labels(ignore)
    out = is_any_of(y, ignored)
    if own is not None and not own.all():
        out = own == 0 if out is None else out | (own == 0)
    if out is not None:
        own = None if own is None else own[~out]
        y = y[~out]
    labels = labels_of(y)
    found = sorted_labels(labels) if classes is None else distinct(classes)
    if isinstance(rule, Mapping) and classes is None:
        ignored += weightless_extras(rule, found)
    order, counts, counted = counts_of(labels, own, found, ignored)
    if isinstance(rule, Mapping):
        every = dict.fromkeys(ignored, 0.0) | dict(rule)
        in_order = weights_by_label(every, [*order.tolist(), *set(ignored) - set(order.tolist())])
        rule = [in_order[i] for i in np.flatnonzero(counted)]
    values = np.zeros(order.size)
    values[counted] = from_counts(counts[counted], rule, beta=beta, normalise=normalise)
    return ClassWeights(order, counts, values, tuple(set(ignored) - set(order.tolist())))


def table_of(weights: Mapping[Any, float]) -> ClassWeights:
    """Own weights by label as a table, without counts: the labels, sorted, are the columns."""
    labels = np.array(list(weights))
    ignored = weightless_extras(weights, np.unique(labels))
    order = np.array(sorted(label for label in weights if label not in ignored))
    values = own_weights([weights[label] for label in order.tolist()], order.size)
    return ClassWeights(order, np.full(order.size, np.nan), values, ignored)


def counts_of(
    labels: NDArray[Any], own: FloatArray | None, found: NDArray[Any], ignored: tuple[Any, ...]
) -> tuple[NDArray[Any], FloatArray, NDArray[np.bool_]]:
    """Labels in column order, the sum of weights of each, and which of them count."""
    with_ignored = np.union1d(found, np.array(ignored, found.dtype)) if ignored else found
    off = np.array(ignored, found.dtype)
    columns = bool(ignored) and is_column_numbers(with_ignored)
    order = with_ignored if columns else found[~np.isin(found, off)]
    counted = ~np.isin(order, off)
    if counted.sum() < 2:
        raise TargetError(f"y has one class, {order[counted].tolist()}; weights need two or more")
    kept = np.isin(labels, order[counted]) if ignored else np.ones(labels.shape, bool)
    codes = codes_of(labels[kept], order).ravel()
    weight = None if own is None else own[kept].ravel()
    counts = np.bincount(codes, weight, minlength=order.size).astype(np.float64)
    if not counts[counted].all():
        absent = order[counted & (counts == 0)].tolist()
        raise EmptyClassError(
            f"no rows of class {absent} among {labels.size:,}; take it out of `classes`, or give "
            "rows of it"
        )
    return order, counts, counted


def weightless_extras(rule: Mapping[Any, float], found: NDArray[Any]) -> tuple[Any, ...]:
    """Labels of weight 0 without which the others are the columns 0 ... K-1, such as 255."""
    extras = tuple(label for label, weight in rule.items() if weight == 0)
    rest = np.array([label for label in found.tolist() if label not in extras])
    alone = bool(extras) and is_column_numbers(rest) and not is_column_numbers(found)
    return tuple(label for label in extras if label in found.tolist()) if alone else ()


def as_labels(ignore: Any) -> tuple[Any, ...]:
    """One label, several or none, as a tuple."""
    if ignore is None:
        return ()
    return tuple(np.unique(np.asarray(ignore)).tolist())


def is_any_of(y: ArrayLike, labels: tuple[Any, ...]) -> NDArray[np.bool_] | None:
    """Where y is one of these labels (NaN may be one), or None without any."""
    if not labels:
        return None
    values = np.asarray(y)
    found = np.isin(values, list(labels))
    if values.dtype.kind == "f" and any(label != label for label in labels):  # noqa: PLR0124 - NaN
        found |= np.isnan(values)
    return found


def filled(y: ArrayLike, out: NDArray[np.bool_]) -> NDArray[Any]:
    """A copy of y with one of its other labels where it is left out."""
    values = np.array(y)
    kept = values[~out]
    values[out] = kept[0] if kept.size else 0
    return values


def checked_weights(sample_weight: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    """The user's weights in the shape of the labels, finite and >= 0."""
    own = np.asarray(sample_weight, dtype=np.float64)
    if own.ndim > 1 and own.ndim > len(shape) and own.shape[-1] == 1:
        own = own[..., 0]
    if own.ndim == 2 and own.shape == (shape[0], 1):
        own = own[:, 0]
    if own.ndim == 0 or own.shape != shape[: own.ndim]:
        raise WeightError(
            f"sample_weight has shape {own.shape} but y has shape {shape}; give one per row, or "
            "one per position"
        )
    bad = np.flatnonzero(~(np.isfinite(own) & (own >= 0)))
    if bad.size:
        raise WeightError(
            f"sample_weight[{bad[0]}] = {own.ravel()[bad[0]]:g}; a weight is finite and >= 0"
        )
    return np.broadcast_to(own.reshape(own.shape + (1,) * (len(shape) - own.ndim)), shape)


def as_array(y: ArrayLike) -> NDArray[Any]:
    """`y` as an array; TargetError where its rows are of unequal length."""
    try:
        return np.asarray(y)
    except ValueError as error:
        raise TargetError(f"y is no array of labels ({error}); give rows of equal length") from None


def labels_of(y: ArrayLike) -> NDArray[Any]:
    """Labels as an array that sorts; missing and mixed labels are refused by name."""
    labels = as_array(y)
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
