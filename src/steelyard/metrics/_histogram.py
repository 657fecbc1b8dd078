"""Scores in bins: a state of fixed size from which ranking metrics follow with a known error.

Scores are binned by their log-odds z on the scale z / (8 + |z|), which no score leaves. Bins
are 16/resolution * (1 + |z|/8)^2 wide: with 4096, .004 at p = .5, .014 at p = .001 and .05 at 1e-9,
where evenly spaced thresholds on p see nothing at all below 1/200.
"""

from typing import Any

import numpy as np

from steelyard._keras import ops
from steelyard._tensorflow import tf
from steelyard.errors import RequestError
from steelyard.metrics._rows import EXTREME, Rows, Tensor
from steelyard.metrics._streaming import Shapes, StreamingMetric, Sums, class_of

RESOLUTION = 4096
KNEE = 8.0  # log-odds at which half of the scale is used up
SMALLEST = 1e-37  # just above the least float32 that compiled code does not flush to 0
BLOCK = 64
ONE = 0.02  # by so much the probabilities of a row may miss one, in 16 bits


def log_odds(scores: Tensor, *, from_logits: bool, multi_label: bool = False) -> Tensor:
    """Log-odds of each class against all others: (n, 1) from one or two columns, else (n, K).

    With `multi_label` of each label against its absence, (n, labels).
    """
    if len(scores.shape) == 1:
        z = scores if from_logits else _odds(scores)
        z = z[:, None]
    elif multi_label:
        z = scores if from_logits else _odds(scores)
    elif scores.shape[1] == 2:
        high, low = scores[:, 1:], scores[:, :1]
        z = high - low if from_logits else _log(high) - _log(low)
    else:
        z = _against_the_rest(scores, from_logits=from_logits)
    return ops.clip(z, -EXTREME, EXTREME)


def _against_the_rest(scores: Tensor, *, from_logits: bool) -> Tensor:
    share = ops.exp(scores - ops.max(scores, axis=1, keepdims=True)) if from_logits else scores
    top = ops.one_hot(ops.argmax(share, axis=1), share.shape[1], dtype=share.dtype)
    # What the others hold is summed without the greatest: 1 - p would round it away.
    small = ops.sum(share * (1 - top), axis=1, keepdims=True)
    large = ops.sum(share * top, axis=1, keepdims=True)
    rest = ops.where(top > 0, small, small + (large - share))
    if from_logits:
        return _log(share) - _log(rest)
    # Columns of sigmoid units do not add up to one, and each is a probability by itself.
    exclusive = ops.all(ops.abs(small + large - 1) < ONE)
    return ops.where(exclusive, _log(share) - _log(rest), _odds(share))


def _odds(p: Tensor) -> Tensor:
    # 1 - p is exact where it is small, and where p is small the quotient keeps its digits.
    return ops.log(ops.maximum(p, SMALLEST) / ops.maximum(1 - p, 6e-8))


def _log(values: Tensor) -> Tensor:
    return ops.log(ops.maximum(values, SMALLEST))


def bin_of(z: Tensor, resolution: int) -> Tensor:
    """Number of the bin of log-odds `z`, in 0 .. resolution - 1, rising with z."""
    return ops.cast((z / (KNEE + ops.abs(z)) + 1) * (resolution / 2), "int32")


def sums_above(values: Tensor) -> Tensor:
    """Sum of all later entries of the last axis, for each entry; the size of the axis is known.

    In blocks, by matrix products: Keras asks for the result after every training step, where
    `cumsum` takes five times as long. Nothing is subtracted, so small sums at the top keep every
    digit. In float64 where there is a GPU, which rounds the factors of float32 ones to 10 bits.
    """
    n = values.shape[-1]
    block = BLOCK if n % BLOCK == 0 else n
    if block > BLOCK:
        return ops.cumsum(values[..., ::-1], axis=-1)[..., ::-1] - values
    rows = ops.reshape(values, (-1, block))
    later = np.tril(np.ones((block, block)), -1)
    exact = "float64" if tf.config.list_physical_devices("GPU") else values.dtype
    above = ops.cast(ops.matmul(ops.cast(rows, exact), ops.cast(later, exact)), values.dtype)
    if block < n:
        totals = ops.reshape(above[:, 0] + rows[:, 0], (*values.shape[:-1], n // block))
        above = above + ops.reshape(sums_above(totals), (-1, 1))
    return ops.reshape(above, values.shape)


def hits_of(rows: Rows, columns: int, class_id: int | None) -> Tensor:
    """Whether each row is of the class of each column, (n, columns)."""
    if rows.hot is not None:
        return rows.hot if class_id is None else rows.hot[:, class_id : class_id + 1]
    if columns == 1:
        return (rows.code == (1 if class_id is None else class_id))[:, None]
    return rows.code[:, None] == ops.arange(columns, dtype="int32")[None, :]


class HistogramMetric(StreamingMetric):
    """Misses and hits per bin of log-odds, for one class or each class against the rest."""

    each_column = True

    def __init__(
        self, *, class_id: int | None = None, resolution: int = RESOLUTION, **settings: Any
    ) -> None:
        super().__init__(**settings)
        if resolution < 2:
            raise RequestError(
                f"resolution is {resolution!r}; it takes a whole number >= 2, such as {RESOLUTION}"
            )
        self.class_id = class_id
        self.resolution = resolution

    def columns(self, n_classes: int) -> int:
        """How many rankings are kept."""
        if class_of(self.name, self.class_id, n_classes) is not None:
            return 1
        return 1 if n_classes == 2 and not self.multi_label else n_classes

    def sum_shapes(self, n_classes: int) -> Shapes:
        return {"histogram": (self.columns(n_classes), 2, self.resolution)}

    def binned(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Bin of each row in each kept ranking, and whether it is a hit there."""
        several = self.multi_label
        z = log_odds(rows.scores, from_logits=self.from_logits, multi_label=several)
        if self.class_id is not None and (several or z.shape[1] > 1):
            z = z[:, self.class_id : self.class_id + 1]
        elif self.class_id == 0:
            z = -z
        return bin_of(z, self.resolution), hits_of(rows, z.shape[1], self.class_id)

    def weights(self, rows: Rows, columns: int) -> Tensor:
        """Weight of each row in each kept ranking, (n, columns)."""
        weight = rows.weight
        if len(weight.shape) == 1:
            weight = weight[:, None]
            return weight if columns == 1 else ops.repeat(weight, columns, axis=1)
        return weight if self.class_id is None else weight[:, self.class_id : self.class_id + 1]

    def batch_sums(self, rows: Rows) -> Sums:
        place, hit = self.binned(rows)
        columns = place.shape[1]
        number = place + self.resolution * ops.cast(hit, "int32")
        if columns > 1:
            number = number + 2 * self.resolution * ops.arange(columns, dtype="int32")
        counts = ops.segment_sum(
            ops.reshape(self.weights(rows, columns), (-1,)),
            ops.reshape(number, (-1,)),
            num_segments=columns * 2 * self.resolution,
        )
        return {"histogram": ops.reshape(counts, (columns, 2, self.resolution))}

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"class_id": self.class_id, "resolution": self.resolution}
