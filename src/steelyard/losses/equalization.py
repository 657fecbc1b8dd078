"""Rare classes are mostly spared from being pushed down by the rows of other classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.losses.base import CountedLoss, Tensor, crossentropy, is_one_hot
from steelyard.weights.counts import class_shares

# As a logit it takes the class out of the softmax: exp(-1e9) is 0, and 0 times it is not NaN.
OUT = -1e9


def equalized_crossentropy(
    y_true: Tensor,
    logits: Tensor,
    rare: NDArray[np.bool_],
    spared: Tensor,
    class_weight: Tensor = None,
) -> Tensor:
    """Cross-entropy whose denominator leaves out the rare classes that are spared in a row.

    Args:
        y_true: int labels, shape (...), or one-hot targets, shape (..., K).
        logits: shape (..., K), float32.
        rare: whether a class is rare, bool, shape (K,).
        spared: whether a rare class is left out, bool, shape (..., K), or True for everywhere.
        class_weight: shape (K,).
    Returns: one value per row, in nats; the true class is never left out.
    """
    if is_one_hot(y_true, logits):
        own = y_true > 0
    else:
        own = y_true[..., None] == np.arange(rare.size, dtype="int32")
    return crossentropy(y_true, ops.where(rare & spared & ~own, OUT, logits), class_weight)


@keras.saving.register_keras_serializable(package="steelyard")
class Equalization(CountedLoss):
    """Softmax equalization: a rare class is left out of other rows' softmax with chance `gamma`.

    Args:
        class_counts: rows per class in column order, each > 0.
        threshold: classes with a share below this are rare, in (0, 1).
        gamma: chance, in [0, 1]; 1 never pushes a rare class down, 0 is cross-entropy.
        seed: of the draws, which are new for every row, class and step.
        from_logits: False if the model ends in softmax or sigmoid.
    Raises: ClassCountError: a count that is not above 0, or counts that do not fit the columns.
        RequestError: a threshold that makes no class rare, or all of them; a chance outside [0, 1].
    Source: Tan et al., "Equalization loss for long-tailed object recognition", CVPR 2020, arXiv
        2003.05176, section 3.4.

    >>> loss = Equalization([1000, 100, 10], threshold=0.05, gamma=1.0)
    >>> float(loss(np.array([0]), np.array([[2.0, 1.0, 0.5]])))  # doctest: +ELLIPSIS
    0.31326...
    """

    def __init__(
        self,
        class_counts: Sequence[float],
        threshold: float = 0.05,
        gamma: float = 0.9,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(class_counts, **kwargs)
        shares = class_shares(self.class_counts)
        self.rare = shares < threshold
        if not 0 < self.rare.sum() < self.rare.size:
            raise RequestError(
                f"threshold = {threshold!r} makes {int(self.rare.sum())} of {self.rare.size} "
                f"classes rare; their shares go from {shares.min():.4g} to {shares.max():.4g}, "
                "give a value in between"
            )
        if not 0 <= gamma <= 1:
            raise RequestError(f"gamma = {gamma!r}; it is a chance, from 0 to 1")
        self.threshold, self.gamma, self.seed = float(threshold), float(gamma), int(seed)
        self.noise_seed = keras.random.SeedGenerator(self.seed)

    def formula(self, y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
        spared: Tensor = True
        if self.gamma < 1.0:
            spared = keras.random.uniform(ops.shape(logits), seed=self.noise_seed) < self.gamma
        return equalized_crossentropy(y_true, logits, self.rare, spared, class_weight)

    def get_config(self) -> dict[str, Any]:
        own = {"threshold": self.threshold, "gamma": self.gamma, "seed": self.seed}
        return super().get_config() | own
