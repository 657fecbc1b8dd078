"""Class weights inside a tf.data graph: a hash table from label to column, checked per batch."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from steelyard._tensorflow import tf
from steelyard.errors import WeightError
from steelyard.weights.table import is_column_numbers
from steelyard.weights.targets import MULTI_LABEL, Weigher

Tensor = Any


def weigh_batch(y: Any, lookups: Any, own: Any) -> tuple[Any, Any]:
    """Columns and weights of one batch of targets, or of a dict or tuple of them by output."""
    if isinstance(y, tuple):
        owns = dict(enumerate(own)) if isinstance(own, tuple) else own
        codes, weights = weigh_batch(dict(enumerate(y)), lookups, owns)
        return tuple(codes.values()), tuple(weights.values())
    if not isinstance(y, Mapping):
        return weigh_tensor(y, lookups, own)
    owns = own if isinstance(own, Mapping) else dict.fromkeys(y, own)
    pairs = {name: weigh_tensor(y[name], lookups[name], owns[name]) for name in y}
    return {n: codes for n, (codes, _) in pairs.items()}, {n: w for n, (_, w) in pairs.items()}


def weigh_tensor(y: Tensor, lookup: "LookUp | None", own: Tensor) -> tuple[Tensor, Tensor]:
    """Columns and weights of one batch, with the user's own weights multiplied in."""
    codes, weights = (y, tf.ones(tf.shape(y)[:1])) if lookup is None else lookup(y)
    if own is None:
        return codes, weights
    own = tf.cast(own, tf.float32)
    checks = [
        tf.debugging.assert_non_negative(own, "a sample_weight is finite and >= 0"),
        tf.debugging.assert_all_finite(own, "a sample_weight is finite and >= 0"),
    ]
    with tf.control_dependencies(checks):
        extra = tf.ones(tf.maximum(tf.rank(weights) - tf.rank(own), 0), tf.int32)
        return codes, weights * tf.reshape(own, tf.concat([tf.shape(own), extra], 0))


class LookUp:
    """A `Weigher` as graph operations: a hash table from label to column, checked at run time."""

    def __init__(self, weigher: Weigher) -> None:
        self.weigher = weigher
        classes = weigher.table.classes
        self.text = classes.dtype.kind == "U"
        if classes.dtype.kind == "f" and (classes != np.round(classes)).any():
            raise WeightError(
                f"classes {classes.tolist()} are fractions, which a dataset cannot look up; "
                "number or name them"
            )
        keys = np.char.encode(classes, "utf-8") if self.text else classes.astype(np.int64)
        columns = np.arange(classes.size, dtype=np.int64)
        pairs = tf.lookup.KeyValueTensorInitializer(tf.constant(keys), tf.constant(columns))
        self.columns = tf.lookup.StaticHashTable(pairs, default_value=-1)
        self.values = tf.constant(weigher.table.values, tf.float32)

    def __call__(self, y: Tensor) -> tuple[Tensor, Tensor]:
        target = self.weigher.target
        if target == "labels" or not is_column_numbers(self.weigher.table.classes):
            codes = self.of_labels(y)
        elif target == "one-hot":
            codes = self.of_one_hot(y)
        elif y.shape.rank is not None:
            one_hot = self.weigher.one_hot_shape(tuple(y.shape))
            codes = self.of_one_hot(y) if one_hot else self.of_labels(y)
        else:  # the shape is known when the batch comes
            wide = (tf.rank(y) > 1) & (tf.shape(y)[-1] == self.values.shape[0])
            codes = tf.cond(wide, lambda: self.of_one_hot(y), lambda: self.of_labels(y))
        return self.as_keras_reads(y, codes), tf.gather(self.values, codes)

    def as_keras_reads(self, y: Tensor, codes: Tensor) -> Tensor:
        """`y` itself where labels are columns already, else the columns in the shape of `y`."""
        if self.weigher.target == "one-hot" or is_column_numbers(self.weigher.table.classes):
            return y
        return tf.ensure_shape(tf.reshape(codes, tf.shape(y)), y.shape)

    def of_labels(self, y: Tensor) -> Tensor:
        """Columns of labels, without a last axis of length 1."""
        labels = y if self.text else tf.cast(y, tf.int64)
        whole = (
            []
            if self.text
            else [
                tf.debugging.assert_equal(
                    tf.cast(labels, tf.float64),
                    tf.cast(y, tf.float64),
                    "y holds fractions, not labels",
                )
            ]
        )
        codes = self.columns.lookup(labels)
        message = (
            f"y holds a label that is none of the classes {self.weigher.table.classes.tolist()}"
        )
        with tf.control_dependencies([*whole, tf.debugging.assert_non_negative(codes, message)]):
            codes = tf.identity(codes)
        if y.shape.rank is not None:
            return codes[..., 0] if y.shape.rank > 1 and y.shape[-1] == 1 else codes
        column = (tf.rank(y) > 1) & (tf.shape(y)[-1] == 1)
        return tf.cond(column, lambda: codes[..., 0], lambda: codes)

    def of_one_hot(self, y: Tensor) -> Tensor:
        """Columns of one-hot rows."""
        numbers = tf.cast(y, tf.float32)
        one = tf.ones(tf.shape(y)[:-1])
        message = f"y is not one-hot. {MULTI_LABEL}; for labels say target='labels'"
        checks = [
            tf.debugging.assert_equal(tf.reduce_sum(numbers, -1), one, message),
            tf.debugging.assert_equal(tf.reduce_max(numbers, -1), one, message),
        ]
        with tf.control_dependencies(checks):
            return tf.argmax(numbers, axis=-1)
