"""Class-balanced loss: rows weigh one over the effective number of rows of their class."""

from collections.abc import Sequence
from typing import Any

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.losses.base import (
    CountedLoss,
    Tensor,
    as_one_hot,
    both_weights,
    crossentropy,
    of_class,
)
from steelyard.losses.focal import checked_gamma, powered
from steelyard.weights.rules import from_counts

BASES = ("softmax", "sigmoid", "focal")


def sigmoid_focal(y_true: Tensor, logits: Tensor, gamma: float) -> Tensor:
    """One sigmoid per class, focal loss summed over classes, one value per row."""
    right = (2.0 * as_one_hot(y_true, logits) - 1.0) * logits
    losses = -ops.log_sigmoid(right)
    if gamma:
        losses = losses * powered(ops.sigmoid(-right), gamma)
    return ops.sum(losses, axis=-1)


@keras.saving.register_keras_serializable(package="steelyard")
class ClassBalanced(CountedLoss):
    """Cross-entropy weighted by the effective number of rows `(1 - beta^n) / (1 - beta)`.

    Weights sum to K. beta near 0 is the unweighted loss, beta near 1 inverse frequency. For base
    "sigmoid" and "focal" start the last bias at `-log(K - 1)` and keep weight decay off it.

    Args:
        class_counts: rows per class in column order, each > 0.
        beta: 0 <= beta < 1; 0.9 to 0.9999 in the paper.
        base: "softmax"; "sigmoid", one sigmoid per class, summed; "focal", the same with
            `(1 - p)^gamma`. Targets hold one class per row in all of them.
        gamma: for "focal", >= 0.
        from_logits: False if the model ends in softmax; "softmax" only.
    Raises: ClassCountError: a count that is not above 0, or counts that do not fit the columns.
        RequestError: an unknown base, or beta or gamma outside its range.
    Source: Cui et al., "Class-balanced loss based on effective number of samples", CVPR 2019,
        arXiv 1901.05555.

    >>> import numpy as np
    >>> loss = ClassBalanced([1000, 100, 10], beta=0.999)
    >>> float(loss(np.array([2]), np.array([[1.5, -0.5, 0.3]])))  # doctest: +ELLIPSIS
    4.18340...
    """

    def __init__(
        self,
        class_counts: Sequence[float],
        beta: float = 0.9999,
        base: str = "softmax",
        gamma: float = 2.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(class_counts, **kwargs)
        if base not in BASES:
            raise RequestError(f"base = {base!r}; give one of {', '.join(BASES)}")
        if base != "softmax" and not self.from_logits:
            raise RequestError(f"base {base!r} needs logits; drop the activation of the last layer")
        self.beta, self.base, self.gamma = float(beta), base, checked_gamma(gamma)
        self.class_weight = from_counts(self.class_counts, "effective", beta=self.beta)

    def formula(self, y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
        weight = both_weights(self.class_weight, class_weight)
        if self.base == "softmax":
            return crossentropy(y_true, logits, weight)
        gamma = self.gamma if self.base == "focal" else 0.0
        # A row has one weight here: its terms are one sigmoid for each class, not one class each.
        return sigmoid_focal(y_true, logits, gamma) * of_class(y_true, weight, logits)

    def get_config(self) -> dict[str, Any]:
        own = {"beta": self.beta, "base": self.base, "gamma": self.gamma}
        return super().get_config() | own
