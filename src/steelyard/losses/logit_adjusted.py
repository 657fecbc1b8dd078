"""Logits shifted by the log class share, while training or afterwards."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.losses.base import CountedLoss, Tensor, crossentropy
from steelyard.losses.checks import check_width
from steelyard.weights.counts import FloatArray, log_prior


def shifted_crossentropy(
    y_true: Tensor, logits: Tensor, shift: FloatArray, class_weight: Tensor = None
) -> Tensor:
    """Cross-entropy on `logits + shift`, one value per row; `shift` has shape (K,)."""
    return crossentropy(y_true, logits + np.asarray(shift, dtype=np.float32), class_weight)


def posthoc_adjust(logits: Tensor, class_counts: Sequence[float], *, tau: float = 1.0) -> Tensor:
    """`logits - tau log share`: for a model trained with plain cross-entropy, no training.

    The largest of a row is then the class that is best for the balanced error (tau 1).

    Args:
        logits: shape (..., K).
        class_counts: rows per class of the training data, shape (K,), each > 0.
        tau: strength, >= 0; 0 changes nothing.
    Returns: adjusted logits, same shape; not for probabilities under the natural shares.
    Raises: ClassCountError: counts that do not fit the columns.
    Source: Menon et al., "Long-tail learning via logit adjustment", ICLR 2021, arXiv 2007.07314.

    >>> posthoc_adjust(np.array([[2.0, 1.0, 0.5]], "float32"), [1000, 100, 10]).numpy()
    array([[2.10436..., 3.40694..., 5.20953...]], dtype=float32)
    """
    logits = ops.convert_to_tensor(logits)
    shift = checked_tau(tau) * log_prior(class_counts)
    check_width(logits, shift.size)
    return logits - ops.cast(shift, logits.dtype)


@keras.saving.register_keras_serializable(package="steelyard")
class LogitAdjusted(CountedLoss):
    """Cross-entropy on `logits + tau log share`: rare classes must win by a margin.

    Use with plain sampling, as re-sampled rows have moved the shares already. The bare logits of
    the trained model answer for equal class shares: `layers.PriorCorrection` takes them back.

    Args:
        class_counts: rows per class in column order, each > 0.
        tau: strength, >= 0. 0 is cross-entropy, 1 targets the balanced error.
        from_logits: False if the model ends in softmax or sigmoid.
    Raises: ClassCountError: a count that is not above 0, or counts that do not fit the columns.
    Source: Menon et al., "Long-tail learning via logit adjustment", ICLR 2021, arXiv 2007.07314.

    >>> loss = LogitAdjusted([90, 9, 1])
    >>> float(loss(np.array([2]), np.zeros((1, 3))))  # -log 0.01  # doctest: +ELLIPSIS
    4.60517...
    """

    def __init__(self, class_counts: Sequence[float], tau: float = 1.0, **kwargs: Any) -> None:
        super().__init__(class_counts, **kwargs)
        self.tau = checked_tau(tau)
        self.shift = self.tau * log_prior(self.class_counts)

    def formula(self, y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
        return shifted_crossentropy(y_true, logits, self.shift, class_weight)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"tau": self.tau}


@keras.saving.register_keras_serializable(package="steelyard")
class BalancedSoftmax(CountedLoss):
    """Cross-entropy on `logits + log count`; the same as `LogitAdjusted` with tau 1.

    Args:
        class_counts: rows per class in column order, each > 0.
        from_logits: False if the model ends in softmax or sigmoid.
    Raises: ClassCountError: a count that is not above 0, or counts that do not fit the columns.
    Source: Ren et al., "Balanced meta-softmax for long-tailed visual recognition", NeurIPS 2020,
        arXiv 2007.10740.

    >>> loss = BalancedSoftmax([90, 9, 1])
    >>> float(loss(np.array([0]), np.zeros((1, 3))))  # -log 0.9  # doctest: +ELLIPSIS
    0.10536...
    """

    def formula(self, y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
        # Log shares instead of log counts: a constant less, and no large numbers in float32.
        return shifted_crossentropy(y_true, logits, log_prior(self.class_counts), class_weight)


def checked_tau(tau: float) -> float:
    """A finite strength >= 0."""
    if not 0 <= tau < float("inf"):
        raise RequestError(f"tau = {tau!r}; give a number >= 0, 1 is usual")
    return float(tau)
