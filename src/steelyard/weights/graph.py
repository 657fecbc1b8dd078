"""Class weights inside a tf.data graph: a hash table from label to column, checked per batch."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from steelyard._tensorflow import tf
from steelyard.errors import TargetError, WeightError
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
    if own is None:
        return (y, tf.ones(tf.shape(y)[:1])) if lookup is None else lookup(y, None)
    own = tf.cast(own, tf.float32)
    codes, weights = (y, tf.ones(tf.shape(y)[:1])) if lookup is None else lookup(y, own)
    checks = [
        tf.debugging.assert_non_negative(own, "a sample_weight is finite and >= 0"),
        tf.debugging.assert_all_finite(own, "a sample_weight is finite and >= 0"),
    ]
    with tf.control_dependencies(checks):
        return codes, weights * spread(own, weights)


def spread(own: Tensor, weights: Tensor) -> Tensor:
    """The user's weights with axes of length 1 for those positions that they do not name."""
    extra = tf.ones(tf.maximum(tf.rank(weights) - tf.rank(own), 0), tf.int32)
    return tf.reshape(own, tf.concat([tf.shape(own), extra], 0))


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
        ignored = np.array(weigher.table.ignored, classes.dtype)
        labels = np.concatenate([classes, ignored])
        keys = np.char.encode(labels, "utf-8") if self.text else labels.astype(np.int64)
        places = np.arange(labels.size, dtype=np.int64)
        pairs = tf.lookup.KeyValueTensorInitializer(tf.constant(keys), tf.constant(places))
        self.places = tf.lookup.StaticHashTable(pairs, default_value=-1)
        # An ignored label comes out as class 0 and weighs nothing.
        columns = np.where(places < classes.size, places, 0)
        self.columns = tf.constant(columns, tf.int64)
        values = np.concatenate([weigher.table.values, np.zeros(ignored.size)])
        self.values = tf.constant(values, tf.float32)
        self.width = classes.size

    def __call__(self, y: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
        if self.text != (y.dtype == tf.string):
            raise TargetError(
                f"labels are {y.dtype.name} but the classes {self.weigher.table.classes.tolist()} "
                f"are {self.weigher.table.classes.dtype}; give both as text or both as numbers"
            )
        target = self.weigher.target
        if target == "labels" or not is_column_numbers(self.weigher.table.classes):
            return self.of_labels(y, own)
        if target == "one-hot":
            return self.of_one_hot(y, own)
        if y.shape.rank is not None:
            one_hot = self.weigher.one_hot_shape(tuple(y.shape))
            return self.of_one_hot(y, own) if one_hot else self.of_labels(y, own)
        # The shape is known when the batch comes.
        wide = (tf.rank(y) > 1) & (tf.shape(y)[-1] == self.width)
        return tf.cond(wide, lambda: self.of_one_hot(y, own), lambda: self.of_labels(y, own))

    def of_labels(self, y: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
        """Labels in the shape of `y`, and weights without a last axis of length 1."""
        flat = y
        if y.shape.rank is None:
            column = (tf.rank(y) > 1) & (tf.shape(y)[-1] == 1)
            flat = tf.cond(column, lambda: y[..., 0], lambda: y)
        elif y.shape.rank > 1 and y.shape[-1] == 1:
            flat = y[..., 0]
        if own is not None:
            first = tf.cast(tf.constant(self.weigher.table.classes[0].item()), y.dtype)
            flat = tf.where(self.zero(own, flat), first, flat)
        labels = flat if self.text else tf.cast(flat, tf.int64)
        place = self.places.lookup(labels)
        message = (
            f"y holds a label that is none of the classes {self.weigher.table.classes.tolist()}"
        )
        checks = [tf.debugging.assert_non_negative(place, message)]
        if not self.text:
            whole = tf.cast(labels, tf.float64), tf.cast(flat, tf.float64)
            checks.append(tf.debugging.assert_equal(*whole, "y holds fractions, not labels"))
        with tf.control_dependencies(checks):
            place = tf.identity(place)
        same = is_column_numbers(self.weigher.table.classes)
        codes = tf.gather(self.columns, place)
        out = tf.reshape(tf.cast(codes, y.dtype) if same else codes, tf.shape(y))
        return tf.ensure_shape(out, y.shape), tf.gather(self.values, place)

    def of_one_hot(self, y: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
        """One-hot rows as they are, and their weights."""
        if own is not None:
            first = tf.one_hot(0, tf.shape(y)[-1], dtype=y.dtype)
            y = tf.where(self.zero(own, y[..., 0])[..., None], first, y)
        numbers = tf.cast(y, tf.float32)
        one = tf.ones(tf.shape(y)[:-1])
        message = f"y is not one-hot. {MULTI_LABEL}; for labels say target='labels'"
        checks = [
            tf.debugging.assert_equal(tf.reduce_sum(numbers, -1), one, message),
            tf.debugging.assert_equal(tf.reduce_max(numbers, -1), one, message),
        ]
        with tf.control_dependencies(checks):
            return y, tf.gather(self.values, tf.argmax(numbers, axis=-1))

    def zero(self, own: Tensor, labels: Tensor) -> Tensor:
        """Where the user's own weight is 0, in the shape of the labels."""
        return tf.broadcast_to(spread(own, labels) == 0, tf.shape(labels))
