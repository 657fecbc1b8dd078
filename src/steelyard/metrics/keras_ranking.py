"""Ranking metrics for Keras: nearly exact from a histogram of log-odds, whatever the prevalence."""

from typing import Any, NamedTuple

from steelyard._keras import keras, ops
from steelyard.metrics._histogram import HistogramMetric, hits_of, sums_above
from steelyard.metrics._inputs import share
from steelyard.metrics._rows import Rows, Tensor
from steelyard.metrics._streaming import NAN, Shapes, Sums

TINY = 1e-30


class Ranked(NamedTuple):
    """Weight per bin (columns, resolution): hits and misses in it, and in the bins above it."""

    hits: Tensor
    misses: Tensor
    hits_above: Tensor
    misses_above: Tensor
    all_hits: Tensor  # (columns, 1)
    all_misses: Tensor


def ranked(histogram: Tensor) -> Ranked:
    """Read a histogram of shape (columns, 2, resolution)."""
    # Counts are kept in float64; from here on float32 will do, and costs a third.
    histogram = ops.cast(histogram, "float32")
    above = sums_above(histogram)
    total = above[:, :, :1] + histogram[:, :, :1]
    return Ranked(
        histogram[:, 1], histogram[:, 0], above[:, 1], above[:, 0], total[:, 1], total[:, 0]
    )


def defined(r: Ranked) -> Tensor:
    """1 per column, NaN where the class or the rest has not been seen, (columns,)."""
    return ops.where((r.all_hits > 0) & (r.all_misses > 0), 1.0, NAN)[:, 0]


@keras.saving.register_keras_serializable(package="steelyard")
class ROCAUC(HistogramMetric):
    """Chance that a random row of the class outscores a random other row; a tie counts half.

    Error: rows that share a bin count as tied, so it is at most half the sum over bins of
    (share of hits in the bin) x (share of misses in it): `error_bound()` gives that value for
    the rows seen. At most half the largest share of misses in one bin; in practice below 1e-4
    at the default resolution. Keras' AUC, on 200 evenly spaced thresholds, reads .819 for .932 on
    rare-event scores.

    Args:
        from_logits: outputs are logits, not probabilities.
        class_id: this class against the rest; None is the second of two, or the macro mean.
        resolution: size of the state is 2 x resolution float64 per class.
        multi_label: each column is a label of its own, and a row has any number of them.
            Probabilities of more than two labels are read so where targets hold several.
        ignore_class: a label whose rows do not count, such as 255.
        name: as in Keras.
        dtype: of the result.

    NaN until the class and the rest have both been seen (macro: every class), and when a row
    could not be read (`unreadable()` counts them): NaN, or a target of shares.

    >>> metric = ROCAUC()
    >>> metric.update_state([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> float(metric.result())
    0.75
    """

    default_name = "roc_auc"
    _direction = "up"

    def compute(self, sums: Sums) -> Tensor:
        histogram = ops.cast(sums["histogram"], "float32")
        misses, hits = histogram[:, 0], histogram[:, 1]
        above = sums_above(misses)
        pairs = ops.sum(hits, axis=1) * (above[:, 0] + misses[:, 0])
        # Of all pairs of a hit and a miss those in which the miss stands higher.
        return ops.mean(1 - ops.sum(hits * (above + misses / 2), axis=1) / pairs)

    def error_bound(self) -> float:
        """Greatest distance of `result()` from the exact value on the rows seen."""
        r = ranked(self.sums()["histogram"])
        tied = (r.hits / r.all_hits) * (r.misses / r.all_misses)
        return float(ops.mean(ops.sum(tied, axis=1)) / 2)


def mean_precision(r: Ranked, hits: Tensor, misses: Tensor) -> Tensor:
    """Mean over all hits of the precision below `hits` and `misses` of each one's bin."""
    found = r.hits_above + hits
    precision = found / ops.maximum(found + r.misses_above + misses, TINY)
    return ops.mean(ops.sum(r.hits * precision, axis=1) / r.all_hits[:, 0] * defined(r))


@keras.saving.register_keras_serializable(package="steelyard")
class AveragePrecision(HistogramMetric):
    """Area under the precision-recall steps: the mean precision at which a positive is found.

    Not the trapezoid that Keras' `AUC(curve="PR")` draws over 200 thresholds, which promises
    precision that no threshold reaches. Chance level is the prevalence.

    Error: within a bin hits and misses are taken as evenly mixed. `error_bound()` gives how far
    any other order, or a tie, could move the value for the rows seen (under unequal
    `sample_weight` an estimate, for the bins hold sums); in practice below 1e-3 at the default
    resolution, unless scores are rounded.

    Arguments and NaN as for `ROCAUC`.

    >>> metric = AveragePrecision()
    >>> metric.update_state([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> round(float(metric.result()), 3)
    0.833
    """

    default_name = "average_precision"
    _direction = "up"

    def sum_shapes(self, n_classes: int) -> Shapes:
        return super().sum_shapes(n_classes) | {"squares": (self.columns(n_classes),)}

    def batch_sums(self, rows: Rows) -> Sums:
        sums = super().batch_sums(rows)
        columns = sums["histogram"].shape[0]
        hit = hits_of(rows, columns, self.class_id)
        squares = ops.where(hit, ops.square(self.weights(rows, columns)), 0.0)
        return sums | {"squares": ops.sum(squares, axis=0)}

    def compute(self, sums: Sums) -> Tensor:
        r = ranked(sums["histogram"])
        # Precision at the middle hit of a bin, with half of its misses before it.
        return mean_precision(r, (r.hits + _of_one_hit(sums, r)) / 2, r.misses / 2)

    def error_bound(self) -> float:
        """Greatest distance of `result()` from the exact value on the rows seen."""
        sums = self.sums()
        r = ranked(sums["histogram"])
        best = mean_precision(r, r.hits, 0.0)  # all hits tie above all misses
        # One by one below all misses: precision bends downwards from the first to the last.
        first = ops.minimum(r.hits, _of_one_hit(sums, r))
        ends = [mean_precision(r, at, r.misses) for at in (first, r.hits)]
        value, worst = self.compute(sums), (ends[0] + ends[1]) / 2
        return float(ops.maximum(best - value, value - worst))


def _of_one_hit(sums: Sums, r: Ranked) -> Tensor:
    """Weight of one hit, (columns, 1).

    The sums do not tell one row of weight 9 from nine rows; the mean weight of a hit does.
    """
    return ops.cast(sums["squares"], "float32")[:, None] / r.all_hits


class _AtOperatingPoint(HistogramMetric):
    """Precision and recall at every bin edge: thresholds that exist, so what is read is reached."""

    def _pick(self, precision: Tensor, recall: Tensor) -> Tensor:
        """The best point of each curve, (columns,)."""
        raise NotImplementedError

    def compute(self, sums: Sums) -> Tensor:
        r = ranked(sums["histogram"])
        return self._best(r, r.misses_above + r.misses)

    def _best(self, r: Ranked, alarms: Tensor) -> Tensor:
        found = r.hits_above + r.hits
        precision = found / ops.maximum(found + alarms, TINY)  # 0 while nothing is flagged
        return ops.mean(self._pick(precision, found / r.all_hits) * defined(r))

    def error_bound(self) -> float:
        """Greatest distance of `result()` below the exact value on the rows seen."""
        r = ranked(self.sums()["histogram"])
        # At best all hits of a bin stand before its misses.
        return float(self._best(r, r.misses_above) - self._best(r, r.misses_above + r.misses))


@keras.saving.register_keras_serializable(package="steelyard")
class PrecisionAtRecall(_AtOperatingPoint):
    """Best precision of any threshold that finds at least the share `recall` of the class.

    Thresholds lie on bin edges, so the value is reached by a real threshold and never above the
    exact one; `error_bound()` gives how far below it can be for the rows seen. Other arguments
    and NaN as for `ROCAUC`.

    >>> metric = PrecisionAtRecall(recall=0.5)
    >>> metric.update_state([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> float(metric.result())
    1.0
    """

    default_name = "precision_at_recall"
    _direction = "up"

    def __init__(self, recall: float, **settings: Any) -> None:
        super().__init__(**settings)
        self.recall = share("recall", recall)

    def _pick(self, precision: Tensor, recall: Tensor) -> Tensor:
        return ops.max(ops.where(recall >= self.recall, precision, 0.0), axis=1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"recall": self.recall}


@keras.saving.register_keras_serializable(package="steelyard")
class RecallAtPrecision(_AtOperatingPoint):
    """Greatest share of the class found by any threshold of at least the given `precision`.

    0 where no threshold reaches it. Error and other arguments as for `PrecisionAtRecall`.

    >>> metric = RecallAtPrecision(precision=0.6)
    >>> metric.update_state([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> float(metric.result())
    1.0
    """

    default_name = "recall_at_precision"
    _direction = "up"

    def __init__(self, precision: float, **settings: Any) -> None:
        super().__init__(**settings)
        self.precision = share("precision", precision)

    def _pick(self, precision: Tensor, recall: Tensor) -> Tensor:
        return ops.max(ops.where(precision >= self.precision, recall, 0.0), axis=1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"precision": self.precision}
