"""Ranking metrics for Keras: nearly exact from a histogram of log-odds, whatever the prevalence."""

from typing import Any, NamedTuple

from steelyard._keras import keras, ops
from steelyard.metrics._histogram import HistogramMetric, hits_of
from steelyard.metrics._inputs import share
from steelyard.metrics._streaming import NAN, SUMS, Rows, Shapes, Sums, Tensor

TINY = 1e-300


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
    upto = ops.cumsum(histogram, axis=2)
    total = upto[:, :, -1:]
    above = total - upto
    return Ranked(
        histogram[:, 1], histogram[:, 0], above[:, 1], above[:, 0], total[:, 1], total[:, 0]
    )


def defined(r: Ranked) -> Tensor:
    """1 per column, NaN where the class or the rest has not been seen, (columns,)."""
    both = (r.all_hits > 0) & (r.all_misses > 0)
    return ops.where(both, ops.ones_like(r.all_hits), ops.full_like(r.all_hits, NAN))[:, 0]


@keras.saving.register_keras_serializable(package="steelyard")
class ROCAUC(HistogramMetric):
    """Chance that a random row of the class outscores a random other row; a tie counts half.

    Error: rows that share a bin count as tied, so it is at most half the sum over bins of
    (share of hits in the bin) x (share of misses in it): `error_bound()` gives that figure for
    the rows seen. At most half the largest share of misses in one bin; in practice below 1e-4
    at the default resolution. Keras' AUC, on 200 evenly spaced thresholds, reads .819 for .932 on
    rare-event scores.

    Args:
        from_logits: outputs are logits, not probabilities.
        class_id: this class against the rest; None is the second of two, or the macro mean.
        resolution: size of the state is 2 x resolution float64 per class.
        name: as in Keras.
        dtype: of the result.

    NaN until the class and the rest have both been seen (macro: every class), and when a row
    could not be read (`unreadable()` counts them): no class, no probability, NaN.

    >>> metric = ROCAUC()
    >>> metric.update_state([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> float(metric.result())
    0.75
    """

    default_name = "roc_auc"

    def figure(self, sums: Sums) -> Tensor:
        r = ranked(sums["histogram"])
        lost = ops.sum(r.hits * (r.misses_above + r.misses / 2), axis=1, keepdims=True)
        return ops.mean(1 - lost / (r.all_hits * r.all_misses))

    def error_bound(self) -> float:
        """Greatest distance of `result()` from the exact figure on the rows seen."""
        r = ranked(self.sums()["histogram"])
        tied = ops.sum(r.hits * r.misses, axis=1, keepdims=True)
        return float(ops.mean(tied / (2 * r.all_hits * r.all_misses)))


def mean_precision(hits: Tensor, hits_above: Tensor, alarms_above: Tensor, slope: Tensor) -> Tensor:
    """Mean precision over the hits 1 .. `hits` of a bin, when each brings `slope` rows along.

    The mean over i of (T + i) / (T + F + slope i) is a sum of 1/(i + x), a difference of digamma
    functions; log(x + .5) + 1/(24 (x + .5)^2) is digamma(1 + x) to .0002 from x = 2 on.
    """
    x = (hits_above + alarms_above) / slope
    low, high = x + 0.5, x + hits + 0.5
    inverse = ops.log(high / low) + (1 / (high * high) - 1 / (low * low)) / 24
    return (1 + (hits_above - x) * inverse / ops.maximum(hits, TINY)) / slope


@keras.saving.register_keras_serializable(package="steelyard")
class AveragePrecision(HistogramMetric):
    """Area under the precision-recall steps: the mean precision at which a positive is found.

    Not the trapezoid that Keras' `AUC(curve="PR")` draws over 200 thresholds, which promises
    precision that no cut-off reaches. Chance level is the prevalence.

    Error: within a bin hits and misses are taken as evenly mixed. `error_bound()` gives how far
    any other order could move the figure for the rows seen (under unequal `sample_weight` an
    estimate, for the bins hold sums); in practice below 1e-3 at the default resolution.

    Arguments and NaN as for `ROCAUC`.

    >>> metric = AveragePrecision()
    >>> metric.update_state([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> round(float(metric.result()), 3)
    0.833
    """

    default_name = "average_precision"

    def sum_shapes(self, n_classes: int) -> Shapes:
        return super().sum_shapes(n_classes) | {"squares": (self.columns(n_classes),)}

    def batch_sums(self, rows: Rows) -> Sums:
        sums = super().batch_sums(rows)
        columns = sums["histogram"].shape[0]
        hit = ops.cast(hits_of(rows, columns, self.class_id), SUMS)
        return sums | {"squares": ops.sum(hit * ops.square(rows.weight)[:, None], axis=0)}

    def figure(self, sums: Sums) -> Tensor:
        r, part = self._in_rows(sums)
        # The i-th of P hits in random order among N misses has i N / (P + 1) of them before it.
        slope = 1 + r.misses / (r.hits + 1)
        each = mean_precision(r.hits, r.hits_above, r.misses_above, slope)
        return ops.mean(ops.sum(part * each, axis=1) * defined(r))

    def _in_rows(self, sums: Sums) -> tuple[Ranked, Tensor]:
        """The ranking in units of one row's weight, and each bin's share of the hits.

        The sums do not tell one row of weight 9 from nine rows; the mean weight of a hit does.
        """
        histogram = sums["histogram"]
        unit = (sums["squares"] / ops.sum(histogram[:, 1], axis=1))[:, None, None]
        r = ranked(histogram / unit)
        return r, r.hits / r.all_hits

    def error_bound(self) -> float:
        """Greatest distance of `result()` from the exact figure on the rows seen."""
        sums = self.sums()
        r, part = self._in_rows(sums)
        one = ops.ones_like(r.hits)
        first = mean_precision(r.hits, r.hits_above, r.misses_above, one)
        last = mean_precision(r.hits, r.hits_above, r.misses_above + r.misses, one)
        best, worst = (ops.mean(ops.sum(part * each, axis=1)) for each in (first, last))
        value = self.figure(sums)
        return float(ops.maximum(best - value, value - worst))


class _AtOperatingPoint(HistogramMetric):
    """Precision and recall at every bin edge: cut-offs that exist, so what is read is reached."""

    def _pick(self, precision: Tensor, recall: Tensor) -> Tensor:
        """The best point of each curve, (columns,)."""
        raise NotImplementedError

    def figure(self, sums: Sums) -> Tensor:
        r = ranked(sums["histogram"])
        return self._best(r, r.misses_above + r.misses)

    def _best(self, r: Ranked, alarms: Tensor) -> Tensor:
        found = r.hits_above + r.hits
        precision = found / ops.maximum(found + alarms, TINY)  # 0 while nothing is flagged
        return ops.mean(self._pick(precision, found / r.all_hits) * defined(r))

    def error_bound(self) -> float:
        """Greatest distance of `result()` below the exact figure on the rows seen."""
        r = ranked(self.sums()["histogram"])
        # At best all hits of a bin stand before its misses.
        return float(self._best(r, r.misses_above) - self._best(r, r.misses_above + r.misses))


@keras.saving.register_keras_serializable(package="steelyard")
class PrecisionAtRecall(_AtOperatingPoint):
    """Best precision of any cut-off that finds at least the share `recall` of the class.

    Cut-offs lie on bin edges, so the figure is reached by a real cut-off and never above the
    exact one; `error_bound()` gives how far below it can be for the rows seen. Other arguments
    and NaN as for `ROCAUC`.

    >>> metric = PrecisionAtRecall(recall=0.5)
    >>> metric.update_state([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> float(metric.result())
    1.0
    """

    default_name = "precision_at_recall"

    def __init__(self, recall: float, **settings: Any) -> None:
        super().__init__(**settings)
        self.recall = share("recall", recall)

    def _pick(self, precision: Tensor, recall: Tensor) -> Tensor:
        return ops.max(ops.where(recall >= self.recall, precision, 0.0), axis=1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"recall": self.recall}


@keras.saving.register_keras_serializable(package="steelyard")
class RecallAtPrecision(_AtOperatingPoint):
    """Greatest share of the class found by any cut-off of at least the given `precision`.

    0 where no cut-off reaches it. Error and other arguments as for `PrecisionAtRecall`.

    >>> metric = RecallAtPrecision(precision=0.6)
    >>> metric.update_state([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> float(metric.result())
    1.0
    """

    default_name = "recall_at_precision"

    def __init__(self, precision: float, **settings: Any) -> None:
        super().__init__(**settings)
        self.precision = share("precision", precision)

    def _pick(self, precision: Tensor, recall: Tensor) -> Tensor:
        return ops.max(ops.where(precision >= self.precision, recall, 0.0), axis=1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"precision": self.precision}
