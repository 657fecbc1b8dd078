"""Focal loss: rows that are already right count less."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.errors import RequestError, WeightError
from steelyard.losses.base import (
    ClassLoss,
    Tensor,
    both_weights,
    crossentropy,
    is_one_hot,
    of_class,
)

# The slope of u^gamma is infinite at u = 0 for gamma < 1; the loss there is 0 all the same.
SMALLEST_MISS = 1e-12


def powered(base: Tensor, exponent: float) -> Tensor:
    """`base^exponent` with a finite slope at 0; `ops.power` is 20 times a multiplication."""
    if exponent == 1:
        return base
    if exponent in (2, 4):
        square = ops.square(base)
        return square if exponent == 2 else ops.square(square)
    return ops.power(ops.maximum(base, SMALLEST_MISS), exponent)


def modulation(log_p: Tensor, gamma: float) -> Tensor:
    """`(1 - p)^gamma` from log p, with every digit where p is near 1."""
    return powered(-ops.expm1(log_p), gamma)


def focal_crossentropy(
    y_true: Tensor, logits: Tensor, gamma: float, class_weight: Tensor = None
) -> Tensor:
    """`-(1 - p_y)^gamma log p_y`, one value per row, in nats; gamma 0 is cross-entropy.

    Args:
        y_true: int labels, shape (...), or one-hot or soft targets, shape (..., K).
        logits: shape (..., K), float32.
        gamma: >= 0; 2 in the paper.
        class_weight: shape (K,). Each class of a soft target counts by its own weight.
    Source: Lin et al., "Focal loss for dense object detection", ICCV 2017, arXiv 1708.02002.
    """
    if gamma == 0:
        return crossentropy(y_true, logits, class_weight)
    if is_one_hot(y_true, logits):  # soft targets: each class has its own factor
        log_p = ops.log_softmax(logits, axis=-1)
        if class_weight is not None:
            y_true = y_true * ops.convert_to_tensor(class_weight, "float32")
        return -ops.sum(y_true * modulation(log_p, gamma) * log_p, axis=-1)
    loss = crossentropy(y_true, logits)
    focused = modulation(-loss, gamma) * loss
    return focused if class_weight is None else focused * of_class(y_true, class_weight, logits)


@keras.saving.register_keras_serializable(package="steelyard")
class SparseFocal(ClassLoss):
    """Cross-entropy times `(1 - p_y)^gamma`: easy rows count less, hard ones stay.

    Not a proper loss: probabilities come out under-confident, so calibrate afterwards. Needs no
    class counts.

    Args:
        gamma: strength, >= 0; 0 is cross-entropy.
        alpha: weight of each class, K numbers >= 0; for two classes one number in [0, 1], the
            weight of class 1, the other being 1 - alpha; None for none. Each class of a soft
            target counts by its own weight.
        from_logits: False if the model ends in softmax or sigmoid.
    Raises: RequestError: gamma < 0. WeightError: an alpha below 0, or too many for the columns.
    Source: Lin et al., "Focal loss for dense object detection", ICCV 2017, arXiv 1708.02002.

    >>> loss = SparseFocal(gamma=2.0)
    >>> float(loss(np.array([0]), np.array([[2.0, 1.0, 0.5]])))  # doctest: +ELLIPSIS
    0.06407...
    """

    classes_from = "alpha"

    def __init__(
        self, gamma: float = 2.0, alpha: float | Sequence[float] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.gamma = checked_gamma(gamma)
        self.alpha = None if alpha is None else checked_alpha(alpha)
        self.classes = len(self.alpha) if self.alpha else None

    def formula(self, y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
        weight = both_weights(self.alpha, class_weight)
        return focal_crossentropy(y_true, logits, self.gamma, weight)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"gamma": self.gamma, "alpha": self.alpha}


def checked_gamma(gamma: float) -> float:
    """A finite exponent >= 0."""
    if not 0 <= gamma < float("inf"):
        raise RequestError(f"gamma = {gamma!r}; give a number >= 0, 2 is usual")
    return float(gamma)


def checked_alpha(alpha: float | Sequence[float]) -> list[float]:
    """One weight per class; a single number is that of class 1 of two."""
    values = np.asarray(alpha, dtype=np.float64)
    if values.ndim == 0:
        values = np.array([1 - values, values])
    if values.ndim != 1 or not np.isfinite(values).all() or (values < 0).any():
        raise WeightError(
            f"alpha = {alpha!r}; give a number from 0 to 1 for two classes, or a weight >= 0 per "
            "class"
        )
    return values.tolist()
