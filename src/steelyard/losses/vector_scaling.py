"""A factor and a shift per class on the logits: vector scaling, and class-dependent temperature."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras
from steelyard.losses.base import CountedLoss, Tensor, crossentropy
from steelyard.losses.focal import checked_gamma
from steelyard.losses.logit_adjusted import checked_tau
from steelyard.weights.counts import FloatArray, log_prior


def size_factors(counts: Sequence[float], gamma: float) -> FloatArray:
    """`(n / n_max)^gamma`, shape (K,), each in (0, 1].

    >>> size_factors([1000, 100, 10], 0.2).round(6)
    array([1.      , 0.630957, 0.398107])
    """
    n = np.asarray(counts, dtype=np.float64)
    return (n / n.max()) ** gamma


def scaled_crossentropy(
    y_true: Tensor,
    logits: Tensor,
    factor: FloatArray,
    shift: FloatArray,
    class_weight: Tensor = None,
) -> Tensor:
    """Cross-entropy on `factor * logits + shift`, one value per row; both have shape (K,)."""
    scaled = logits * factor.astype("float32") + shift.astype("float32")
    return crossentropy(y_true, scaled, class_weight)


@keras.saving.register_keras_serializable(package="steelyard")
class VectorScaling(CountedLoss):
    """Cross-entropy on `(n / n_max)^gamma * logit + tau log share`.

    The factor acts through all of training, also where the model fits every row; the shift early
    on. gamma 0 is `LogitAdjusted`, tau 0 `ClassDependentTemperature`.

    Args:
        class_counts: rows per class in column order, each > 0.
        gamma: strength of the factor, >= 0.
        tau: strength of the shift, >= 0.
        from_logits: False if the model ends in softmax or sigmoid.
    Raises: ClassCountError: a count that is not above 0, or counts that do not fit the columns.
    Source: Kini et al., "Label-imbalanced and group-sensitive classification under
        overparameterization", NeurIPS 2021, arXiv 2103.01550.

    >>> loss = VectorScaling([1000, 100, 10], gamma=0.2, tau=1.2)
    >>> float(loss(np.array([0]), np.array([[2.0, 1.0, 0.5]])))  # doctest: +ELLIPSIS
    0.01656...
    """

    def __init__(
        self, class_counts: Sequence[float], gamma: float = 0.3, tau: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(class_counts, **kwargs)
        self.gamma, self.tau = checked_gamma(gamma), checked_tau(tau)
        self.factor = size_factors(self.class_counts, self.gamma)
        self.shift = self.tau * log_prior(self.class_counts)

    def formula(self, y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
        return scaled_crossentropy(y_true, logits, self.factor, self.shift, class_weight)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"gamma": self.gamma, "tau": self.tau}


@keras.saving.register_keras_serializable(package="steelyard")
class ClassDependentTemperature(CountedLoss):
    """Cross-entropy on `logit / (n_max / n)^gamma`: rare classes must reach larger logits.

    Undoes in training the gap between training and test logits of rare classes; the bare logits
    are used afterwards.

    Args:
        class_counts: rows per class in column order, each > 0.
        gamma: strength, >= 0; 0 is cross-entropy.
        from_logits: False if the model ends in softmax or sigmoid.
    Raises: ClassCountError: a count that is not above 0, or counts that do not fit the columns.
    Source: Ye et al., "Identifying and compensating for feature deviation in imbalanced deep
        learning", 2020, arXiv 2001.01385.

    >>> loss = ClassDependentTemperature([1000, 100, 10])
    >>> float(loss(np.array([1]), np.array([[0.2, 0.4, 0.1]])))  # doctest: +ELLIPSIS
    1.04334...
    """

    def __init__(self, class_counts: Sequence[float], gamma: float = 0.3, **kwargs: Any) -> None:
        super().__init__(class_counts, **kwargs)
        self.gamma = checked_gamma(gamma)
        self.factor = size_factors(self.class_counts, self.gamma)

    def formula(self, y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
        return crossentropy(y_true, logits * self.factor.astype("float32"), class_weight)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"gamma": self.gamma}
