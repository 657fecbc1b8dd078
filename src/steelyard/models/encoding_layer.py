"""`models.encoding.encode` inside Keras, so that a saved model takes raw columns."""

from typing import Any

from steelyard._tensorflow import keras, tf
from steelyard.models.encoding import CLIP, Encoding


@keras.saving.register_keras_serializable(package="steelyard")
class TableEncoder(keras.layers.Layer):
    """Numbers (batch, numbers) float32 and strings (batch, columns) -> (batch, width) float32.

    NaN is a missing number, "" a missing category. TensorFlow backend: the rank transform and
    the look-up of strings have no counterpart in `keras.ops`.
    """

    def __init__(self, encoding: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encoding = encoding
        self._fitted = Encoding.from_dict(encoding)
        self._tables = [
            tf.lookup.StaticHashTable(
                tf.lookup.KeyValueTensorInitializer(
                    tf.constant(known, tf.string), tf.range(1, len(known) + 1)
                ),
                default_value=0,
            )
            if known
            else None
            for known in self._fitted.levels
        ]

    def call(self, numbers: Any, strings: Any) -> Any:
        parts = []
        if len(self._fitted.mean):
            parts += self._encode_numbers(numbers)
        for j, (table, known) in enumerate(zip(self._tables, self._fitted.levels, strict=True)):
            column = strings[:, j]
            slots = table.lookup(column) if table else tf.zeros_like(column, tf.int32)
            parts.append(tf.one_hot(slots, len(known) + 1))
        return tf.concat(parts, axis=1)

    def _encode_numbers(self, numbers: Any) -> list[Any]:
        fitted = self._fitted
        known = tf.math.is_finite(numbers)
        zeros = tf.zeros_like(numbers)
        scaled = tf.clip_by_value((numbers - fitted.mean) / fitted.scale, -CLIP, CLIP)
        ranked = _interpolate(tf.where(known, numbers, zeros), fitted.knots, fitted.scores)
        gaps = tf.gather(tf.cast(~known, tf.float32), fitted.gaps, axis=1)
        return [tf.where(known, scaled, zeros), tf.where(known, ranked, zeros), gaps]

    def compute_output_shape(self, numbers_shape: Any, strings_shape: Any) -> tuple[Any, int]:  # noqa: ARG002
        return (numbers_shape[0], self._fitted.width)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"encoding": self.encoding}


def _interpolate(x: Any, knots: Any, scores: Any) -> Any:
    """Piecewise-linear, column by column: x (batch, columns), knots and scores (columns, KNOTS)."""
    columns = tf.transpose(x)
    last = knots.shape[1] - 1
    right = tf.clip_by_value(tf.searchsorted(tf.constant(knots), columns, side="right"), 1, last)
    x0 = tf.gather(knots, right - 1, axis=1, batch_dims=1)
    x1 = tf.gather(knots, right, axis=1, batch_dims=1)
    y0 = tf.gather(scores, right - 1, axis=1, batch_dims=1)
    y1 = tf.gather(scores, right, axis=1, batch_dims=1)
    share = tf.clip_by_value((columns - x0) / (x1 - x0), 0.0, 1.0)
    return tf.transpose(y0 + share * (y1 - y0))
