"""Losses that read other targets or scores than integer labels and one logit per class."""

from typing import Any

from steelyard._keras import keras, ops


class OneHot(keras.losses.Loss):
    """A loss of 0 or 1 for every class, on integer labels."""

    def __init__(self, loss: Any, classes: int) -> None:
        super().__init__(name=loss.name)
        self.loss, self.classes = loss, classes

    def call(self, y_true: Any, y_pred: Any) -> Any:
        labels = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        return self.loss.call(ops.one_hot(labels, self.classes), y_pred)


class LogOdds(keras.losses.Loss):
    """A loss of one score per row, on the logits of two classes."""

    def __init__(self, loss: Any) -> None:
        super().__init__(name=loss.name)
        self.loss = loss

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.loss.call(ops.reshape(y_true, (-1,)), y_pred[:, 1:] - y_pred[:, :1])
