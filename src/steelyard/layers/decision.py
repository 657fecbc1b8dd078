"""From probabilities to a class, inside the model, so that the threshold ships with it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.errors import GoalError
from steelyard.layers.columns import Tensor, both_columns
from steelyard.layers.prior import check_columns
from steelyard.stats.validation import class_weights

UNDECIDED = -1  # the code of a row without probabilities


@keras.saving.register_keras_serializable(package="steelyard")
class Decision(keras.layers.Layer):
    """The class code of each row, from its probabilities and one rule.

    Without a rule, the most probable class. The others, one at a time:

    Args:
        threshold: for two classes: `positive` where its probability is at least this, in [0, 1].
        positive: column of the class of interest, 0 or 1; only with `threshold`; default 1.
        weights: one factor per class, each >= 0: the class with the largest `p * weight`.
        costs: shape (K, K), `costs[true][decided]`: the class with the least expected cost.
    Input: probabilities, shape (n, K), or (n, 1) for one sigmoid unit. Output: shape (n,), int32.
    Ties go to the lower code, except that a probability equal to `threshold` is `positive`. A row
    whose probabilities hold NaN is of no class: its code is -1, as pandas' of a missing value.
    Raises: GoalError: more than one rule, or a value outside its range.
    Source: Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.

    >>> Decision(threshold=0.1)(np.array([[0.85, 0.15], [0.95, 0.05]])).numpy()
    array([1, 0], dtype=int32)
    >>> Decision(costs=[[0, 1], [50, 0]])(np.array([[0.95, 0.05]])).numpy()
    array([1], dtype=int32)
    """

    def __init__(
        self,
        threshold: float | None = None,
        positive: int | None = None,
        weights: Sequence[float] | None = None,
        costs: Sequence[Sequence[float]] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("dtype", "float32")  # a threshold of 0.0012 is another one in float16
        super().__init__(**kwargs)
        rules = {"threshold": threshold, "weights": weights, "costs": costs}
        given = [name for name, value in rules.items() if value is not None]
        if len(given) > 1:
            raise GoalError(f"Decision got {' and '.join(given)}; give one of them")
        if positive is not None and threshold is None:
            raise GoalError(f"positive = {positive} has no meaning without threshold; give both")
        self.threshold = None if threshold is None else checked_threshold(threshold)
        self.positive = None if threshold is None else checked_positive(positive)
        self.weights_per_class = None if weights is None else list(class_weights(weights))
        self.costs = None if costs is None else checked_costs(costs)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if self.threshold is not None:
            check_columns(input_shape, 2, "a decision by threshold")
        for name, values in (("weights", self.weights_per_class), ("costs", self.costs)):
            if values is not None:
                check_columns(input_shape, len(values), name)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        p = both_columns(inputs)
        # A sum is NaN where one of them is, and then not at least 0: an operator of every runtime.
        return ops.where(ops.sum(p, axis=-1) >= 0, self._decided(p), UNDECIDED)

    def _decided(self, p: Tensor) -> Tensor:
        if self.threshold is not None:
            flagged = p[..., self.positive] >= self.threshold
            return ops.where(flagged, self.positive, 1 - self.positive)  # type: ignore[operator]
        if self.weights_per_class is not None:
            p = p * np.array(self.weights_per_class, "float32")
        if self.costs is not None:
            # No matrix product: GPUs round its factors to 10 bits, which turns close decisions.
            p = -ops.sum(p[..., None] * np.array(self.costs, "float32"), axis=-2)
        return first_largest(p)

    def compute_output_spec(self, inputs: Tensor) -> Any:
        return keras.KerasTensor(inputs.shape[:-1], dtype="int32")

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "threshold": self.threshold,
            "positive": self.positive,
            "weights": self.weights_per_class,
            "costs": self.costs,
        }


def first_largest(scores: Tensor) -> Tensor:
    """Column of the largest score, the first of equal ones, int32.

    `ops.argmax` compares bit patterns, which the built-in operators of LiteRT cannot.
    """
    columns = np.arange(scores.shape[-1], dtype="int32")
    largest = scores >= ops.max(scores, axis=-1, keepdims=True)
    return ops.min(ops.where(largest, columns, scores.shape[-1] - 1), axis=-1)


def checked_threshold(threshold: float) -> float:
    """A probability as a plain float."""
    if not 0 <= threshold <= 1:
        raise GoalError(f"threshold = {threshold!r}; it is a probability, from 0 to 1")
    return float(threshold)


def checked_positive(positive: int | None) -> int:
    """The column of the class of interest among two."""
    if positive not in (None, 0, 1):
        raise GoalError(
            f"positive = {positive!r} with a threshold; it is 0 or 1, as a threshold parts two "
            "classes. For more classes give weights or costs"
        )
    return 1 if positive is None else int(positive)


def checked_costs(costs: Sequence[Sequence[float]]) -> list[list[float]]:
    """A square matrix of finite costs, row = true class, column = decided class."""
    values = np.asarray(costs, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or not np.isfinite(values).all():
        raise GoalError(
            f"costs has shape {values.shape}; give finite numbers, costs[true][decided], one row "
            "and one column per class"
        )
    return values.tolist()
