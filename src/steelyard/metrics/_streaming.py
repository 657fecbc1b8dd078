"""What the Keras metrics share: read a batch, add its counts, compute from the sums.

A subclass says how large its sums are, what one batch adds to them, and what they amount to.
Sums are float64: counts stay whole to 2^53, where float32 stops counting at 16,777,216 rows.
"""

from collections.abc import Iterable
from typing import Any, Self

from steelyard._batch_checks import OneColumn
from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.metrics._rows import SUMS, Reading, Rows, Tensor, read

Shapes = dict[str, tuple[int, ...]]
Sums = dict[str, Tensor]
NAN = float("nan")


class StreamingMetric(keras.metrics.Metric):
    """Sums over batches; `result` is a function of the sums alone, so parts can be merged."""

    default_name: str
    each_column = False  # whether a column is judged alike, be there one label a row or several
    _direction: str | None = None  # "up", "down": what Keras' EarlyStopping and tuners look for

    def __init__(
        self,
        *,
        from_logits: bool = False,
        multi_label: bool = False,
        ignore_class: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name or self.default_name, dtype=dtype)
        self.from_logits, self.multi_label = bool(from_logits), bool(multi_label)
        self.ignore_class = None if ignore_class is None else int(ignore_class)
        self.n_classes: int | None = None
        self._sums: dict[str, Any] = {}
        self._outputs = OneColumn()

    # What a subclass provides.

    def sum_shapes(self, n_classes: int) -> Shapes:
        """Name and shape of each sum."""
        raise NotImplementedError

    def batch_sums(self, rows: Rows) -> Sums:
        """What a batch adds to each sum."""
        raise NotImplementedError

    def compute(self, sums: Sums) -> Tensor:
        """The metric, from the sums; NaN where it is undefined."""
        raise NotImplementedError

    # What Keras calls.

    def build(self, n_classes: int) -> None:
        """Create the sums for `n_classes` classes (2 for one column of outputs)."""
        self.n_classes = n_classes
        shapes = {**self.sum_shapes(n_classes), "unreadable": ()}
        self._sums = {
            name: self.add_variable(shape, "zeros", dtype=SUMS, name=name)
            for name, shape in shapes.items()
        }

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> None:
        """Add a batch.

        Args:
            y_true: classes as integers, shape (n,) or (n, 1), or one-hot, shape (n, K); with
                `multi_label` 0 or 1 for each label, shape (n, labels).
            y_pred: probabilities, or logits with `from_logits`, any float type: one column,
                shape (n,) or (n, 1), or one per class, shape (n, K). More leading axes are
                read as more rows.
            sample_weight: shape (n,), or one per position, >= 0. Rows of weight 0 are not read.
        """
        how = Reading(self.from_logits, self.multi_label, self.ignore_class, self.each_column)
        if self.from_logits:
            self._outputs.look(y_pred)
        rows = read(y_true, y_pred, sample_weight, how)
        if self.n_classes is None:
            self.build(rows.n_classes)
        elif self.n_classes != rows.n_classes:
            raise RequestError(
                f"{self.name} has counted {self.n_classes} classes and now gets {rows.n_classes}; "
                "it takes one number of classes: use one metric per output"
            )
        for name, value in {**self.batch_sums(rows), "unreadable": rows.unreadable}.items():
            self._sums[name].assign_add(value)

    def result(self) -> Tensor:
        """The metric over all that was added; NaN where undefined or a row was unreadable."""
        if self.n_classes is None:
            return ops.convert_to_tensor(NAN, dtype=self.dtype)
        sums = self.sums()
        value = self.compute(sums)
        return ops.cast(ops.where(sums["unreadable"] > 0, NAN, value), self.dtype)

    def sums(self) -> Sums:
        """What has been added so far, by name; merges by adding."""
        if self.n_classes is None:
            raise RequestError(f"{self.name} has seen no rows; it takes a batch: update_state()")
        return {name: variable.value for name, variable in self._sums.items()}

    def unreadable(self) -> int:
        """Rows that were NaN, named a share of a class, or had a negative weight.

        Under XLA, which drops assertions, also those that are an error elsewhere.
        """
        return int(self._sums["unreadable"]) if self._sums else 0

    def merge_state(self, metrics: Iterable["StreamingMetric"]) -> Self:
        """Add what other metrics of the same settings have counted; returns this metric.

        Raises: RequestError if the settings or the number of classes differ.
        """
        for other in metrics:
            if type(other) is not type(self) or _settings(other) != _settings(self):
                raise RequestError(
                    f"cannot merge {_settings(other)} into {_settings(self)}; merging takes "
                    "metrics of one class with the same settings"
                )
            if other.n_classes is None:
                continue
            if self.n_classes is None:
                self.build(other.n_classes)
            elif self.n_classes != other.n_classes:
                raise RequestError(
                    f"cannot merge {other.n_classes} classes into {self.n_classes}; merging "
                    "takes metrics of the same task"
                )
            for name, variable in self._sums.items():
                variable.assign_add(other._sums[name].value)  # noqa: SLF001 - our own class
        return self

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "from_logits": self.from_logits,
            "multi_label": self.multi_label,
            "ignore_class": self.ignore_class,
        }


def _settings(metric: StreamingMetric) -> dict[str, Any]:
    return {"class": type(metric).__name__} | {
        key: value for key, value in metric.get_config().items() if key not in ("name", "dtype")
    }


def class_of(name: str, class_id: int | None, n_classes: int) -> int | None:
    """Checked `class_id`; None means every class (for two: the second)."""
    if class_id is not None and not 0 <= class_id < n_classes:
        raise RequestError(
            f"{name} has class_id {class_id}; it takes 0 to {n_classes - 1}: name a column"
        )
    return class_id
