"""What every metric checks before it counts: labels, scores, weights."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import DataError, RequestError, TargetError, WeightError

FloatArray = NDArray[np.float64]
Macro = Literal["macro"] | None
# A metric of one class against the rest: (is of the class, its scores, weights or None).
MetricFunction = Callable[[NDArray[np.bool_], NDArray[Any], FloatArray | None], float]


def labels_of(y: ArrayLike, name: str = "y_true") -> NDArray[Any]:
    """`y` as a non-empty vector; a single column is flattened."""
    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(
            f"{name} has shape {values.shape}; it takes one label per row: "
            "for one-hot rows pass their argmax(axis=1)"
        )
    if not len(values):
        raise DataError(f"{name} is empty; a metric takes at least one row: check the selection")
    return values


def weights_of(sample_weight: ArrayLike | None, n: int) -> FloatArray | None:
    """`sample_weight` as floats, shape (n,), checked; None stays None."""
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n,):
        raise WeightError(f"sample_weight has shape {weight.shape}; it takes one per row: ({n},)")
    if not np.isfinite(weight).all() or weight.min() < 0:
        raise WeightError(
            "sample_weight holds negative or non-finite values; it takes numbers >= 0: mend them"
        )
    if not weight.any():
        raise WeightError("sample_weight is 0 on every row; it takes a positive one at least once")
    return weight


def scores_of(scores: ArrayLike, n: int, name: str = "scores") -> NDArray[Any]:
    """`scores` as shape (n,) or (n, K) with K >= 2, free of NaN; keeps float32."""
    values = np.asarray(scores)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim not in (1, 2) or len(values) != n:
        raise DataError(
            f"{name} has shape {values.shape}; for {n} labels it takes ({n},) or ({n}, classes)"
        )
    if values.dtype.kind not in "fiub":
        raise DataError(f"{name} has type {values.dtype}; it takes numbers: pass scores, not names")
    if np.isnan(values).any():
        raise DataError(f"{name} holds {int(np.isnan(values).sum())} NaN; it takes numbers only")
    return values


def probabilities_of(probabilities: ArrayLike, n: int) -> FloatArray:
    """`probabilities` as floats in [0, 1]; rows of several columns must sum to one."""
    values = scores_of(probabilities, n, "probabilities").astype(np.float64)
    low, high = values.min(), values.max()
    if low < 0 or high > 1:
        raise RequestError(
            f"probabilities span {low:.3g} to {high:.3g}; they take [0, 1]: "
            "pass logits through a sigmoid or softmax first"
        )
    if values.ndim == 2 and (worst := np.abs(values.sum(axis=1) - 1).max()) > 1e-3:
        raise RequestError(
            f"rows of probabilities are off a sum of 1 by up to {worst:.3g}; "
            "they take one column per class: divide each row by its sum"
        )
    return values


def is_positive(y: NDArray[Any], positive: Any) -> NDArray[np.bool_]:
    """Mask of the class of interest; without `positive` the labels must be 0 and 1."""
    if positive is not None:
        return np.asarray(y == positive, dtype=bool)
    if y.dtype.kind in "biuf":
        mask = y == 1
        if np.all(mask | (y == 0)):
            return mask
    found = ", ".join(repr(v) for v in np.unique(y)[:4].tolist())
    raise RequestError(
        f"labels are {found}; without `positive` a metric takes 0 and 1: "
        "name the class of interest with positive="
    )


def codes_of(
    y: NDArray[Any], labels: Sequence[Any] | None, n_classes: int, name: str = "y_true"
) -> NDArray[np.intp]:
    """Column number of each label; `labels` names the columns, else they are 0 .. K-1."""
    if labels is None:
        known = np.arange(n_classes)
    else:
        known = np.asarray(labels)
        if len(known) != n_classes or len(np.unique(known)) != n_classes:
            raise RequestError(
                f"labels names {len(known)} classes; it takes {n_classes} different ones, "
                "one per column in column order"
            )
    order = np.argsort(known)
    at = np.searchsorted(known, y, sorter=order)
    code = order[np.minimum(at, n_classes - 1)]
    if not np.array_equal(known[code], y):
        strangers = np.unique(y[known[code] != y])[:4].tolist()
        raise TargetError(
            f"{name} holds {strangers}, which are not among the classes; "
            f"those are {known[:6].tolist()}{' ...' if n_classes > 6 else ''}: pass labels="
        )
    return code


def share(name: str, value: float) -> float:
    """`value` as a float in (0, 1]."""
    if not 0 < value <= 1:
        raise RequestError(f"{name} is {value!r}; it takes a share in (0, 1], such as 0.8")
    return float(value)


def need(mask: NDArray[np.bool_], weight: FloatArray | None) -> None:
    """Refuse a ranking without both classes (rows of weight 0 do not count)."""
    counted = mask if weight is None else mask[weight > 0]
    hits = int(np.count_nonzero(counted))
    if hits in (0, len(counted)):
        raise TargetError(
            f"{hits} of {len(counted)} rows are of the class of interest; "
            "this metric takes at least one row of it and one of the rest"
        )


def macro(values: FloatArray, classes: NDArray[Any]) -> float:
    """Mean over the classes; a class without a value is an error, not left out."""
    if np.isnan(values).any():
        lost = classes[np.isnan(values)][:6].tolist()
        raise TargetError(
            f"no rows to judge class {lost} by; a macro mean takes every class: "
            "use average=None and np.nanmean to leave it out on purpose"
        )
    return float(values.mean())


def per_class(
    metric: MetricFunction,
    y_true: ArrayLike,
    scores: ArrayLike,
    sample_weight: ArrayLike | None,
    positive: Any,
    labels: Sequence[Any] | None,
    average: Macro,
    *,
    check: Callable[[ArrayLike, int], NDArray[Any]] = scores_of,
    both: bool = True,
) -> float | FloatArray:
    """`metric` of a score vector, or of each column of (n, K) against the rest.

    `both`: the metric needs rows of the class and of the rest.
    """
    if average not in ("macro", None):
        raise RequestError(f"average is {average!r}; it takes 'macro' or None (one per class)")
    hot = label_columns(y_true, scores)
    if hot is not None:
        return _per_label(metric, hot, scores, sample_weight, average, check=check, both=both)
    y = labels_of(y_true)
    values = check(scores, len(y))
    weight = weights_of(sample_weight, len(y))
    if values.ndim == 1 or (values.shape[1] == 2 and average):
        if values.ndim == 1:
            mask = is_positive(y, positive)
        else:
            mask, values = columns_of(y, positive, labels, 2) == 1, values[:, 1]
        if both:
            need(mask, weight)
        return metric(mask, values, weight)
    n_classes = values.shape[1]
    code = columns_of(y, positive, labels, n_classes)
    mass = np.bincount(code, weight, minlength=n_classes)
    defined = (mass > 0) & (mass < mass.sum()) | (not both)
    values_by_class = np.array(
        [
            metric(code == k, values[:, k], weight) if defined[k] else np.nan
            for k in range(n_classes)
        ]
    )
    if average is None:
        return values_by_class
    return macro(values_by_class, np.arange(n_classes) if labels is None else np.asarray(labels))


def label_columns(y_true: ArrayLike, scores: ArrayLike) -> NDArray[np.bool_] | None:
    """Several labels a row, or one-hot rows, as (n, labels) of bool; None for any other targets."""
    y = np.asarray(y_true)
    if y.ndim != 2 or y.shape[1] < 2 or y.shape != np.shape(scores) or y.dtype.kind not in "biuf":
        return None
    hot = y == 1
    return hot if (hot | (y == 0)).all() else None


def _per_label(
    metric: MetricFunction,
    hot: NDArray[np.bool_],
    scores: ArrayLike,
    sample_weight: ArrayLike | None,
    average: Macro,
    *,
    check: Callable[[ArrayLike, int], NDArray[Any]],
    both: bool,
) -> float | FloatArray:
    weight = weights_of(sample_weight, len(hot))
    mass = (hot if weight is None else hot * weight[:, None]).sum(axis=0)
    total = len(hot) if weight is None else weight.sum()
    defined = ((mass > 0) & (mass < total)) | (not both)
    columns = np.asarray(scores).T
    values = np.array(
        [
            metric(own, check(column, len(hot)), weight) if known else np.nan
            for own, column, known in zip(hot.T, columns, defined, strict=True)
        ]
    )
    return values if average is None else macro(values, np.arange(len(values)))


def columns_of(
    y: NDArray[Any], positive: Any, labels: Sequence[Any] | None, n_classes: int
) -> NDArray[np.intp]:
    """`codes_of`, for arguments where `positive` may have been given by mistake."""
    if positive is not None:
        raise RequestError("positive= goes with one column of scores; with several pass labels=")
    return codes_of(y, labels, n_classes)
