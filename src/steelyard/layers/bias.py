"""Start a model at the class shares instead of at equal chances."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard._keras import keras, ops
from steelyard.errors import ClassCountError
from steelyard.weights.counts import log_prior, plain_counts


def prior_bias(class_counts: ArrayLike, units: int | None = None) -> NDArray[np.float64]:
    """Output bias under which an untrained model predicts the class shares.

    Args:
        class_counts: rows per class in column order, shape (K,), each > 0.
        units: width of the output layer: K for softmax (default), 1 for one sigmoid unit.
    Returns: log shares, shape (K,); for one unit the logit of class 1, shape (1,).
    Raises: ClassCountError: `units` is neither K nor, with two classes, 1.
    Source: Lin et al., "Focal loss for dense object detection", ICCV 2017, section 3.3.

    >>> prior_bias([99, 1], units=1).round(4)
    array([-4.5951])
    """
    bias = log_prior(class_counts)
    if units in (None, bias.size):
        return bias
    if units == 1 and bias.size == 2:
        return bias[1:] - bias[:1]
    raise ClassCountError(
        f"class_counts has {bias.size} classes but the output layer has {units} units; "
        "give one count per unit, or two counts for one sigmoid unit"
    )


@keras.saving.register_keras_serializable(package="steelyard")
class PriorBias(keras.initializers.Initializer):
    """`prior_bias` as a `bias_initializer`: saves the first epochs spent on learning the shares.

    Args:
        class_counts: rows per class in column order, each > 0; two for one sigmoid unit.
    Raises: ClassCountError: counts and units disagree.

    >>> layer = keras.layers.Dense(1, "sigmoid", bias_initializer=PriorBias([99, 1]))
    >>> layer(np.zeros((1, 3))).numpy().round(4)
    array([[0.01]], dtype=float32)
    """

    def __init__(self, class_counts: Sequence[float]) -> None:
        self.class_counts = plain_counts(class_counts)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        bias = prior_bias(self.class_counts, units=shape[-1])
        return ops.cast(bias, dtype or keras.config.floatx())

    def get_config(self) -> dict[str, Any]:
        return {"class_counts": self.class_counts}
