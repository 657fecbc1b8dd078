"""The cost of decisions as a Keras metric; exact."""

from collections.abc import Sequence
from typing import Any

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.metrics._decisions import checked_threshold, decide
from steelyard.metrics._rows import SUMS, Rows, Tensor, probabilities
from steelyard.metrics._streaming import NAN, Shapes, StreamingMetric, Sums
from steelyard.metrics.costs import costs_of_classes


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
        from_logits: outputs are logits, not probabilities.
        ignore_class: a label whose rows do not count, such as 255.
        name: as in Keras.
        dtype: of the result.

    >>> metric = ExpectedCost(fp=1, fn=50)
    >>> metric.update_state([0, 0, 0, 1], [0.1, 0.001, 0.3, 0.8])
    >>> float(metric.result())
    0.5
    """

    default_name = "expected_cost"
    _direction = "down"

    def __init__(
        self,
        *,
        fp: float = 1.0,
        fn: float = 1.0,
        costs: Sequence[Sequence[float]] | None = None,
        threshold: float | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        if self.multi_label:
            raise RequestError(
                f"{self.name} has multi_label, but costs are of deciding between classes; use one "
                "such metric for each label, on its column"
            )
        self.fp, self.fn = float(fp), float(fn)
        matrix = costs_of_classes(costs, self.fp, self.fn, 2 if costs is None else len(costs))
        self.costs = None if costs is None else matrix.tolist()
        self.threshold = None if threshold is None else checked_threshold(self.name, threshold)

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
            costs_of_classes(self.costs, self.fp, self.fn, n_classes), dtype=SUMS
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
        return sums["cost"] / ops.sum(sums["mass"])

    def get_config(self) -> dict[str, Any]:
        config = super().get_config() | {
            "fp": self.fp,
            "fn": self.fn,
            "costs": self.costs,
            "threshold": self.threshold,
        }
        del config["multi_label"]
        return config


@keras.saving.register_keras_serializable(package="steelyard")
class NormalizedCost(ExpectedCost):
    """Cost of deciding by these probabilities over that of the best constant decision; exact.

    1 is worth nothing, 0 is perfect, NaN where doing nothing costs nothing. Arguments as for
    `ExpectedCost`.

    >>> metric = NormalizedCost(fp=1, fn=2)
    >>> metric.update_state([0, 0, 0, 1], [0.1, 0.001, 0.4, 0.8])
    >>> float(metric.result())
    0.5
    """

    default_name = "normalized_cost"

    def compute(self, sums: Sums) -> Tensor:
        cost, mass = sums["cost"], sums["mass"]
        constant = ops.min(ops.matmul(mass[None, :], self._matrix(mass.shape[0])))
        return ops.where(constant > 0, cost / constant, ops.full_like(constant, NAN))
