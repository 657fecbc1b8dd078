"""One probability column or K: the layers read both and answer in the form they were given."""

from typing import Any

from steelyard._keras import keras, ops
from steelyard.stats.validation import LOG_FLOOR

Tensor = Any


def both_columns(probabilities: Tensor) -> Tensor:
    """Shape (n, 1), the probability of class 1 of two, becomes shape (n, 2); K columns stay."""
    if probabilities.shape[-1] == 1:
        return ops.concatenate([1.0 - probabilities, probabilities], axis=-1)
    return probabilities


def like_input(columns: Tensor, given: Tensor) -> Tensor:
    """Back to one column where one was given."""
    return columns[..., -1:] if given.shape[-1] == 1 else columns


def both_logits(logits: Tensor) -> Tensor:
    """One logit of class 1 becomes the pair (0, logit), which softmax reads the same way."""
    if logits.shape[-1] == 1:
        return ops.concatenate([ops.zeros_like(logits), logits], axis=-1)
    return logits


def log_columns(inputs: Tensor, *, from_logits: bool) -> Tensor:
    """Scores whose softmax is the given probability: the logits, or the log-probabilities."""
    if from_logits:
        return both_logits(inputs)
    return ops.log(ops.maximum(both_columns(inputs), LOG_FLOOR))


class ProbabilityLayer(keras.layers.Layer):
    """A layer that turns probabilities into probabilities, in float32 under any policy.

    float16 has no room for the probability of a rare class: below 6e-8 it reads zero.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape
