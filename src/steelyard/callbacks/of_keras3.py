"""What the callbacks share: they look into a model of Keras 3."""

from typing import Any

from steelyard._keras import keras, refuse_legacy


class Keras3Callback(keras.callbacks.Callback):
    """A callback that says in one line when it is given a model of tf_keras."""

    def set_model(self, model: Any) -> None:
        """As Keras calls it at the start of `fit`."""
        refuse_legacy(model, f"the callback {type(self).__name__}")
        super().set_model(model)
