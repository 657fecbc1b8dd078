"""`models.encoding.encode` inside Keras, so that a saved model takes raw columns."""

from collections.abc import Sequence
from typing import Any

from steelyard._tensorflow import keras, tf
from steelyard.models.encoding import CLIP, Encoding


@keras.saving.register_keras_serializable(package="steelyard")
class TableEncoder(keras.layers.Layer):
    """Numbers (batch, numbers) float32 and strings (batch, columns) -> (batch, width) float32.

    NaN is a missing number, "" a missing category; where all columns are numbers, strings may be
    left out. TensorFlow backend: the rank transform and the look-up of strings have no counterpart
    in `keras.ops`.
    """

    def __init__(self, encoding: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encoding = encoding
        self._fitted = Encoding.from_dict(encoding)
        self._tables = _look_ups(self._fitted.levels)
        self.supports_jit = not self._fitted.levels  # XLA, which Keras uses on a GPU, knows no text

    def call(self, numbers: Any, strings: Any = None) -> Any:
        parts = []
        if len(self._fitted.mean):
            parts += self._encode_numbers(numbers)
        for j, (table, known) in enumerate(zip(self._tables, self._fitted.levels, strict=True)):
            parts.append(tf.one_hot(_slots(table, strings[:, j]), len(known) + 1))
        return tf.concat(parts, axis=1)

    def _encode_numbers(self, numbers: Any) -> list[Any]:
        fitted = self._fitted
        gap = self._is_gap(numbers)
        zeros = tf.zeros_like(numbers)
        scaled = tf.clip_by_value((numbers - fitted.mean) / fitted.scale, -CLIP, CLIP)
        ranked = self._interpolated(tf.where(gap, zeros, numbers), fitted.knots, fitted.scores)
        gaps = tf.gather(tf.cast(gap, tf.float32), fitted.gaps, axis=1)
        return [tf.where(gap, zeros, scaled), tf.where(gap, zeros, ranked), gaps]

    def _is_gap(self, numbers: Any) -> Any:
        return ~tf.math.is_finite(numbers)

    def _interpolated(self, x: Any, knots: Any, scores: Any) -> Any:
        """Piecewise-linear, by column: x (batch, columns), knots and scores (columns, KNOTS)."""
        columns = tf.transpose(x)
        last = knots.shape[1] - 1
        right = tf.clip_by_value(
            tf.searchsorted(tf.constant(knots), columns, side="right"), 1, last
        )
        x0 = tf.gather(knots, right - 1, axis=1, batch_dims=1)
        x1 = tf.gather(knots, right, axis=1, batch_dims=1)
        y0 = tf.gather(scores, right - 1, axis=1, batch_dims=1)
        y1 = tf.gather(scores, right, axis=1, batch_dims=1)
        share = tf.clip_by_value((columns - x0) / (x1 - x0), 0.0, 1.0)
        return tf.transpose(y0 + share * (y1 - y0))

    def compute_output_shape(self, numbers_shape: Any, *_: Any) -> tuple[Any, int]:
        return (numbers_shape[0], self._fitted.width)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"encoding": self.encoding}


@keras.saving.register_keras_serializable(package="steelyard")
class TreeColumns(keras.layers.Layer):
    """`models.encoding.tree_columns` inside Keras: (batch, numbers + categories) float32."""

    def __init__(self, levels: Sequence[Sequence[str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = [list(known) for known in levels]
        self._tables = _look_ups(self.levels)
        self.supports_jit = not self.levels  # XLA, which Keras uses on a GPU, knows no text

    def call(self, numbers: Any, strings: Any) -> Any:
        slots = [
            tf.cast(_slots(table, strings[:, j]), tf.float32)[:, None]
            for j, table in enumerate(self._tables)
        ]
        return tf.concat([numbers, *slots], axis=1)

    def compute_output_shape(self, numbers_shape: Any, strings_shape: Any) -> tuple[Any, int]:  # noqa: ARG002
        return (numbers_shape[0], numbers_shape[1] + len(self.levels))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"levels": self.levels}


def _look_ups(levels: Sequence[Sequence[str]]) -> list[Any]:
    """A table from level to slot per category column; none for a column without levels."""
    return [
        tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                tf.constant(list(known), tf.string), tf.range(1, len(known) + 1)
            ),
            default_value=0,
        )
        if known
        else None
        for known in levels
    ]


def _slots(table: Any, column: Any) -> Any:
    return table.lookup(column) if table else tf.zeros_like(column, tf.int32)
