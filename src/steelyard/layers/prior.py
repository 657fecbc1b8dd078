"""Move probabilities from the class shares of training to those of deployment."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.errors import ClassCountError
from steelyard.layers.columns import (
    ProbabilityLayer,
    Tensor,
    both_columns,
    both_logits,
    like_input,
)
from steelyard.weights.counts import log_prior, prior_shares


def shift_prior(probabilities: Tensor, ratio: Tensor) -> Tensor:
    """Multiply the odds of each class by `ratio` (deployed share / trained share), shape (n, K)."""
    moved = probabilities * ratio
    return moved / ops.sum(moved, axis=-1, keepdims=True)


@keras.saving.register_keras_serializable(package="steelyard")
class PriorCorrection(ProbabilityLayer):
    """Probabilities under the deployed class shares, from a model that saw other ones.

    `p'_k` is proportional to `p_k * deployed_k / trained_k`. Exact for a model that knows the
    truth under its training shares; a network that fits its rows closely is over-corrected, so
    check observed / expected on natural rows.

    Args:
        trained_on: class shares or counts as the model saw them, shape (K,), or one number, the
            share of class 1 of two. Class weights count as rows: give `counts * weights`.
        deployed_on: the same for the place where the model is used.
        from_logits: the input is raw scores instead of probabilities.
    Input: shape (n, K), or (n, 1) for one sigmoid unit. Output: probabilities, same shape.
    Raises: ClassCountError: a share that is not above zero, or two lists of unequal length.
    Source: Elkan, "The foundations of cost-sensitive learning", IJCAI 2001; Saerens et al.,
        Neural Computation 14(1), 2002.

    >>> layer = PriorCorrection(trained_on=0.5, deployed_on=0.02)
    >>> layer(np.array([[0.5, 0.5]])).numpy().round(4)
    array([[0.98, 0.02]], dtype=float32)
    """

    def __init__(
        self,
        trained_on: float | Sequence[float],
        deployed_on: float | Sequence[float],
        *,
        from_logits: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        trained, deployed = prior_shares(trained_on), prior_shares(deployed_on)
        if trained.size != deployed.size:
            raise ClassCountError(
                f"trained_on has {trained.size} classes and deployed_on {deployed.size}; "
                "give both one share per class, in the same order"
            )
        self.trained_on: list[float] = trained.tolist()
        self.deployed_on: list[float] = deployed.tolist()
        self.from_logits = bool(from_logits)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        check_columns(input_shape, len(self.trained_on), "trained_on")
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        log_ratio = log_prior(self.deployed_on) - log_prior(self.trained_on)
        if self.from_logits:
            shifted = both_logits(inputs) + log_ratio.astype("float32")
            return like_input(ops.softmax(shifted), inputs)
        ratio = np.exp(log_ratio).astype("float32")
        return like_input(shift_prior(both_columns(inputs), ratio), inputs)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "trained_on": self.trained_on,
            "deployed_on": self.deployed_on,
            "from_logits": self.from_logits,
        }


def check_columns(input_shape: tuple[int | None, ...], classes: int, argument: str) -> None:
    """Raise where `classes` values meet another number of columns; one column stands for two."""
    columns = input_shape[-1]
    if columns not in (None, classes) and not (columns == 1 and classes == 2):
        raise ClassCountError(
            f"{argument} has {classes} classes but the input has {columns} columns; "
            "give one value per column, in column order"
        )
