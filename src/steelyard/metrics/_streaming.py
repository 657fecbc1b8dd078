"""What the Keras metrics share: read a batch, add its counts, compute from the sums.

A subclass says how large its sums are, what one batch adds to them, and what they amount to.
Sums are float64: counts stay whole to 2^53, where float32 stops counting at 16,777,216 rows.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from steelyard._keras import keras, ops
from steelyard.errors import RequestError

Tensor = Any
Shapes = dict[str, tuple[int, ...]]
Sums = dict[str, Tensor]
SUMS = "float64"
NAN = float("nan")
EXTREME = 1e4  # logits beyond are read as this: infinity minus infinity is no score


class Rows(NamedTuple):
    """A batch as the metrics see it; rows that cannot be read have weight 0."""

    code: Tensor  # true class, int32, (n,)
    scores: Tensor  # float32, (n,) for one column, else (n, K)
    weight: Tensor  # float64, (n,)
    unreadable: Tensor  # how many rows could not be read, float64, ()

    @property
    def n_classes(self) -> int:
        """Columns of scores; 2 for one column."""
        return 2 if len(self.scores.shape) == 1 else int(self.scores.shape[1])


def read(y_true: Tensor, y_pred: Tensor, sample_weight: Tensor, *, from_logits: bool) -> Rows:
    """Targets (integer or one-hot) and outputs (any float type) as `Rows`."""
    scores = ops.cast(y_pred, "float32")
    width = 1 if len(scores.shape) < 2 else scores.shape[-1]
    if width is None:
        raise RequestError(
            f"outputs have shape {tuple(scores.shape)}; a metric takes a last axis of known "
            "size, one column per class: end the model in a Dense layer or a Reshape"
        )
    scores = ops.reshape(scores, (-1,) if width == 1 else (-1, width))
    code, readable = _codes(ops.convert_to_tensor(y_true), y_pred, width)
    fine = ~ops.isnan(scores) if from_logits else (scores >= 0) & (scores <= 1)
    readable = readable & (fine if width == 1 else ops.all(fine, axis=-1))
    if sample_weight is None:
        weight = ops.cast(readable, SUMS)
    else:
        weight = ops.broadcast_to(
            ops.reshape(ops.cast(sample_weight, SUMS), (-1,)), ops.shape(code)
        )
        readable = readable & (weight >= 0) & ops.isfinite(weight)
        weight = ops.where(readable, weight, ops.zeros_like(weight))
    # Selected, not multiplied: 0 * NaN is NaN.
    blank = ops.zeros_like(scores) if from_logits else ops.full_like(scores, 1 / max(width, 2))
    keep = readable if width == 1 else readable[:, None]
    bounded = ops.clip(scores, -EXTREME, EXTREME) if from_logits else scores
    return Rows(
        ops.where(readable, code, 0),
        ops.where(keep, bounded, blank),
        weight,
        ops.sum(ops.cast(~readable, SUMS)),
    )


def _codes(y_true: Tensor, y_pred: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Class of each row, and whether the target names one."""
    if width > 1 and len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == width:
        hot = ops.reshape(ops.cast(y_true, "float32"), (-1, width))
        # Several ones are a multi-label row: its argmax would be a silent lie.
        single = (ops.sum(hot, axis=-1) == 1) & (ops.max(hot, axis=-1) == 1)
        return ops.cast(ops.argmax(hot, axis=-1), "int32"), single
    if width == 1 and len(y_true.shape) > 1 and y_true.shape[-1] not in (1, None):
        raise RequestError(
            f"targets have shape {tuple(y_true.shape)} and outputs {tuple(y_pred.shape)}; one "
            "column of outputs takes one target per row: pass the positive column"
        )
    flat = ops.reshape(y_true, (-1,))
    code = ops.cast(flat, "int32")
    whole = ops.cast(code, "float32") == ops.cast(flat, "float32")
    return code, whole & (code >= 0) & (code < max(width, 2))


def probabilities(scores: Tensor, *, from_logits: bool) -> Tensor:
    """Probability of each class, float64, (n, K), from `Rows.scores`."""
    wide = ops.cast(scores, SUMS)
    if len(scores.shape) == 1:
        # Both from the logit: 1 - p has no digits left where p is nearly 1.
        both = [ops.sigmoid(-wide), ops.sigmoid(wide)] if from_logits else [1 - wide, wide]
        return ops.stack(both, axis=1)
    return ops.softmax(wide, axis=-1) if from_logits else wide


class StreamingMetric(keras.metrics.Metric):
    """Sums over batches; `result` is a function of the sums alone, so parts can be merged."""

    default_name: str

    def __init__(
        self, *, from_logits: bool = False, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(name=name or self.default_name, dtype=dtype)
        self.from_logits = from_logits
        self.n_classes: int | None = None
        self._sums: dict[str, Any] = {}

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
            y_true: classes as integers, shape (n,) or (n, 1), or one-hot, shape (n, K).
            y_pred: probabilities, or logits with `from_logits`, any float type: one column,
                shape (n,) or (n, 1), or one per class, shape (n, K). More leading axes are
                read as more rows.
            sample_weight: shape (n,), >= 0.
        """
        y_pred = ops.convert_to_tensor(y_pred)
        rows = read(y_true, y_pred, sample_weight, from_logits=self.from_logits)
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
        return ops.cast(
            ops.where(sums["unreadable"] > 0, ops.full_like(value, NAN), value), self.dtype
        )

    def sums(self) -> Sums:
        """What has been added so far, by name; merges by adding."""
        if self.n_classes is None:
            raise RequestError(f"{self.name} has seen no rows; it takes a batch: update_state()")
        return {name: variable.value for name, variable in self._sums.items()}

    def unreadable(self) -> int:
        """Rows that named no class, were no probability, NaN, or of negative weight."""
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
        return super().get_config() | {"from_logits": self.from_logits}


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
