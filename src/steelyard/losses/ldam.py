"""Margins that grow as classes get rarer, on cosine logits."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._batch_checks import require
from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.losses.base import CountedLoss, Tensor, as_one_hot, crossentropy
from steelyard.losses.checks import sample
from steelyard.weights.counts import FloatArray


def margins(counts: Sequence[float], max_margin: float = 0.5) -> FloatArray:
    """`n^(-1/4)`, scaled so that the rarest class has `max_margin`; shape (K,).

    >>> margins([1000, 100, 10]).round(6)
    array([0.158114, 0.281171, 0.5     ])
    """
    raw = np.asarray(counts, dtype=np.float64) ** -0.25
    return raw * (max_margin / raw.max())


def margin_crossentropy(
    y_true: Tensor,
    cosines: Tensor,
    margin: FloatArray,
    scale: float,
    class_weight: Tensor = None,
) -> Tensor:
    """Cross-entropy on `scale * (cosine - margin of the true class)`, one value per row."""
    held_back = as_one_hot(y_true, cosines) * (scale * margin).astype("float32")
    return crossentropy(y_true, scale * cosines - held_back, class_weight)


def check_cosines(values: Tensor, name: str) -> None:
    """RequestError where outputs are outside [-1, 1]."""
    rows = sample(values)
    message = f"{name} takes cosines, within [-1, 1]; end the model in layers.NormalizedDense."
    require(ops.all(ops.abs(rows) < 1.01), RequestError, message, rows[:1])


class CosineLoss(CountedLoss):
    """Base of the losses on cosines, which are neither logits nor probabilities."""

    def __init__(self, class_counts: Sequence[float], **kwargs: Any) -> None:
        if "from_logits" in kwargs:
            raise TypeError(f"{type(self).__name__} takes cosines; it has no from_logits")
        super().__init__(class_counts, **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["from_logits"]
        return config


@keras.saving.register_keras_serializable(package="steelyard")
class LDAM(CosineLoss):
    """Cross-entropy on cosines, where the true class must win by a margin that grows with rarity.

    The last layer is `layers.NormalizedDense(K)`; the paper switches class weights on late, as
    `Reweighted(LDAM(...), K)` with `callbacks.DeferredReweighting` does.

    Args:
        class_counts: rows per class in column order, each > 0.
        max_margin: margin of the rarest class, in units of cosine, >= 0.
        scale: cosines are multiplied by it, > 0.
    Raises: ClassCountError: a count that is not above 0, or counts that do not fit the columns.
        RequestError: outputs that are not cosines, or an argument outside its range.
    Source: Cao et al., "Learning imbalanced datasets with label-distribution-aware margin loss",
        NeurIPS 2019, arXiv 1906.07413.

    >>> loss = LDAM([1000, 100, 10])
    >>> float(loss(np.array([0]), np.array([[0.8, 0.4, 0.2]])))  # doctest: +ELLIPSIS
    0.00070...
    """

    def __init__(
        self,
        class_counts: Sequence[float],
        max_margin: float = 0.5,
        scale: float = 30.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(class_counts, **kwargs)
        if not 0 <= max_margin < float("inf") or not 0 < scale < float("inf"):
            raise RequestError(
                f"max_margin = {max_margin!r}, scale = {scale!r}; give a margin >= 0 and a scale "
                "> 0, 0.5 and 30 in the paper"
            )
        self.max_margin, self.scale = float(max_margin), float(scale)
        self.margin = margins(self.class_counts, self.max_margin)

    def formula(self, y_true: Tensor, logits: Tensor, class_weight: Tensor = None) -> Tensor:
        check_cosines(logits, "LDAM")
        return margin_crossentropy(y_true, logits, self.margin, self.scale, class_weight)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"max_margin": self.max_margin, "scale": self.scale}
