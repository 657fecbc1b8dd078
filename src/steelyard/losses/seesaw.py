"""Seesaw loss: rare classes are pushed down less, unless they are what the model got wrong."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.losses.base import CountedLoss, Tensor, as_one_hot, crossentropy, is_one_hot
from steelyard.weights.counts import FloatArray


def log_mitigation(counts: Sequence[float], p: float) -> FloatArray:
    """`p log min(1, n_k / n_y)`, shape (K, K), row = true class: the factor for rarer classes."""
    n = np.log(np.asarray(counts, dtype=np.float64))
    return p * np.minimum(0.0, n[None, :] - n[:, None])


def seesaw_crossentropy(
    y_true: Tensor,
    logits: Tensor,
    mitigation: FloatArray,
    q: float,
    class_weight: Tensor = None,
) -> Tensor:
    """Cross-entropy on `logits + log(mitigation * compensation)`, one value per row.

    Args:
        y_true: int labels, shape (...), or one-hot targets, shape (..., K).
        logits: shape (..., K), float32.
        mitigation: from `log_mitigation`.
        q: exponent of `p_k / p_y` for classes that the model holds likelier than the true one.
        class_weight: shape (K,).
    """
    table = mitigation.astype("float32")
    if is_one_hot(y_true, logits):
        rows = ops.matmul(y_true, table)
    else:
        rows = ops.take(table, y_true, axis=0)
    fixed = ops.stop_gradient(logits)
    own = ops.sum(as_one_hot(y_true, logits) * fixed, axis=-1, keepdims=True)
    # log p_k - log p_y is the difference of the logits; constant for the gradient, as in the paper.
    return crossentropy(y_true, logits + (rows + q * ops.relu(fixed - own)), class_weight)


@keras.saving.register_keras_serializable(package="steelyard")
class Seesaw(CountedLoss):
    """Cross-entropy with a factor `S = M * C` on every other class of a row.

    `M = min(1, (n_k / n_y)^p)` spares rarer classes; `C = max(1, p_k / p_y)^q` takes that back for
    a class that the model holds likelier than the true one.

    Args:
        class_counts: rows per class in column order, each > 0 (the paper counts while training).
        p: strength of sparing, >= 0.
        q: strength of taking back, >= 0; with p 0 and q 0 it is cross-entropy.
        from_logits: False if the model ends in softmax or sigmoid.
    Raises: ClassCountError: a count that is not above 0, or counts that do not fit the columns.
    Source: Wang et al., "Seesaw loss for long-tailed instance segmentation", CVPR 2021, arXiv
        2008.10032.

    >>> loss = Seesaw([1000, 100, 10])
    >>> float(loss(np.array([2]), np.array([[1.5, -0.5, 0.3]])))  # doctest: +ELLIPSIS
    3.63883...
    """

    def __init__(
        self, class_counts: Sequence[float], p: float = 0.8, q: float = 2.0, **kwargs: Any
    ) -> None:
        super().__init__(class_counts, **kwargs)
        if not (0 <= p < float("inf") and 0 <= q < float("inf")):
            raise RequestError(f"p = {p!r}, q = {q!r}; give numbers >= 0, 0.8 and 2 in the paper")
        self.p, self.q = float(p), float(q)
        self.mitigation = log_mitigation(self.class_counts, self.p)

    def formula(self, y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
        return seesaw_crossentropy(y_true, logits, self.mitigation, self.q, class_weight)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"p": self.p, "q": self.q}
