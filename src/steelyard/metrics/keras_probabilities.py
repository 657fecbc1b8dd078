"""Metrics of probabilities for Keras: proper scores and calibration."""

from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.metrics._histogram import HistogramMetric, sums_above
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
from steelyard.metrics.proper import TINY


@keras.saving.register_keras_serializable(package="steelyard")
class LogLoss(StreamingMetric):
    """Mean of -log(probability given to the true class), in nats; exact.

    Unlike the training loss it knows no class weights, smoothing or regularisation, so it can be
    compared between techniques. Probabilities below 2.2e-16 count as 2.2e-16 (36 nats).

    Args:
        from_logits: outputs are logits, not probabilities.
        name: as in Keras.
        dtype: of the result.

    >>> metric = LogLoss()
    >>> metric.update_state([0, 0, 1], [0.1, 0.2, 0.9])
    >>> round(float(metric.result()), 6)
    0.144622
    """

    default_name = "log_loss"

    def sum_shapes(self, n_classes: int) -> Shapes:  # noqa: ARG002 - the same for any number
        return {"loss": (), "mass": ()}

    def batch_sums(self, rows: Rows) -> Sums:
        given = true_probability(rows, from_logits=self.from_logits)
        loss = -ops.log(ops.clip(given, TINY, 1 - TINY))
        return {"loss": ops.sum(rows.weight * loss), "mass": ops.sum(rows.weight)}

    def compute(self, sums: Sums) -> Tensor:
        return sums["loss"] / sums["mass"]


def true_probability(rows: Rows, *, from_logits: bool) -> Tensor:
    """Probability given to the true class of each row, float64, (n,)."""
    p = probabilities(rows.scores, from_logits=from_logits)
    return ops.take_along_axis(p, rows.code[:, None], axis=1)[:, 0]


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

    def sum_shapes(self, n_classes: int) -> Shapes:
        return {"squares": (), "mass": (n_classes,)}

    def batch_sums(self, rows: Rows) -> Sums:
        p = probabilities(rows.scores, from_logits=self.from_logits)
        truth = ops.one_hot(rows.code, p.shape[1], dtype=SUMS)
        return {
            "squares": ops.sum(rows.weight * ops.sum(ops.square(p - truth), axis=1)),
            "mass": ops.segment_sum(rows.weight, rows.code, num_segments=p.shape[1]),
        }

    def compute(self, sums: Sums) -> Tensor:
        mass, n = sums["mass"], ops.sum(sums["mass"])
        constant = ops.sum(mass * (1 - mass / n))
        # With one class the shares forecast perfectly, and no score can be measured against that.
        return ops.where(constant > 0, 1 - sums["squares"] / constant, ops.full_like(n, NAN))


@keras.saving.register_keras_serializable(package="steelyard")
class ObservedExpected(StreamingMetric):
    """Rows of a class observed per row expected (the sum of its probabilities); exact.

    1 is right on the whole; training on balanced data makes it the ratio of the priors. Errors
    in opposite directions cancel. More than two classes need a `class_id`, for a mean over the
    classes would cancel too.

    Args:
        class_id: this class; None is the second of two.
        from_logits: outputs are logits, not probabilities.
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
        if class_of(self.name, self.class_id, n_classes) is None and n_classes > 2:
            raise RequestError(
                f"{self.name} has no class_id for {n_classes} classes; it takes the column of "
                "one class: add one such metric per class of interest"
            )
        return {"observed": (), "expected": ()}

    def batch_sums(self, rows: Rows) -> Sums:
        k = 1 if self.class_id is None else self.class_id
        p = probabilities(rows.scores, from_logits=self.from_logits)[:, k]
        return {
            "observed": ops.sum(rows.weight * ops.cast(rows.code == k, SUMS)),
            "expected": ops.sum(rows.weight * p),
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
        name: as in Keras.
        dtype: of the result.

    >>> metric = CalibrationError()
    >>> metric.update_state([0, 0, 1, 1], [[0.1], [0.6], [0.4], [0.9]])
    >>> round(float(metric.result()), 6)
    0.33
    """

    default_name = "calibration_error"

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
        p = probabilities(rows.scores, from_logits=self.from_logits)
        if columns == 1:
            k = 1 if self.class_id is None else self.class_id
            p = p[:, k : k + 1]
        weight = ops.broadcast_to(rows.weight[:, None], ops.shape(place))
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
