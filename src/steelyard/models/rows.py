"""Where the encoded rows of a pack come from: a table on the device, or made as they are asked for.

A table that would be too large encoded stays raw on the host. A call then gets the few rows that it
reads as a small table of their own, and the same graph runs on that: the results are the same.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from steelyard._tensorflow import tf
from steelyard.models.encoding import Categories, Encoding, encode

TABLE_BYTES = 1 << 30  # an encoded table above this is not laid out whole
STREAM_BYTES = 1 << 28  # for the small table of one call


@dataclass(frozen=True)
class EncodedRows:
    """An encoded table (rows, columns) of which only the rows asked for are ever encoded."""

    encoding: Encoding
    numbers: np.ndarray
    categories: Categories

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and encoded columns."""
        return len(self.numbers), self.encoding.width

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        codes, names = self.categories.codes[rows], self.categories.names
        return encode(self.encoding, self.numbers[rows], Categories(codes, names))

    def laid_out(self) -> "Encoded":
        """The whole matrix, or itself where that would be larger than `TABLE_BYTES`."""
        if 4 * len(self) * self.encoding.width > TABLE_BYTES:
            return self
        return encode(self.encoding, self.numbers, self.categories)


Encoded = np.ndarray | EncodedRows


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
        return STREAM_BYTES // (4 * self.X.shape[1])

    def near(self, rows: np.ndarray) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        distinct, places = np.unique(rows, return_inverse=True)
        # A power of two: one compilation for many calls.
        padded = 1 << (len(distinct) - 1).bit_length()
        X = np.zeros((padded, self.X.shape[1]), "float32")
        y = np.zeros(padded, "int32")
        X[: len(distinct)], y[: len(distinct)] = self.X[distinct], self.y[distinct]
        positions = places.reshape(rows.shape)
        return tf.constant(X), tf.constant(y), tf.constant(positions, tf.int32)
