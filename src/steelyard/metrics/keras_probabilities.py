"""Metrics of probabilities for Keras: proper scores and calibration."""

from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.metrics._histogram import HistogramMetric, sums_above
from steelyard.metrics._rows import SUMS, Rows, Tensor, probabilities
from steelyard.metrics._streaming import NAN, Shapes, StreamingMetric, Sums, class_of
from steelyard.stats.proper import TINY


@keras.saving.register_keras_serializable(package="steelyard")
class LogLoss(StreamingMetric):
    """Mean of -log(probability given to the true class), in nats; exact.

    Unlike the training loss it knows no class weights, smoothing or regularisation, so it can be
    compared between techniques. Probabilities below 2.2e-16 count as 2.2e-16 (36 nats).

    Args:
        from_logits: outputs are logits, not probabilities.
        multi_label: each column is a label of its own, and a row has any number of them.
        ignore_class: a label whose rows do not count, such as 255.
        name: as in Keras.
        dtype: of the result.

    >>> metric = LogLoss()
    >>> metric.update_state([0, 0, 1], [0.1, 0.2, 0.9])
    >>> round(float(metric.result()), 6)
    0.144622
    """

    default_name = "log_loss"
    _direction = "down"

    def sum_shapes(self, n_classes: int) -> Shapes:
        labels = (n_classes,) if self.multi_label else (1,)
        return {"loss": labels, "mass": labels}

    def batch_sums(self, rows: Rows) -> Sums:
        given, weight = true_probability(rows, self)
        loss = -ops.log(ops.clip(given, TINY, 1 - TINY))
        return {"loss": ops.sum(weight * loss, axis=0), "mass": ops.sum(weight, axis=0)}

    def compute(self, sums: Sums) -> Tensor:
        return ops.mean(sums["loss"] / sums["mass"])


def true_probability(rows: Rows, metric: StreamingMetric) -> tuple[Tensor, Tensor]:
    """Probability given to what is true, and its weight, float64, (n, 1) or (n, labels)."""
    several = metric.multi_label
    p = probabilities(rows.scores, from_logits=metric.from_logits, multi_label=several)
    if several:
        return ops.where(rows.hot, p, 1 - p), rows.weight
    return ops.take_along_axis(p, rows.code[:, None], axis=1), rows.weight[:, None]


@keras.saving.register_keras_serializable(package="steelyard")
class BrierSkill(StreamingMetric):
    """1 - Brier score / Brier score of always forecasting the class shares seen; exact.

    1 is perfect, 0 no better than the prevalence, negative worse. NaN until two classes have
    been seen. Arguments as for `LogLoss`.

    >>> metric = BrierSkill()
    >>> metric.update_state([0, 0, 1, 1], [[0.1], [0.6], [0.4], [0.9]])
    >>> round(float(metric.result()), 6)
    0.26
    """

    default_name = "brier_skill"
    _direction = "up"

    def sum_shapes(self, n_classes: int) -> Shapes:
        # One question over all classes, or one of two answers for each label.
        return (
            {"squares": (n_classes,), "mass": (n_classes, 2)}
            if self.multi_label
            else {"squares": (1,), "mass": (1, n_classes)}
        )

    def batch_sums(self, rows: Rows) -> Sums:
        given = {"from_logits": self.from_logits, "multi_label": self.multi_label}
        p = probabilities(rows.scores, **given)
        if self.multi_label:
            truth = ops.cast(rows.hot, SUMS)
            present = ops.sum(rows.weight * truth, axis=0)
            absent = ops.sum(rows.weight * (1 - truth), axis=0)
            squares = 2 * ops.sum(rows.weight * ops.square(p - truth), axis=0)
            return {"squares": squares, "mass": ops.stack([absent, present], axis=1)}
        truth = ops.one_hot(rows.code, p.shape[1], dtype=SUMS)
        squares = ops.sum(rows.weight * ops.sum(ops.square(p - truth), axis=1))
        mass = ops.segment_sum(rows.weight, rows.code, num_segments=p.shape[1])
        return {"squares": squares[None], "mass": mass[None, :]}

    def compute(self, sums: Sums) -> Tensor:
        mass = sums["mass"]
        n = ops.sum(mass, axis=1, keepdims=True)
        constant = ops.sum(mass * (1 - mass / n), axis=1)
        # With one class the shares forecast perfectly, and no score can be measured against that.
        skill = ops.where(constant > 0, 1 - sums["squares"] / constant, NAN)
        return ops.mean(skill)


@keras.saving.register_keras_serializable(package="steelyard")
class ObservedExpected(StreamingMetric):
    """Rows of a class observed per row expected (the sum of its probabilities); exact.

    1 is right on the whole; training on balanced data makes it the ratio of the priors. Errors
    in opposite directions cancel. More than two classes need a `class_id`, for a mean over the
    classes would cancel too.

    Args:
        class_id: this class; None is the second of two.
        from_logits: outputs are logits, not probabilities.
        multi_label: each column is a label of its own, and a row has any number of them.
        ignore_class: a label whose rows do not count, such as 255.
        name: as in Keras.
        dtype: of the result.

    >>> metric = ObservedExpected()
    >>> metric.update_state([0, 0, 1, 1], [[0.1], [0.6], [0.4], [0.9]])
    >>> round(float(metric.result()), 6)
    1.0
    """

    default_name = "observed_expected"

    def __init__(self, *, class_id: int | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.class_id = class_id

    def sum_shapes(self, n_classes: int) -> Shapes:
        most = 1 if self.multi_label else 2
        if class_of(self.name, self.class_id, n_classes) is None and n_classes > most:
            raise RequestError(
                f"{self.name} has no class_id for {n_classes} classes; it takes the column of "
                "one class: add one such metric per class of interest"
            )
        return {"observed": (), "expected": ()}

    def batch_sums(self, rows: Rows) -> Sums:
        several = self.multi_label
        k = (0 if several else 1) if self.class_id is None else self.class_id
        given = {"from_logits": self.from_logits, "multi_label": several}
        p = probabilities(rows.scores, **given)[:, k]
        hit = rows.hot[:, k] if rows.hot is not None else rows.code == k
        weight = rows.weight[:, k] if several else rows.weight
        return {
            "observed": ops.sum(weight * ops.cast(hit, SUMS)),
            "expected": ops.sum(weight * p),
        }

    def compute(self, sums: Sums) -> Tensor:
        return sums["observed"] / sums["expected"]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"class_id": self.class_id}


@keras.saving.register_keras_serializable(package="steelyard")
class CalibrationError(HistogramMetric):
    """Expected calibration error over bins of equal mass: mean of |mean p - share of hits|.

    At most about the prevalence, so tiny on rare classes: read it beside `ObservedExpected`.
    Never 0 on a finite sample; compare at the same number of rows only.

    Error: a border that falls into a cell of the histogram shares it in proportion, and each of the
    `bins` - 1 borders moves the value by at most twice what its cell expects and holds;
    `error_bound()` gives the sum for the rows seen. In practice below 1e-3 x prevalence.

    Args:
        bins: how many, of equal mass.
        class_id: this class against the rest; None is the second of two, or the macro mean.
        resolution: size of the state is 3 x resolution float64 per class.
        from_logits: outputs are logits, not probabilities.
        multi_label: each column is a label of its own, and a row has any number of them.
        ignore_class: a label whose rows do not count, such as 255.
        name: as in Keras.
        dtype: of the result.

    >>> metric = CalibrationError()
    >>> metric.update_state([0, 0, 1, 1], [[0.1], [0.6], [0.4], [0.9]])
    >>> round(float(metric.result()), 6)
    0.33
    """

    default_name = "calibration_error"
    _direction = "down"

    def __init__(self, *, bins: int = 10, **settings: Any) -> None:
        super().__init__(**settings)
        if bins < 1:
            raise RequestError(f"bins is {bins!r}; it takes a whole number >= 1, such as 10")
        self.bins = bins

    def sum_shapes(self, n_classes: int) -> Shapes:
        return {"histogram": (self.columns(n_classes), self.resolution, 3)}

    def batch_sums(self, rows: Rows) -> Sums:
        place, hit = self.binned(rows)
        columns = place.shape[1]
        given = {"from_logits": self.from_logits, "multi_label": self.multi_label}
        p = probabilities(rows.scores, **given)
        if columns == 1:
            k = (0 if self.multi_label else 1) if self.class_id is None else self.class_id
            p = p[:, k : k + 1]
        weight = self.weights(rows, columns)
        # Mass, hits and expected hits of each bin, in one scatter.
        values = ops.stack([weight, weight * ops.cast(hit, SUMS), weight * p], axis=-1)
        at = ops.arange(columns, dtype="int32")[None, :] * self.resolution + place
        sums = ops.segment_sum(
            ops.reshape(values, (-1, 3)),
            ops.reshape(at, (-1,)),
            num_segments=columns * self.resolution,
        )
        return {"histogram": ops.reshape(sums, (columns, self.resolution, 3))}

    def compute(self, sums: Sums) -> Tensor:
        excess = self._excess_at_borders(sums["histogram"])[0]
        gaps = ops.abs(excess[:, 1:] - excess[:, :-1])
        return ops.mean(ops.sum(gaps, axis=1))

    def error_bound(self) -> float:
        """Greatest distance of `result()` from the exact value on the rows seen."""
        cut = self._excess_at_borders(self.sums()["histogram"])[1]
        return float(ops.mean(ops.sum(2 * cut, axis=1)))

    def _excess_at_borders(self, histogram: Tensor) -> tuple[Tensor, Tensor]:
        """Expected less observed hits below each border, and how far its bin leaves that open.

        Both per unit of mass, (columns, bins + 1).
        """
        columns = histogram.shape[0]
        bins = ops.stack([histogram[:, :, i] for i in range(3)])  # (3, columns, resolution)
        above = sums_above(bins)
        total = above[:, :, :1] + bins[:, :, :1]
        upto, all_mass = total - above, total[0]
        # One sorted line for all columns, so that one search serves them: column k in [k, k + 1].
        offset = ops.arange(columns, dtype=SUMS)[:, None]
        line = ops.reshape(upto[0] / all_mass + offset, (-1,))
        border = np.linspace(0, 1, self.bins + 1)[None, 1:-1] + offset
        at = ops.searchsorted(line, ops.reshape(border, (-1,)), side="left")
        at = ops.minimum(at, columns * self.resolution - 1)  # NaN before the first batch

        def found(sums: Tensor) -> Tensor:
            flat = ops.take(ops.reshape(sums, (3, -1)), at, axis=1)
            return ops.reshape(flat, (3, columns, self.bins - 1)) / all_mass

        mass_in, hits, expected = ops.unstack(found(bins), 3)
        mass_to, hits_to, expected_to = ops.unstack(found(upto), 3)
        below = 1 - (mass_to + offset - border) / mass_in  # share of the bin below the border
        excess = expected_to - hits_to - (1 - below) * (expected - hits)
        open_ = below * expected + ops.maximum(below, 1 - below) * hits
        end = (total[2] - total[1]) / all_mass
        return ops.concatenate([ops.zeros_like(end), excess, end], axis=1), open_

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"bins": self.bins}
