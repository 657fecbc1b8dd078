"""A deployed model of plain operations only, for runtimes that know no others (LiteRT, ONNX).

The same weights and the same arithmetic, but numbers are single precision throughout, the rank
transform counts knots instead of searching for them, and trees are walked without a loop.
"""

from typing import Any

import numpy as np

from steelyard._tensorflow import keras, tf
from steelyard.layers import DecisionByRow, ThreeWayDecision, TreeEnsemble
from steelyard.models.encoding_layer import TableEncoder


class PortableTrees(TreeEnsemble):
    """`TreeEnsemble` unrolled: one gather a level, sums in float32."""

    def call(self, rows: Any) -> Any:
        rows = tf.cast(rows, tf.float32)
        columns = rows.shape[1]
        at_row = tf.range(tf.shape(rows)[0])[:, None] * columns
        values = tf.reshape(rows, [-1])
        arrays = {name: _plain(getattr(self, f"_{name}")) for name in self.shapes}
        node = tf.zeros_like(at_row) + arrays["roots"][None]
        for _ in range(self.depth):
            x = tf.gather(values, at_row + tf.gather(arrays["feature"], node))
            gap = tf.math.is_nan(x)
            below = x <= tf.gather(arrays["threshold"], node)
            left = below | (gap & (tf.gather(arrays["missing_left"], node) > 0))
            node = tf.gather(arrays["left"], node) + tf.where(left, 0, 1)
        into = tf.one_hot(arrays["output"], self.outputs)
        return arrays["start"] + tf.matmul(tf.gather(arrays["value"], node), into)


class PortableEncoder(TableEncoder):
    """`TableEncoder` for tables of numbers, without a search."""

    def _is_gap(self, numbers: Any) -> Any:
        # Alone in a condition: ONNX would make arithmetic of any other, and NaN times 0 is NaN.
        return tf.math.is_nan(numbers)

    def _interpolated(self, x: Any, knots: Any, scores: Any) -> Any:
        passed = tf.cast(x[:, :, None] >= tf.constant(knots)[None], tf.float32)
        right = tf.clip_by_value(
            tf.cast(tf.reduce_sum(passed, axis=2), tf.int32), 1, knots.shape[1] - 1
        )
        at = right + np.arange(len(knots), dtype="int32")[None] * knots.shape[1]
        flat_x, flat_y = tf.reshape(knots, [-1]), tf.reshape(scores, [-1])
        x0, x1 = tf.gather(flat_x, at - 1), tf.gather(flat_x, at)
        y0, y1 = tf.gather(flat_y, at - 1), tf.gather(flat_y, at)
        return y0 + tf.clip_by_value((x - x0) / (x1 - x0), 0.0, 1.0) * (y1 - y0)


class PortableDecision(DecisionByRow):
    """`DecisionByRow` with costs in float32."""

    precision = "float32"


class PortableThreeWay(ThreeWayDecision):
    """`ThreeWayDecision` with costs in float32."""

    precision = "float32"


SWAPPED = {
    TreeEnsemble: PortableTrees,
    TableEncoder: PortableEncoder,
    DecisionByRow: PortableDecision,
    ThreeWayDecision: PortableThreeWay,
}


def portable(model: Any) -> Any:
    """A copy of a deployed model of numbers with the classes above in place of ours."""

    def copied(layer: Any) -> Any:
        kind: Any = SWAPPED.get(type(layer), type(layer))
        return kind.from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=copied, recursive=True)
    copy.set_weights(model.get_weights())
    return copy


def _plain(weight: Any) -> Any:
    """A weight as float32 or int32: these runtimes take no others everywhere."""
    value = tf.convert_to_tensor(weight)
    return tf.cast(value, tf.float32 if value.dtype.is_floating else tf.int32)
