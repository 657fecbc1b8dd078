"""Metrics of decisions for Keras: exact, since a few sums per class are all they need."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.metrics._streaming import (
    NAN,
    SUMS,
    Rows,
    Shapes,
    StreamingMetric,
    Sums,
    Tensor,
    class_of,
    probabilities,
)
from steelyard.metrics.costs import cost_matrix


def decide(scores: Tensor, threshold: float, *, from_logits: bool) -> Tensor:
    """Class decided per row, int32: above the threshold for two classes, else the greatest."""
    if len(scores.shape) == 2 and scores.shape[1] > 2:
        return ops.cast(ops.argmax(scores, axis=1), "int32")
    if len(scores.shape) == 2:
        scores = scores[:, 1] - scores[:, 0] if from_logits else scores[:, 1]
    cut = float(np.log(threshold) - np.log1p(-threshold)) if from_logits else threshold
    return ops.cast(scores >= cut, "int32")


def cut_off(name: str, threshold: float) -> float:
    """`threshold` as a float strictly between 0 and 1."""
    if not 0 < threshold < 1:
        raise RequestError(
            f"{name} has threshold {threshold!r}; it takes a probability strictly in (0, 1): "
            "also with from_logits"
        )
    return float(threshold)


class DecisionMetric(StreamingMetric):
    """True, decided and rightly decided rows of each class: the sums "table", shape (3, K)."""

    def __init__(self, *, threshold: float = 0.5, **settings: Any) -> None:
        super().__init__(**settings)
        self.threshold = cut_off(self.name, threshold)

    def sum_shapes(self, n_classes: int) -> Shapes:
        return {"table": (3, n_classes)}

    def batch_sums(self, rows: Rows) -> Sums:
        decided = decide(rows.scores, self.threshold, from_logits=self.from_logits)
        right = ops.where(decided == rows.code, rows.weight, ops.zeros_like(rows.weight))
        k = rows.n_classes
        table = ops.segment_sum(
            ops.concatenate([rows.weight, rows.weight, right]),
            ops.concatenate([rows.code, decided + k, rows.code + 2 * k]),
            num_segments=3 * k,
        )
        return {"table": ops.reshape(table, (3, k))}

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"threshold": self.threshold}


@keras.saving.register_keras_serializable(package="steelyard")
class BalancedAccuracy(DecisionMetric):
    """Mean over classes of the share decided right; exact.

    1/K for any constant decision. Best at a threshold equal to the prevalence, so with the usual
    .5 on a rare class it mostly says that the threshold is wrong.

    Args:
        threshold: threshold on the probability, two classes; with more the greatest decides.
        from_logits: outputs are logits, not probabilities.
        name: as in Keras.
        dtype: of the result.

    NaN until every class has been seen, and when a row could not be read (`unreadable()`).

    >>> metric = BalancedAccuracy()
    >>> metric.update_state([0, 0, 0, 1], [0.1, 0.2, 0.7, 0.8])
    >>> round(float(metric.result()), 6)
    0.833333
    """

    default_name = "balanced_accuracy"

    def compute(self, sums: Sums) -> Tensor:
        table = sums["table"]
        return ops.mean(table[2] / table[0])


@keras.saving.register_keras_serializable(package="steelyard")
class GMean(DecisionMetric):
    """Geometric mean of the shares decided right: 0 as soon as one class is never found; exact.

    Arguments and NaN as for `BalancedAccuracy`.

    >>> metric = GMean()
    >>> metric.update_state([0, 0, 1, 1], [[0.1], [0.6], [0.4], [0.9]])
    >>> round(float(metric.result()), 6)
    0.5
    """

    default_name = "gmean"

    def compute(self, sums: Sums) -> Tensor:
        table = sums["table"]
        return ops.exp(ops.mean(ops.log(table[2] / table[0])))


@keras.saving.register_keras_serializable(package="steelyard")
class MCC(DecisionMetric):
    """Matthews correlation of truth and decision, for more classes Gorodkin's R_K; exact.

    0 for a constant decision. Moves with prevalence and threshold: judge decisions by it, do not
    choose between models. Arguments as for `BalancedAccuracy`; NaN until two classes were seen.

    >>> metric = MCC()
    >>> metric.update_state([0, 0, 1, 1], [[0.1], [0.6], [0.4], [0.9]])
    >>> round(float(metric.result()), 6)
    0.0
    """

    default_name = "mcc"

    def compute(self, sums: Sums) -> Tensor:
        table = sums["table"]
        true, decided, right = table[0], table[1], ops.sum(table[2])
        n = ops.sum(true)
        # Divided by n first: n^2 of a long run leaves the whole numbers of float64.
        true, decided, right = true / n, decided / n, right / n
        spread = (1 - ops.sum(true * true)) * (1 - ops.sum(decided * decided))
        constant = ops.max(decided) >= 1
        value = (right - ops.sum(true * decided)) / ops.sqrt(spread)
        return ops.where(constant & (ops.max(true) < 1), ops.zeros_like(value), value)


@keras.saving.register_keras_serializable(package="steelyard")
class F1(DecisionMetric):
    """Harmonic mean of precision and recall at a threshold; exact.

    Moves with prevalence and threshold: judge decisions by it, do not choose between models.

    Args:
        class_id: this class; None is the second of two, or the macro mean.
        threshold: as for `BalancedAccuracy`, and so are the other arguments.

    NaN for a class neither true nor decided so far.

    >>> metric = F1()
    >>> metric.update_state([0, 0, 1, 1], [[0.1], [0.6], [0.4], [0.9]])
    >>> round(float(metric.result()), 6)
    0.5
    """

    default_name = "f1"

    def __init__(self, *, class_id: int | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.class_id = class_id

    def compute(self, sums: Sums) -> Tensor:
        table = sums["table"]
        each = 2 * table[2] / (table[0] + table[1])
        k = each.shape[0]
        chosen = class_of(self.name, self.class_id, k)
        if chosen is None and k > 2:
            return ops.mean(each)
        return each[1 if chosen is None else chosen]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"class_id": self.class_id}


@keras.saving.register_keras_serializable(package="steelyard")
class ExpectedCost(StreamingMetric):
    """Mean cost per row of deciding by these probabilities; exact.

    Each row gets the decision of least expected cost under its probabilities, for two classes a
    threshold at fp / (fp + fn); so probabilities that are off cost money here.

    Args:
        fp: cost of a false alarm, two classes.
        fn: cost of a miss, two classes.
        costs: instead, the cost per (true class, decided class), shape (K, K).
        threshold: a fixed threshold on the probability instead, two classes.
        normalized: divide by the cost of the best decision that is the same for every row:
            1 is worth nothing.
        from_logits: outputs are logits, not probabilities.
        name: as in Keras.
        dtype: of the result.

    >>> metric = ExpectedCost(fp=1, fn=50)
    >>> metric.update_state([0, 0, 0, 1], [0.1, 0.001, 0.3, 0.8])
    >>> float(metric.result())
    0.5
    """

    default_name = "expected_cost"

    def __init__(
        self,
        *,
        fp: float = 1.0,
        fn: float = 1.0,
        costs: Sequence[Sequence[float]] | None = None,
        threshold: float | None = None,
        normalized: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.fp, self.fn = float(fp), float(fn)
        matrix = cost_matrix(costs, self.fp, self.fn, 2 if costs is None else len(costs))
        self.costs = None if costs is None else matrix.tolist()
        self.threshold = None if threshold is None else cut_off(self.name, threshold)
        self.normalized = normalized

    def sum_shapes(self, n_classes: int) -> Shapes:
        self._matrix(n_classes)
        return {"cost": (), "mass": (n_classes,)}

    def _matrix(self, n_classes: int) -> Tensor:
        if self.threshold is not None and n_classes > 2:
            raise RequestError(
                f"{self.name} has a threshold but {n_classes} classes; a threshold takes two: "
                "leave it out and let the costs decide"
            )
        return ops.convert_to_tensor(
            cost_matrix(self.costs, self.fp, self.fn, n_classes), dtype=SUMS
        )

    def batch_sums(self, rows: Rows) -> Sums:
        k = rows.n_classes
        matrix = self._matrix(k)
        if self.threshold is None:
            p = probabilities(rows.scores, from_logits=self.from_logits)
            decided = ops.cast(ops.argmin(ops.matmul(p, matrix), axis=1), "int32")
        else:
            decided = decide(rows.scores, self.threshold, from_logits=self.from_logits)
        paid = ops.take(ops.reshape(matrix, (-1,)), rows.code * k + decided)
        return {
            "cost": ops.sum(rows.weight * paid),
            "mass": ops.segment_sum(rows.weight, rows.code, num_segments=k),
        }

    def compute(self, sums: Sums) -> Tensor:
        cost, mass = sums["cost"], sums["mass"]
        if not self.normalized:
            return cost / ops.sum(mass)
        constant = ops.min(ops.matmul(mass[None, :], self._matrix(mass.shape[0])))
        return ops.where(constant > 0, cost / constant, ops.full_like(constant, NAN))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "fp": self.fp,
            "fn": self.fn,
            "costs": self.costs,
            "threshold": self.threshold,
            "normalized": self.normalized,
        }
