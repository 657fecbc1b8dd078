"""Checks on a batch that cost next to nothing. XLA drops them: there a wrong label gives NaN."""

from typing import Any

from steelyard._batch_checks import require
from steelyard._keras import ops
from steelyard._tensorflow import tf
from steelyard.errors import ClassCountError, RequestError, TargetError

Tensor = Any

# Rows looked at where a mistake shows in every row.
SAMPLE = 8


def check_axes(y_pred: Tensor) -> None:
    """Scores have an axis of columns, as Keras gives them."""
    if len(y_pred.shape) < 2:
        raise RequestError(
            f"the model's output has shape {tuple(y_pred.shape)}, without an axis of columns; give "
            "shape (n, 1) for one sigmoid unit, or (n, classes)"
        )


def check_width(scores: Tensor, classes: int, argument: str = "class_counts") -> None:
    """One column per entry of `argument`."""
    if scores.shape[-1] != classes:
        raise ClassCountError(
            f"{argument} has {classes} classes but the model's output has {scores.shape[-1]} "
            "columns; give one value per column, in column order"
        )


def check_labels(labels: Tensor, classes: int) -> None:
    """Every label names a column."""
    # A negative number is a huge one when read without its sign: one reduction finds both ends.
    largest = tf.reduce_max(tf.cast(labels, tf.uint32))
    message = f"a label is outside 0 ... {classes - 1}, the columns of the model's output."
    bad = tf.bitcast(largest, tf.int32)
    require((tf.size(labels) == 0) | (largest < classes), TargetError, message, bad)


def check_shares(targets: Tensor) -> None:
    """One-hot or soft targets add up to one in each row: several labels at once do not."""
    sums = ops.sum(sample(targets), axis=-1)
    message = (
        "targets of a row add up to something other than 1: softmax losses want one class per "
        "row. For several labels at once use losses.Asymmetric."
    )
    require(ops.all(ops.abs(sums - 1) < 1e-3), TargetError, message, sums)


def check_logits(logits: Tensor) -> None:
    """Rows that are all >= 0 and add up to one are probabilities, not logits."""
    rows = sample(logits)
    sums = ops.sum(rows, axis=-1)
    look_alike = ops.all((ops.abs(sums - 1) < 1e-5) & (ops.min(rows, axis=-1) >= 0))
    enough = ops.shape(rows)[0] == SAMPLE  # fewer rows may look so by chance
    message = (
        "the model's output looks like probabilities, but this loss takes logits: drop the "
        "softmax of the last layer, or say from_logits=False."
    )
    require(~(look_alike & enough), RequestError, message, rows[:1])


def check_probabilities(p: Tensor) -> None:
    """Numbers outside [0, 1] are no probabilities."""
    # A single unit often says something within [0, 1]: more rows are looked at.
    rows = sample(p, SAMPLE if p.shape[-1] > 1 else 128 * SAMPLE)
    inside = ops.all((rows >= 0) & (rows <= 1 + 1e-3))
    message = "the model's output is outside [0, 1], but from_logits=False takes probabilities."
    require(inside, RequestError, message, rows[:1])


def sample(values: Tensor, rows: int = SAMPLE) -> Tensor:
    """The first rows, whatever the number of axes, shape (rows or fewer, last axis)."""
    return ops.reshape(values[:rows], (-1, values.shape[-1]))[:rows]
