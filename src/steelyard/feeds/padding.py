"""Rows of unequal length, such as texts, padded at their end with zeros or empty text."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard._tensorflow import keras, tf
from steelyard.errors import RequestError

Shape = tuple[int, ...]


def without_ragged(dataset: Any) -> Any:
    """The dataset with ragged batches as padded ones."""
    specs = keras.tree.flatten(dataset.element_spec)
    if not any(isinstance(spec, tf.RaggedTensorSpec) for spec in specs):
        return dataset

    def dense(*row: Any) -> Any:
        return keras.tree.map_structure(
            lambda leaf: leaf.to_tensor() if isinstance(leaf, tf.RaggedTensor) else leaf, row
        )

    return dataset.map(tf.autograph.experimental.do_not_convert(dense))


def in_blocks(dataset: Any, rows: int) -> Any:
    """Single elements in blocks, padded where their length is not known."""
    shapes = [spec.shape for spec in keras.tree.flatten(dataset.element_spec)]
    if any(shape.rank is None for shape in shapes):
        raise RequestError(
            "the dataset holds elements of unknown rank; set their shapes first, as in "
            "dataset.map(lambda x, y: (tf.ensure_shape(x, [None]), y))"
        )
    if all(shape.is_fully_defined() for shape in shapes):
        return dataset.batch(rows)
    return dataset.padded_batch(rows)


def longest(shapes: Sequence[Shape]) -> Shape:
    """The largest size of every axis."""
    return tuple(max(sizes) for sizes in zip(*shapes, strict=True))


def padded(rows: NDArray[Any], shape: Shape) -> NDArray[Any]:
    """Rows of shape (n, ...) with every axis but the first as long as `shape` says."""
    missing = [(0, to - size) for size, to in zip(rows.shape[1:], shape, strict=True)]
    if not any(more for _, more in missing):
        return rows
    fill: Any = b"" if rows.dtype.kind in "OS" else 0
    return np.pad(rows, [(0, 0), *missing], constant_values=fill)


def padded_in_graph(rows: Any, shape: Shape) -> Any:
    """`padded` as a graph operation, with the shape known beforehand."""
    if rows.shape[1:].as_list() == list(shape):
        return rows
    missing = tf.constant(shape, tf.int32) - tf.shape(rows)[1:]
    paddings = tf.stack([tf.zeros_like(missing), missing], axis=1)
    fill = "" if rows.dtype == tf.string else tf.zeros([], rows.dtype)
    filled = tf.pad(rows, tf.concat([[[0, 0]], paddings], axis=0), constant_values=fill)
    return tf.ensure_shape(filled, [None, *shape])
