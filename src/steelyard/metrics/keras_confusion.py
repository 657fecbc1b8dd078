"""The confusion matrix as a Keras metric; exact."""

from typing import Any

from steelyard._keras import keras, ops
from steelyard.metrics._decisions import checked_threshold, decide
from steelyard.metrics._rows import Rows, Tensor
from steelyard.metrics._streaming import Shapes, StreamingMetric, Sums


@keras.saving.register_keras_serializable(package="steelyard")
class ConfusionMatrix(StreamingMetric):
    """Weight of rows by (true class, decided class), shape (K, K); exact.

    In the log of an epoch it is an array; the metrics of `Precision` and the like are single
    numbers, which callbacks can follow.

    Args:
        threshold: on the probability, for two classes (0.5 by default); with more the greatest
            decides.
        from_logits: outputs are logits, not probabilities.
        ignore_class: a label whose rows do not count, such as 255.
        name: as in Keras.
        dtype: of the result.

    >>> metric = ConfusionMatrix(threshold=0.3)
    >>> metric.update_state([0, 0, 0, 1], [0.1, 0.4, 0.2, 0.8])
    >>> metric.result().numpy().tolist()
    [[2.0, 1.0], [0.0, 1.0]]
    """

    default_name = "confusion_matrix"

    def __init__(
        self,
        *,
        threshold: float = 0.5,
        from_logits: bool = False,
        ignore_class: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits=from_logits, ignore_class=ignore_class, name=name, dtype=dtype)
        self.threshold = checked_threshold(self.name, threshold)

    def sum_shapes(self, n_classes: int) -> Shapes:
        return {"matrix": (n_classes, n_classes)}

    def batch_sums(self, rows: Rows) -> Sums:
        k = rows.n_classes
        decided = decide(rows.scores, self.threshold, from_logits=self.from_logits)
        cells = ops.segment_sum(rows.weight, rows.code * k + decided, num_segments=k * k)
        return {"matrix": ops.reshape(cells, (k, k))}

    def compute(self, sums: Sums) -> Tensor:
        return sums["matrix"]

    def get_config(self) -> dict[str, Any]:
        config = super().get_config() | {"threshold": self.threshold}
        del config["multi_label"]  # two labels of one row have no cell
        return config
