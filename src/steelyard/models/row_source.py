"""Where the encoded rows of a pack come from: a table on the device, or made as they are asked for.

A table that would be too large encoded stays raw on the host. A call then gets the few rows that it
reads as a small table of their own, and the same graph runs on that: the results are the same.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from steelyard._memory import room
from steelyard._tensorflow import tf
from steelyard.models.encoded_table import EncodedRows

STREAM_BYTES = 1 << 28  # for the small table of one call


class Source(Protocol):
    """Rows and labels for compiled steps."""

    @property
    def at_once(self) -> int:
        """Positions that one call of `near` should ask for at most."""

    def near(self, rows: np.ndarray) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """A table, its labels, and where `rows` are in it (same shape, int32)."""


def source(X: Any, y: np.ndarray) -> Source:
    """The source of a matrix, a tensor or an `EncodedRows`."""
    if isinstance(X, EncodedRows):
        return _Streamed(X, y)
    return _OnDevice(tf.convert_to_tensor(X), tf.constant(y, tf.int32))


@dataclass(frozen=True)
class _OnDevice:
    X: tf.Tensor
    y: tf.Tensor
    at_once: int = 1 << 31

    def near(self, rows: np.ndarray) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        return self.X, self.y, tf.constant(rows, tf.int32)


@dataclass(frozen=True)
class _Streamed:
    X: EncodedRows
    y: np.ndarray

    @property
    def at_once(self) -> int:
        return max(1, room(STREAM_BYTES, 0.1) // (4 * self.X.shape[1]))

    def near(self, rows: np.ndarray) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        distinct, places = np.unique(rows, return_inverse=True)
        # A power of two: one compilation for many calls.
        padded = 1 << (len(distinct) - 1).bit_length()
        X = np.zeros((padded, self.X.shape[1]), "float32")
        y = np.zeros(padded, "int32")
        X[: len(distinct)], y[: len(distinct)] = self.X[distinct], self.y[distinct]
        positions = places.reshape(rows.shape)
        return tf.constant(X), tf.constant(y), tf.constant(positions, tf.int32)
