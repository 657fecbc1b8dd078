"""The trained networks of a pack as Keras layers, for the model that is deployed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras, ops


@keras.saving.register_keras_serializable(package="steelyard")
class PackedDense(keras.layers.Layer):
    """`members` dense layers side by side.

    (batch, in) or (batch, members, in) -> (batch, members, units). `unit`: members whose features
    are scaled to length one first, by number.
    """

    def __init__(
        self,
        members: int,
        units: int,
        *,
        activation: str | None = None,
        unit: Sequence[int] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.members, self.units, self.unit = members, units, [int(one) for one in unit]
        self.activation = keras.activations.get(activation)

    def build(self, shape: tuple[int | None, ...]) -> None:
        # Not drawn: the trained values are set next.
        self.kernel = self.add_weight(
            shape=(self.members, shape[-1], self.units), initializer="zeros", name="kernel"
        )
        self.bias = self.add_weight(shape=(self.members, self.units), name="bias")

    def call(self, x: Any) -> Any:
        by_member = x[:, None, :] if len(x.shape) == 2 else x
        if self.unit:
            chosen = np.isin(np.arange(self.members), self.unit)[:, None]
            by_member = ops.where(chosen, ops.normalize(by_member, axis=-1), by_member)
        # (batch, members, 1, in) @ (members, in, out): plain broadcasting matmul.
        out = ops.matmul(by_member[:, :, None, :], self.kernel)[:, :, 0, :]
        return self.activation(out + self.bias)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "members": self.members,
            "units": self.units,
            "unit": self.unit,
            "activation": keras.activations.serialize(self.activation),
        }


@keras.saving.register_keras_serializable(package="steelyard")
class MemberMean(keras.layers.Layer):
    """Softmax of every member's logits, then their mean: (batch, members, K) -> (batch, K)."""

    def call(self, logits: Any) -> Any:
        return ops.mean(ops.softmax(logits), axis=1)
