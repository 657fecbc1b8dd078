"""The strict front end of `fit(class_weight=)`: arrays in, arguments of `model.fit` out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import RequestError, TargetError, WeightError
from steelyard.weights.rules import Rule
from steelyard.weights.table import ClassWeights, class_weight, is_column_numbers
from steelyard.weights.targets import (
    Target,
    Weigher,
    read_target,
)

Weighing = Rule | Mapping[Any, Any] | ClassWeights | None


def fit_arguments(
    x: Any,
    y: Any,
    rule: Weighing = "balanced",
    *,
    sample_weight: Any = None,
    validation_data: tuple[Any, ...] | None = None,
    target: Target = "auto",
    normalise: bool = False,
) -> dict[str, Any]:
    """Class weights as arguments for `model.fit`, where `fit(class_weight=)` refuses or is wrong.

    Labels of any type become column numbers, weights become `sample_weight`, by one table
    look-up. Your own `sample_weight` is multiplied in. Validation rows get the weights of the
    training classes too, so that `loss` and `val_loss` are the same quantity (Keras leaves them
    unweighted).

    Args:
        x: anything `fit` takes beside arrays of targets; handed through.
        y: labels or one-hot, any shape; or a dict or list of such arrays, one per output of the
            model.
        rule: as in `class_weight`, or its result (then `result.classes` names the columns).
            With several outputs: one rule for all, or a dict or list of them as `y` is, None for
            no weights.
        sample_weight: one weight per row, or per position of `y`; or by output, as `y` is.
        validation_data: `(x, y)` or `(x, y, sample_weight)`; a dataset goes through `weighted`.
        target: what `y` is; "labels" for (n, T) labels that could be taken for one-hot.
        normalise: mean weight over training rows is one, so the learning rate keeps its meaning.
    Returns: dict of `x`, `y`, `sample_weight`, and `validation_data` where given.
    Raises: TargetError: multi-label or soft targets; whole-number labels that are not 0 ... K-1
        while no table says which column is whose. WeightError: weights that Keras would ignore.

    >>> arguments = fit_arguments([[1.0], [2.0], [3.0]], ["ham", "ham", "spam"])
    >>> arguments["y"], arguments["sample_weight"]
    (array([0, 0, 1]), array([0.75, 0.75, 1.5 ], dtype=float32))
    """
    weighers = weighers_of(y, rule, target, normalise=normalise)
    codes, weights = weigh(y, weighers, sample_weight)
    arguments = {"x": x, "y": codes, "sample_weight": weights}
    if validation_data is not None:
        if not isinstance(validation_data, tuple | list) or len(validation_data) not in (2, 3):
            raise RequestError(
                f"validation_data is a {type(validation_data).__name__}, not (x, y) or (x, y, "
                "sample_weight); for a dataset pass weights.weighted(dataset, rule=table), with "
                "the table = weights.class_weight(y, ...) of the training labels"
            )
        x_held, y_held, own = (*validation_data, None)[:3]
        arguments["validation_data"] = (x_held, *weigh(y_held, weighers, own))
    return arguments


def by_position(y: Any) -> Any:
    """A list or tuple of arrays, one per output, as a dict by position; all else as it is."""
    if (
        isinstance(y, list | tuple)
        and y
        and all(np.ndim(one) and hasattr(one, "shape") for one in y)
    ):
        return dict(enumerate(y))
    return y


def by_output(rule: Weighing, outputs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """One rule per output name, in the order of the outputs."""
    numbers = isinstance(rule, list | tuple) and all(isinstance(one, int | float) for one in rule)
    if isinstance(rule, list | tuple) and not numbers:
        rule = dict(enumerate(rule))
    if not isinstance(rule, Mapping):
        return [(name, rule) for name in outputs]
    if set(rule) != set(outputs):
        raise WeightError(
            f"rules are given for {list(rule)} but the outputs are {list(outputs)}; name every "
            "output, with None for no weights"
        )
    return [(name, rule[name]) for name in outputs]


def weighers_of(y: Any, rule: Weighing, target: Target, *, normalise: bool) -> Any:
    """How to weigh a target, or each of several outputs, from all its training labels."""
    y = by_position(y)
    if isinstance(y, Mapping):
        rules = by_output(rule, y)
        return {n: weighers_of(y[n], r, target, normalise=normalise) for n, r in rules}
    if rule is None:
        return None
    labels, one_hot = read_target(y, target)
    settled: Target = "one-hot" if one_hot else "labels"
    if isinstance(rule, ClassWeights):
        return Weigher(rule, settled)
    classes = range(np.shape(y)[-1]) if one_hot else None
    table = class_weight(labels, rule, normalise=normalise, classes=classes)
    if table.classes.dtype.kind != "U" and not is_column_numbers(table.classes):
        raise TargetError(
            f"the labels {table.classes.tolist()} are not the columns 0 ... "
            f"{table.classes.size - 1} of a model. To let the k-th of them be column k, pass "
            "rule=weights.class_weight(y, ...); if the model has more outputs, give rows of "
            "every class"
        )
    return Weigher(table, settled)


def weigh(y: Any, weighers: Any, sample_weight: Any) -> tuple[Any, Any]:
    """Columns and weights of a target, or of each output of a dict or list of them."""
    outputs = by_position(y)
    if outputs is not y:
        codes, weights = weigh(outputs, weighers, by_position(sample_weight))
        return list(codes.values()), list(weights.values())
    if isinstance(y, Mapping):
        own = sample_weight
        if not isinstance(own, Mapping):
            own = dict.fromkeys(y, sample_weight)
        if set(own) != set(y) or set(weighers) != set(y):
            raise WeightError(
                f"outputs {list(y)} but rules for {list(weighers)} and sample_weight for "
                f"{list(own)}; name the same outputs"
            )
        pairs = {name: weigh(y[name], weighers[name], own[name]) for name in y}
        return {n: codes for n, (codes, _) in pairs.items()}, {n: w for n, (_, w) in pairs.items()}
    codes, weights = weighers(y) if weighers else (np.asarray(y), np.ones(len(y), np.float32))
    return codes, weights if sample_weight is None else multiplied(weights, sample_weight)


def multiplied(weights: NDArray[np.float32], sample_weight: ArrayLike) -> NDArray[np.float32]:
    """Class weights times the user's own, one per row or one per position."""
    own = np.asarray(sample_weight, dtype=np.float32)
    if own.shape == (len(weights), 1):
        own = own[:, 0]
    if own.shape not in (weights.shape, weights.shape[:1]):
        raise WeightError(
            f"sample_weight has shape {own.shape} but y has weights of shape {weights.shape}; "
            "give one per row, or one per position"
        )
    bad = np.flatnonzero(~(np.isfinite(own) & (own >= 0)))
    if bad.size:
        raise WeightError(
            f"sample_weight[{bad[0]}] = {own.ravel()[bad[0]]:g}; a weight is finite and >= 0"
        )
    return weights * own.reshape(own.shape + (1,) * (weights.ndim - own.ndim))
