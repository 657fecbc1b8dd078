"""The cosine output layer that margin losses need."""

from typing import Any

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.layers.columns import Tensor


def unit_length(values: Tensor, axis: int) -> Tensor:
    """Vectors of length one along `axis`; a zero vector stays zero."""
    values = ops.cast(values, "float32")  # a square above 65,504 is infinite in float16
    square = ops.sum(ops.square(values), axis=axis, keepdims=True)
    return values * ops.rsqrt(ops.maximum(square, 1e-12))


@keras.saving.register_keras_serializable(package="steelyard")
class NormalizedDense(keras.layers.Layer):
    """Cosine between the features and one learned direction per class.

    Rare classes get short weight vectors from a plain `Dense`; here length cannot speak. Pair it
    with `losses.LDAM`, which scales the cosines by 30 itself; for probabilities afterwards, apply
    `TemperatureScaling(1 / 30, from_logits=True)`.

    Args:
        units: number of classes, >= 1.
        kernel_initializer: where the directions start.
    Input: shape (..., features). Output: cosines, shape (..., units), each in [-1, 1].
    Source: Cao et al., "Learning imbalanced datasets with label-distribution-aware margin loss",
        NeurIPS 2019, arXiv 1906.07413.

    >>> import numpy as np
    >>> NormalizedDense(4)(np.ones((2, 3))).shape
    TensorShape([2, 4])
    """

    def __init__(
        self, units: int, *, kernel_initializer: Any = "glorot_uniform", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if int(units) < 1:
            raise RequestError(f"units = {units}; give the number of classes, 1 or more")
        self.units = int(units)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.units),
            initializer=self.kernel_initializer,
        )
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        cosine = ops.matmul(unit_length(inputs, axis=-1), unit_length(self.kernel, axis=0))
        return ops.cast(cosine, self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "units": self.units,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
