"""What a target array says about classes: labels, or one-hot rows; anything else is refused."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import RequestError, TargetError
from steelyard.weights.table import ClassWeights, is_column_numbers, labels_of

Target = Literal["auto", "labels", "one-hot"]
TARGETS = ("auto", "labels", "one-hot")

MULTI_LABEL = (
    "A row weight cannot weigh one label of several: give weights to the loss, such as "
    "losses.Asymmetric(positive_weight=weights.positive_weight(y))"
)


def read_target(y: ArrayLike, target: Target = "auto") -> tuple[NDArray[Any], bool]:
    """Labels by position, and whether `y` was one-hot (then the labels are column numbers).

    Args:
        y: labels of shape (n,), (n, 1), (n, T), (n, h, w) ...; or one-hot, shape (..., K).
        target: "labels", "one-hot", or "auto": one-hot where every last axis holds a single 1
            and otherwise 0, labels where it does not look like several labels at once.
    Returns: labels without a last axis of length 1, and True for one-hot.
    Raises: TargetError: multi-label or soft targets, for which a row has no single class.

    >>> read_target([[0, 1], [1, 0]])
    (array([1, 0]), True)
    """
    if target not in TARGETS:
        raise RequestError(f"target = {target!r}; give one of {', '.join(TARGETS)}")
    values = labels_of(y)
    if values.ndim > 1 and values.shape[-1] == 1:
        return values[..., 0], False
    if target == "labels" or values.ndim == 1 or values.dtype.kind == "U":
        return values, False
    # Nothing below zero, a one, and a sum of one: the others are zeros. No copy of a large mask.
    if values.min() == 0 and (values.max(-1) == 1).all() and (values.sum(-1) == 1).all():
        return values.argmax(axis=-1), True
    numbers = values.astype(np.float64)
    switches = bool(((numbers == 0) | (numbers == 1)).all())
    refuse_if_not_labels(numbers, switches=switches, target=target)
    return values, False


def refuse_if_not_labels(values: NDArray[Any], *, switches: bool, target: Target) -> None:
    """Raise where rows hold several labels, none, or shares of labels."""
    if switches or target == "one-hot":
        sums = values.sum(axis=-1).ravel()
        row = int(np.flatnonzero(sums != 1)[0]) if (sums != 1).any() else 0
        raise TargetError(
            f"y of shape {values.shape} is not one-hot: position {row} adds up to {sums[row]:g}, "
            f"not to a single 1. {MULTI_LABEL}. If every number is a label by itself, "
            "say target='labels'"
        )
    if (values != np.round(values)).any():
        raise TargetError(
            f"y of shape {values.shape} holds fractions, such as soft or smoothed targets. A row "
            "weight cannot weigh one class of several: give class weights to the loss, "
            "losses.ClassBalanced(class_counts)"
        )


def left_out(own: NDArray[Any] | None, positions: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Where the user's own weight is 0, in the shape of the labels; None where it nowhere is."""
    if own is None or own.all():
        return None
    weights = own[:, 0] if own.shape == (positions[0], 1) else own
    if weights.shape != positions[: weights.ndim]:
        return None  # refused with its shape where the weights are multiplied
    zero = (weights == 0).reshape(weights.shape + (1,) * (len(positions) - weights.ndim))
    return np.broadcast_to(zero, positions)


@dataclass(frozen=True)
class Weigher:
    """How one output is weighed: its table, and what its targets are.

    "auto" is settled by shape, the same for every batch: K columns are one-hot.
    """

    table: ClassWeights
    target: Target

    def __call__(
        self, y: ArrayLike, own: NDArray[Any] | None = None
    ) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """`y` as Keras reads it, shape kept; and a weight per position, no class axis.

        Where the user's `own` weight is 0 the label may be anything; it comes out as class 0.
        """
        shape, classes = np.shape(y), self.table.values.size
        one_hot = self.target == "one-hot" or (self.target == "auto" and self.one_hot_shape(shape))
        values = np.asarray(y)
        if not one_hot and values.ndim > 1 and shape[-1] == 1:
            values = values[..., 0]
        out = left_out(own, values.shape[:-1] if one_hot else values.shape)
        if out is not None:
            values = np.array(values)
            values[out] = np.arange(shape[-1]) == 0 if one_hot else self.table.classes[0]
        if one_hot:
            labels, _ = read_target(values, "one-hot")
            if shape[-1] != classes:
                raise TargetError(
                    f"one-hot y has {shape[-1]} columns but there are weights for {classes} "
                    f"classes, {self.table.classes.tolist()}; they must agree"
                )
            codes, weights = values, self.table.values.astype(np.float32)[labels]
        else:
            codes, weights = self.table.read(values)
            codes = codes.reshape(shape)
        return codes, weights if out is None else np.where(out, np.float32(0), weights)

    def one_hot_shape(self, shape: tuple[int, ...]) -> bool:
        """Whether targets of this shape are read as one-hot."""
        columns = is_column_numbers(self.table.classes)
        return columns and len(shape) > 1 and shape[-1] == self.table.values.size
