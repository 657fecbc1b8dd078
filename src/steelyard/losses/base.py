"""What the losses share: reading targets and scores, and cross-entropy on adjusted logits."""

from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.layers.columns import both_columns, both_logits
from steelyard.losses.checks import (
    check_labels,
    check_logits,
    check_probabilities,
    check_shares,
    check_width,
)
from steelyard.weights.counts import plain_counts

Tensor = Any


def is_one_hot(y_true: Tensor, logits: Tensor) -> bool:
    """Whether targets have a class axis, by shape; integer labels have none or one of length 1."""
    return len(y_true.shape) == len(logits.shape) and y_true.shape[-1] == logits.shape[-1]


def crossentropy(y_true: Tensor, logits: Tensor) -> Tensor:
    """Cross-entropy of softmax, one value per row, in nats.

    Args:
        y_true: int labels, shape (...), or one-hot or soft targets, shape (..., K).
        logits: shape (..., K), float32.
    """
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


def read_targets(y_true: Tensor, logits: Tensor) -> Tensor:
    """Checked int32 labels without a last axis of 1, or checked float32 one-hot targets."""
    if is_one_hot(y_true, logits):
        targets = ops.cast(y_true, "float32")
        check_shares(targets)
        return targets
    labels = ops.cast(y_true, "int32")  # Loss.__call__ hands labels over as floats
    if len(labels.shape) == len(logits.shape) and labels.shape[-1] == 1:
        labels = ops.squeeze(labels, axis=-1)
    if len(labels.shape) != len(logits.shape) - 1:
        raise RequestError(
            f"targets have shape {tuple(y_true.shape)} but the model's output "
            f"{tuple(logits.shape)}; give labels of shape {tuple(logits.shape[:-1])} or one-hot "
            "targets of the output's shape"
        )
    check_labels(labels, logits.shape[-1])
    return labels


def read_logits(y_pred: Tensor, *, from_logits: bool) -> Tensor:
    """Checked float32 scores with one column per class, whose softmax is the probability.

    float16 has neither the range for `exp` nor the digits for `log`: 16-bit scores are widened,
    and their gradients come back in 16 bits.
    """
    scores = ops.cast(y_pred, "float32")
    if not from_logits:
        check_probabilities(scores)
        return ops.log(ops.maximum(both_columns(scores), keras.config.epsilon()))
    if scores.shape[-1] > 1:
        check_logits(scores)
    return both_logits(scores)


class ClassLoss(keras.losses.Loss):
    """Base of the losses over exclusive classes: reads and checks; a subclass has the formula.

    `y_true` is integer labels, shape (n, ...), or one-hot or soft targets, shape (n, ..., K);
    `y_pred` scores of shape (n, ..., K), or (n, 1) for one sigmoid unit. Reduction, sample weights
    and masks are Keras'; the default is the sum over rows divided by their number.
    """

    classes: int | None = None

    def __init__(
        self,
        *,
        from_logits: bool = True,
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
        super().__init__(name=name, reduction=reduction, dtype=dtype or "float32")
        self.from_logits = bool(from_logits)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        logits = read_logits(y_pred, from_logits=self.from_logits)
        if self.classes is not None:
            check_width(logits, self.classes)
        return self.formula(read_targets(y_true, logits), logits)

    def formula(self, y_true: Tensor, logits: Tensor) -> Tensor:
        """One value per row from checked targets and float32 logits."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"from_logits": self.from_logits}


class CountedLoss(ClassLoss):
    """A `ClassLoss` that needs the class counts of the training rows."""

    def __init__(self, class_counts: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.class_counts = plain_counts(class_counts)
        self.classes = len(self.class_counts)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"class_counts": self.class_counts}
