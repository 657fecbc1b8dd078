"""Label smoothing that is stronger for frequent classes, of which a network grows too sure."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras
from steelyard.errors import RequestError
from steelyard.losses.base import CountedLoss, Tensor, as_one_hot, crossentropy, of_class
from steelyard.weights.counts import FloatArray

SPREADS = ("all", "others")


def smoothing(counts: Sequence[float], head: float, tail: float) -> FloatArray:
    """How much of each class's target is spread, shape (K,): `head` for the largest, `tail` for
    the smallest class, a quarter of a sine wave between.

    >>> smoothing([1000, 100, 10], 0.4, 0.1).round(6)
    array([0.4     , 0.142694, 0.1     ])
    """
    n = np.asarray(counts, dtype=np.float64)
    above = (n - n.min()) / max(n.max() - n.min(), 1e-300)
    return tail + (head - tail) * np.sin(above * np.pi / 2)


def smoothed_crossentropy(
    y_true: Tensor,
    logits: Tensor,
    epsilon: FloatArray,
    spread: str,
    class_weight: Tensor = None,
) -> Tensor:
    """Cross-entropy against targets of which `epsilon` is spread evenly, one value per row.

    Args:
        y_true: int labels, shape (...), or one-hot targets, shape (..., K).
        logits: shape (..., K), float32.
        epsilon: from `smoothing`.
        spread: over "all" classes, or the "others" only.
        class_weight: shape (K,).
    """
    own, classes = as_one_hot(y_true, logits), logits.shape[-1]
    taken = of_class(y_true, epsilon, logits)[..., None]
    if spread == "all":
        targets = own * (1.0 - taken) + taken / classes
    else:
        targets = own * (1.0 - taken) + (1.0 - own) * taken / (classes - 1)
    return crossentropy(targets, logits, class_weight)


@keras.saving.register_keras_serializable(package="steelyard")
class LabelAwareSmoothing(CountedLoss):
    """Cross-entropy with label smoothing that grows with the number of rows of a class.

    Meant for the second stage, when the last layer is trained anew on balanced batches:
    `surgery.retrain_head(model, X, y, loss=LabelAwareSmoothing(class_counts))`.

    Args:
        class_counts: rows per class in column order, each > 0.
        head: smoothing of the most frequent class, in [0, 1).
        tail: smoothing of the rarest class, in [0, 1).
        spread: "all" (the authors' code) spreads it over all classes, "others" (their paper)
            leaves out the true one.
        from_logits: False if the model ends in softmax or sigmoid.
    Raises: ClassCountError: a count that is not above 0, or counts that do not fit the columns.
        RequestError: a smoothing outside [0, 1), or an unknown spread.
    Source: Zhong et al., "Improving calibration for long-tailed recognition" (MiSLAS), CVPR 2021,
        arXiv 2104.00466.

    >>> loss = LabelAwareSmoothing([1000, 100, 10])
    >>> float(loss(np.array([0]), np.array([[2.0, 1.0, 0.5]])))
    0.79770...
    """

    def __init__(
        self,
        class_counts: Sequence[float],
        head: float = 0.4,
        tail: float = 0.1,
        spread: str = "all",
        **kwargs: Any,
    ) -> None:
        super().__init__(class_counts, **kwargs)
        if not (0 <= head < 1 and 0 <= tail < 1):
            raise RequestError(f"head = {head!r}, tail = {tail!r}; give shares in [0, 1)")
        if spread not in SPREADS:
            raise RequestError(f"spread = {spread!r}; give one of {', '.join(SPREADS)}")
        self.head, self.tail, self.spread = float(head), float(tail), spread
        self.epsilon = smoothing(self.class_counts, self.head, self.tail)

    def formula(self, y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
        return smoothed_crossentropy(y_true, logits, self.epsilon, self.spread, class_weight)

    def get_config(self) -> dict[str, Any]:
        own = {"head": self.head, "tail": self.tail, "spread": self.spread}
        return super().get_config() | own
