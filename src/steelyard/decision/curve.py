"""Every threshold of a binary score at once, and what each of them flags."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.validation import Floats


@dataclass(frozen=True)
class Curve:
    """What each threshold flags, from the strictest to the one that flags every row.

    `tp`, `fp`: flagged rows of the class of interest and of the others, shape (..., thresholds).
    `positives`, `negatives`: all rows of both kinds, numbers or shape (..., 1).
    `each`: how many negatives of deployment one negative row stands for (its positives stand for
    themselves); `fp` and `negatives` count those. `copies`: how many rows at hand tell as much as
    one independent row; 2 where every row was predicted twice.
    """

    tp: Floats
    fp: Floats
    positives: Any
    negatives: Any
    each: float = 1.0
    copies: float = 1.0

    @property
    def rows(self) -> Floats:
        """All rows, as deployed."""
        return self.positives + self.negatives

    @property
    def flagged(self) -> Floats:
        """Flagged rows, shape (..., thresholds)."""
        return self.tp + self.fp

    @property
    def recall(self) -> Floats:
        """Share of the positives that is flagged."""
        return self.tp / np.maximum(self.positives, 1.0)

    @property
    def precision(self) -> Floats:
        """Share of the flagged rows that is positive; 0 where nothing is flagged."""
        return self.tp / np.maximum(self.flagged, 1.0)

    @property
    def seen(self) -> Floats:
        """Flagged rows among those at hand, whatever they stand for."""
        return self.tp + self.fp / self.each

    @property
    def false_alarm_rate(self) -> Floats:
        """Share of the negatives that is flagged."""
        return self.fp / np.maximum(self.negatives, 1.0)

    @classmethod
    def of(
        cls, positive: Floats, negative: Floats, each: float = 1.0, copies: float = 1.0
    ) -> "Curve":
        """From rows newly flagged by each threshold, shapes (..., thresholds)."""
        tp, fp = np.cumsum(positive, axis=-1), each * np.cumsum(negative, axis=-1)
        return cls(tp, fp, tp[..., -1:], fp[..., -1:], each, copies)


def thresholds(scores: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """All thresholds that differ on these rows, falling, and the first that flags each row.

    They lie halfway between neighbouring scores. The first flags no row (left out where a score
    of 1 leaves no room above it), the last, 0, flags every row.
    """
    distinct, inverse = np.unique(scores, return_inverse=True)
    upper, lower = distinct[:0:-1], distinct[-2::-1]
    if distinct[-1] < 1.0:
        upper, lower = np.append(1.0, upper), np.append(distinct[-1], lower)
    # Where float32 has a number in between, that one: Keras then parts the very same rows. Two
    # floats may be neighbours: then the upper score itself is the threshold.
    between = (lower + (upper - lower) / 2.0).astype(np.float32).astype(np.float64)
    between = np.where((lower < between) & (between <= upper), between, upper)
    threshold = np.append(between, 0.0)
    return threshold, len(threshold) - 1 - inverse
