"""Positions that must not count: rows or pixels of weight 0, and those with an ignored label.

They are neither read nor counted, so their targets and scores may be anything: 255, -1, NaN.
"""

from typing import Any

from steelyard._batch_checks import OneColumn
from steelyard._keras import keras, ops
from steelyard.errors import RequestError

Tensor = Any
MEANS = ("sum_over_batch_size", "mean")


class PositionLoss(keras.losses.Loss):
    """A loss with one value per position that leaves out those that must not count.

    `call` gets `(y_true, keep)` in place of `y_true` where some may have to be left out; `apart`
    takes them apart. `ignore_class` is a label, as in Keras' `SparseCategoricalCrossentropy`: its
    positions are not in the mean either, while rows of weight 0 are (Keras divides by all rows).
    """

    # Whether values of positions that are left out must be made up for in a mean.
    scales_means = True

    def __init__(self, *, ignore_class: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ignore_class = None if ignore_class is None else int(ignore_class)
        self.outputs = OneColumn()

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> Tensor:
        if sample_weight is None and self.ignore_class is None:
            return super().__call__(y_true, y_pred)
        y_true = ops.cast(y_true, "float32")
        keep = ops.ones(ops.shape(y_pred)[:-1], "bool")
        if sample_weight is not None:
            sample_weight = by_position(sample_weight, y_pred)
            keep = keep & (sample_weight != 0)
        if self.ignore_class is not None:
            named = ~self.ignored(y_true, y_pred)
            keep = keep & named
            counted = ops.cast(named, "float32")
            if self.scales_means and self.reduction in MEANS:
                total = ops.cast(ops.size(counted), "float32")
                counted = counted * (total / ops.maximum(ops.sum(counted), 1.0))
            sample_weight = counted if sample_weight is None else counted * sample_weight
        return super().__call__((y_true, keep), y_pred, sample_weight)

    def ignored(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Where the label is the ignored one, bool, shape of `y_pred` without its last axis."""
        if is_by_column(y_true, y_pred):
            column = -1 if self.ignore_class is None else self.ignore_class
            if not 0 <= column < y_pred.shape[-1]:
                return ops.zeros(ops.shape(y_pred)[:-1], "bool")
            return y_true[..., column] == 1
        labels = y_true
        if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
            labels = ops.squeeze(y_true, -1)
        return labels == self.ignore_class

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"ignore_class": self.ignore_class}


def is_by_column(y_true: Tensor, y_pred: Tensor) -> bool:
    """Whether targets have an entry for each of several columns of the output, by shape."""
    width = y_pred.shape[-1]
    return width != 1 and len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == width


def by_position(sample_weight: Tensor, y_pred: Tensor) -> Tensor:
    """Weights that broadcast against the positions of `y_pred` (its shape without the last axis).

    One per row, (n,), is a weight of all positions of the row.
    """
    weight, rank = ops.cast(sample_weight, "float32"), len(y_pred.shape) - 1
    if len(weight.shape) == rank + 1 and weight.shape[-1] == 1:
        weight = ops.squeeze(weight, -1)
    if len(weight.shape) > rank:
        raise RequestError(
            f"sample_weight has shape {tuple(weight.shape)} for an output of shape "
            f"{tuple(y_pred.shape)}; give one weight per row, or one per position"
        )
    while len(weight.shape) < rank:
        weight = ops.expand_dims(weight, -1)
    return ops.broadcast_to(weight, ops.shape(y_pred)[:-1])


def apart(y_true: Any) -> tuple[Tensor, Tensor | None]:
    """Targets, and which positions count; None for all."""
    if isinstance(y_true, tuple):
        return y_true[0], ops.cast(y_true[1], "bool")
    return y_true, None


def only(keep: Tensor | None, values: Tensor, other: float) -> Tensor:
    """`values` where a position counts, else `other`; a last axis of `values` may be more."""
    if keep is None:
        return values
    if len(values.shape) > len(keep.shape):
        keep = ops.expand_dims(keep, -1)
    return ops.where(keep, values, ops.cast(other, values.dtype))
