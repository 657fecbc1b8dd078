"""What the losses over exclusive classes share: targets, scores, weights, cross-entropy."""

from typing import Any

import numpy as np

from steelyard._batch_checks import check_no_activation
from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.layers.columns import both_columns, both_logits
from steelyard.losses.checks import (
    check_axes,
    check_labels,
    check_logits,
    check_probabilities,
    check_shares,
    check_width,
)
from steelyard.losses.positions import PositionLoss, apart, is_by_column, only
from steelyard.weights.counts import plain_counts

Tensor = Any


def is_one_hot(y_true: Tensor, logits: Tensor) -> bool:
    """Whether targets have a class axis, by shape; integer labels have none or one of length 1."""
    return is_by_column(y_true, logits)


def crossentropy(y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
    """Cross-entropy of softmax, one value per row, in nats.

    Args:
        y_true: int labels, shape (...), or one-hot or soft targets, shape (..., K).
        logits: shape (..., K), float32.
        class_weight: shape (K,). Each class of a soft target counts by its own weight.
    """
    if class_weight is not None:
        weight = ops.convert_to_tensor(class_weight, "float32")
        if is_one_hot(y_true, logits):
            return -ops.sum(y_true * weight * ops.log_softmax(logits, axis=-1), axis=-1)
        return ops.take(weight, y_true, axis=0) * crossentropy(y_true, logits)
    if is_one_hot(y_true, logits):
        return ops.categorical_crossentropy(y_true, logits, from_logits=True)
    return ops.sparse_categorical_crossentropy(y_true, logits, from_logits=True)


def of_class(y_true: Tensor, per_class: Tensor, logits: Tensor) -> Tensor:
    """The entry of `per_class`, shape (K,), that belongs to each row; soft targets mix them."""
    values = ops.convert_to_tensor(per_class, "float32")
    if is_one_hot(y_true, logits):
        return ops.sum(y_true * values, axis=-1)
    return ops.take(values, y_true, axis=0)


def as_one_hot(y_true: Tensor, logits: Tensor) -> Tensor:
    """Targets with a class axis, float32, shape (..., K)."""
    if is_one_hot(y_true, logits):
        return y_true
    return ops.one_hot(y_true, logits.shape[-1], dtype="float32")


def both_weights(one: Any, other: Tensor) -> Tensor:
    """Two weights per class as one; None weighs nothing."""
    if one is None or other is None:
        return other if one is None else one
    return ops.convert_to_tensor(one, "float32") * ops.convert_to_tensor(other, "float32")


def read_targets(y_true: Tensor, logits: Tensor, keep: Tensor = None) -> Tensor:
    """Checked int32 labels without a last axis of 1, or checked float32 one-hot targets.

    Where `keep` is False the target is class 0.
    """
    if is_one_hot(y_true, logits):
        first = ops.one_hot(0, logits.shape[-1], dtype="float32")
        targets = ops.cast(y_true, "float32")
        if keep is not None:
            targets = ops.where(ops.expand_dims(keep, -1), targets, first)
        check_shares(targets)
        return targets
    labels = y_true
    if len(labels.shape) == len(logits.shape) and labels.shape[-1] == 1:
        labels = ops.squeeze(labels, axis=-1)
    if len(labels.shape) != len(logits.shape) - 1:
        raise RequestError(
            f"targets have shape {tuple(y_true.shape)} but the model's output "
            f"{tuple(logits.shape)}; give labels of shape {tuple(logits.shape[:-1])} or one-hot "
            "targets of the output's shape"
        )
    # Loss.__call__ hands labels over as floats.
    labels = ops.cast(only(keep, ops.convert_to_tensor(labels), 0), "int32")
    check_labels(labels, logits.shape[-1])
    return labels


def read_logits(y_pred: Tensor, *, from_logits: bool, keep: Tensor = None) -> Tensor:
    """Checked float32 scores with one column per class, whose softmax is the probability.

    float16 has neither the range for `exp` nor the digits for `log`: 16-bit scores are widened,
    and their gradients come back in 16 bits. Where `keep` is False no class is likelier.
    """
    check_axes(y_pred)
    if from_logits:
        check_no_activation(y_pred)
    width = y_pred.shape[-1]
    scores = only(keep, ops.cast(y_pred, "float32"), 0.0 if from_logits else 1 / max(width, 2))
    if not from_logits:
        check_probabilities(scores)
        return ops.log(ops.maximum(both_columns(scores), keras.config.epsilon()))
    if width > 1:
        check_logits(scores)
    return both_logits(scores)


class ClassLoss(PositionLoss):
    """Base of the losses over exclusive classes: reads and checks; a subclass has the formula.

    `y_true` is integer labels, shape (n, ...), or one-hot or soft targets, shape (n, ..., K);
    `y_pred` scores of shape (n, ..., K), or (n, 1) for one sigmoid unit. Reduction, sample weights
    and masks are Keras'; the default is the sum over rows divided by their number. Rows of weight
    0 may hold anything.

    Args:
        from_logits: False if the model ends in softmax or sigmoid.
        label_smoothing: share of each target that is spread over all classes, in [0, 1).
        ignore_class: a label whose positions do not count, such as 255.
    """

    classes: int | None = None
    classes_from = "class_counts"  # the argument that says how many classes there are

    def __init__(
        self,
        *,
        from_logits: bool = True,
        label_smoothing: float = 0.0,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        # Keras would round labels above 256 in bfloat16; scores may well be 16 bits wide.
        if dtype is not None and np.finfo(keras.dtype_policies.get(dtype).compute_dtype).bits < 32:
            raise RequestError(
                f"dtype = {dtype!r} would round labels above 256; leave it out: logits of any "
                "precision are taken and computed with in float32"
            )
        super().__init__(
            name=name, reduction=reduction, dtype=dtype or "float32", ignore_class=ignore_class
        )
        self.from_logits = bool(from_logits)
        self.label_smoothing = checked_smoothing(label_smoothing)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return self.weighted_call(y_true, y_pred, None)

    def weighted_call(self, y_true: Any, y_pred: Tensor, class_weight: Tensor) -> Tensor:
        """`call` with a weight per class, shape (K,) or None."""
        y_true, keep = apart(y_true)
        targets, logits = self.read(y_true, y_pred, keep)
        return only(keep, self.formula(targets, logits, class_weight), 0.0)

    def read(self, y_true: Tensor, y_pred: Tensor, keep: Tensor | None) -> tuple[Tensor, Tensor]:
        """Checked targets, smoothed if asked, and checked float32 logits."""
        if self.from_logits:
            self.outputs.look(y_pred)
        logits = read_logits(y_pred, from_logits=self.from_logits, keep=keep)
        if self.classes is not None:
            check_width(logits, self.classes, self.classes_from)
        targets = read_targets(y_true, logits, keep)
        if self.label_smoothing:
            even = self.label_smoothing / logits.shape[-1]
            targets = as_one_hot(targets, logits) * (1.0 - self.label_smoothing) + even
        return targets, logits

    def formula(self, y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
        """One value per row from checked targets and float32 logits."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        own = {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing}
        return super().get_config() | own


class CountedLoss(ClassLoss):
    """A `ClassLoss` that needs the class counts of the training rows."""

    def __init__(self, class_counts: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.class_counts = plain_counts(class_counts)
        self.classes = len(self.class_counts)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"class_counts": self.class_counts}


def checked_smoothing(label_smoothing: float) -> float:
    """A share in [0, 1)."""
    if not 0 <= label_smoothing < 1:
        raise RequestError(
            f"label_smoothing = {label_smoothing!r}; give a share in [0, 1), 0.1 is usual"
        )
    return float(label_smoothing)
