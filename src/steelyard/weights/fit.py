"""The strict front end of `fit(class_weight=)`: arrays in, arguments of `model.fit` out."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import RequestError, TargetError, WeightError
from steelyard.weights.rules import Rule
from steelyard.weights.table import (
    ClassWeights,
    as_array,
    as_labels,
    checked_weights,
    class_weight,
    filled,
    is_any_of,
    is_column_numbers,
)
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
    ignore: Any = None,
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
        sample_weight: one weight per row, or per position of `y`; or by output, as `y` is. Rules
            balance sums of these weights. Where it is 0 the label may be anything.
        validation_data: `(x, y)` or `(x, y, sample_weight)`; a dataset goes through `weighted`.
        target: what `y` is; "labels" for (n, T) labels that could be taken for one-hot.
        normalise: mean weight over training rows is one, so the learning rate keeps its meaning.
        ignore: a label, or several, whose positions weigh nothing, such as 255 in masks; they come
            out as class 0.
    Returns: dict of `x`, `y`, `sample_weight`, and `validation_data` where given.
    Raises: TargetError: multi-label or soft targets; whole-number labels that are not 0 ... K-1
        while no table says which column is whose. WeightError: weights that Keras would ignore.

    >>> arguments = fit_arguments([[1.0], [2.0], [3.0]], ["ham", "ham", "spam"])
    >>> arguments["y"], arguments["sample_weight"]
    (array([0, 0, 1]), array([0.75, 0.75, 1.5 ], dtype=float32))
    """
    if y is None:
        raise RequestError(
            f"y is None beside a {type(x).__name__}; for batches of both use "
            "weights.weighted(data, rule), and give the result to fit"
        )
    how = Counting(target, normalise, ignore)
    weighers = weighers_of(y, rule, how, sample_weight)
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


class Counting(NamedTuple):
    """How labels become a table of weights."""

    target: Target
    normalise: bool
    ignore: Any = None


def weighers_of(y: Any, rule: Weighing, how: Counting, sample_weight: Any = None) -> Any:
    """How to weigh a target, or each of several outputs, from all its training labels."""
    y = by_position(y)
    if isinstance(y, Mapping):
        own = by_position(sample_weight)
        owns = own if isinstance(own, Mapping) else dict.fromkeys(y, own)
        return {n: weighers_of(y[n], r, how, owns.get(n)) for n, r in by_output(rule, y)}
    if rule is None:
        return None
    values = as_array(y)
    own = None if sample_weight is None else own_positions(sample_weight, values.shape)
    if own is not None and not own.all():
        values, own = values[own != 0], own[own != 0]
    if isinstance(rule, ClassWeights):
        # Which targets these are; what a label is worth is known.
        known = is_any_of(values, rule.ignored)
        values = values if known is None else filled(values, known)
    # NaN is no label, unless it marks those that are ignored.
    unknown = tuple(label for label in as_labels(how.ignore) if label != label)  # noqa: PLR0124
    out = is_any_of(values, unknown)
    labels, one_hot = read_target(values if out is None else filled(values, out), how.target)
    settled: Target = "one-hot" if one_hot else "labels"
    if isinstance(rule, ClassWeights):
        return Weigher(rule, settled)
    if out is not None and not one_hot:
        labels = values[..., 0] if labels.ndim < values.ndim else values
    classes = range(values.shape[-1]) if one_hot else None
    table = class_weight(
        labels,
        rule,
        normalise=how.normalise,
        classes=classes,
        sample_weight=own,
        ignore=how.ignore,
    )
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
    own = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float32)
    if weighers:
        codes, weights = weighers(y, own)
    else:
        codes, weights = np.asarray(y), np.ones(len(y), np.float32)
    return codes, weights if own is None else multiplied(weights, own)


def own_positions(sample_weight: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The user's weights over the leading axes of targets of this shape, for counting."""
    own = np.asarray(sample_weight, dtype=np.float64)
    own = own[:, 0] if own.shape == (shape[0], 1) else own
    if own.ndim == len(shape) and own.shape[-1] == 1 and own.ndim > 1:
        own = own[..., 0]
    return checked_weights(own, shape[: max(own.ndim, 1)])


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
    checked_weights(own, own.shape)
    return weights * own.reshape(own.shape + (1,) * (weights.ndim - own.ndim))
