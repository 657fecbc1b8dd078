"""Noise on cosine logits that grows as classes get rarer: a cloud in place of few rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.losses.base import Tensor, crossentropy
from steelyard.losses.ldam import CosineLoss, check_cosines
from steelyard.weights.counts import FloatArray


def noise_sizes(counts: Sequence[float]) -> FloatArray:
    """0 for the largest class to 1 for the smallest, even in the log of the count; shape (K,).

    >>> noise_sizes([1000, 100, 10])
    array([0. , 0.5, 1. ])
    """
    log_n = np.log(np.asarray(counts, dtype=np.float64))
    return (log_n.max() - log_n) / max(log_n.max() - log_n.min(), 1e-300)


def noisy_crossentropy(
    y_true: Tensor,
    cosines: Tensor,
    size: FloatArray,
    noise: Tensor,
    scale: float,
    class_weight: Tensor = None,
) -> Tensor:
    """Cross-entropy on `scale * (cosine - |noise| * size)`, one value per row.

    Args:
        y_true: int labels, shape (...), or one-hot targets, shape (..., K).
        cosines: shape (..., K), float32.
        size: from `noise_sizes`.
        noise: shape (..., K) or (K,), in units of cosine.
        scale: cosines are multiplied by it.
        class_weight: shape (K,).
    """
    lowered = cosines - ops.abs(noise) * size.astype("float32")
    return crossentropy(y_true, scale * lowered, class_weight)


@keras.saving.register_keras_serializable(package="steelyard")
class GaussianClouded(CosineLoss):
    """Cross-entropy on cosines, each lowered by noise that grows with the rarity of its class.

    The last layer is `layers.NormalizedDense(K)`, and is trained anew on balanced batches
    afterwards (`surgery.retrain_head`).

    Args:
        class_counts: rows per class in column order, each > 0.
        scale: cosines are multiplied by it, > 0.
        deviation: standard deviation of the noise, >= 0, cut off at 1; 0 is cross-entropy.
        seed: of the noise, which is new for every row, class and step.
    Raises: ClassCountError: a count that is not above 0, or counts that do not fit the columns.
        RequestError: outputs that are not cosines, or an argument outside its range.
    Source: Li, Cheung & Lu, "Long-tailed visual recognition via Gaussian clouded logit adjustment",
        CVPR 2022, arXiv 2305.11733.

    >>> loss = GaussianClouded([1000, 100, 10], deviation=0.0)
    >>> float(loss(np.array([2]), np.array([[0.6, -0.2, 0.12]])))
    14.40000...
    """

    def __init__(
        self,
        class_counts: Sequence[float],
        scale: float = 30.0,
        deviation: float = 1 / 3,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(class_counts, **kwargs)
        if not 0 < scale < float("inf") or not 0 <= deviation < float("inf"):
            raise RequestError(
                f"scale = {scale!r}, deviation = {deviation!r}; give a scale > 0 and a deviation "
                ">= 0, 30 and 1/3 in the paper"
            )
        self.scale, self.deviation, self.seed = float(scale), float(deviation), int(seed)
        self.size = noise_sizes(self.class_counts)
        self.noise_seed = keras.random.SeedGenerator(self.seed)

    def formula(self, y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
        check_cosines(logits, "GaussianClouded")
        shape = ops.shape(logits)
        noise = keras.random.normal(shape, stddev=self.deviation, seed=self.noise_seed)
        noise = ops.clip(noise, -1.0, 1.0)
        return noisy_crossentropy(y_true, logits, self.size, noise, self.scale, class_weight)

    def get_config(self) -> dict[str, Any]:
        own = {"scale": self.scale, "deviation": self.deviation, "seed": self.seed}
        return super().get_config() | own
