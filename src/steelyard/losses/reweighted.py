"""A loss with class weights in a variable, so that they can change while a model trains."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras
from steelyard.errors import RequestError
from steelyard.layers.columns import both_columns
from steelyard.losses.base import ClassLoss, Tensor
from steelyard.losses.checks import check_axes, check_width
from steelyard.losses.positions import PositionLoss
from steelyard.weights.rules import own_weights


@keras.saving.register_keras_serializable(package="steelyard")
class Reweighted(PositionLoss):
    """Another loss of this package times a weight per class that a callback may change.

    The weights live in a `keras.Variable`: a compiled training step reads them anew each time,
    where a Python number would stay what it was when the step was traced. Each class of a soft
    target counts by its own weight.

    Args:
        loss: any loss over exclusive classes, such as `LDAM(class_counts)` or
            `LogitAdjusted(class_counts, tau=0)` for cross-entropy; its reduction is not used.
        class_weight: weights to start with, one per class, >= 0.
    Raises: WeightError: weights that are negative, not finite, or all zero. RequestError: a loss
        that does not read exclusive classes.
    Source: Cao et al., "Learning imbalanced datasets with label-distribution-aware margin loss",
        NeurIPS 2019, arXiv 1906.07413, section 3.3 (deferred re-weighting).

    >>> import numpy as np
    >>> from steelyard.losses import SparseFocal
    >>> loss = Reweighted(SparseFocal(gamma=0.0), class_weight=[1.0, 1.0])
    >>> loss.assign([1.0, 10.0])
    >>> float(loss(np.array([1]), np.array([[0.0, 0.0]])))  # 10 log 2
    6.93147...
    """

    def __init__(self, loss: Any, class_weight: Sequence[float], **kwargs: Any) -> None:
        inner = keras.saving.deserialize_keras_object(loss) if isinstance(loss, dict) else loss
        if not isinstance(inner, ClassLoss):
            raise RequestError(
                f"loss = {loss!r}; give one of steelyard's losses over exclusive classes, such as "
                "LDAM(class_counts)"
            )
        super().__init__(ignore_class=inner.ignore_class, **kwargs)
        self.loss = inner
        if np.ndim(class_weight) != 1:
            raise RequestError(f"class_weight = {class_weight!r}; give a list, one per class")
        start = own_weights(class_weight, len(class_weight))
        self.class_weight = keras.Variable(start, trainable=False, dtype="float32")

    def assign(self, class_weight: Sequence[float]) -> None:
        """New weights, one per class, from the next step on."""
        self.class_weight.assign(own_weights(class_weight, self.class_weight.shape[0]))

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        check_axes(y_pred)
        check_width(both_columns(y_pred), self.class_weight.shape[0], "class_weight")
        return self.loss.weighted_call(y_true, y_pred, self.class_weight)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config() | {
            "loss": keras.saving.serialize_keras_object(self.loss),
            "class_weight": [float(weight) for weight in self.class_weight.numpy()],
        }
        del config["ignore_class"]  # the loss inside has it
        return config
