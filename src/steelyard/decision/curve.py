"""Every threshold of a binary score at once, and what each of them flags."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard.stats.validation import Floats

TINY = 1e-300  # 0 of 0 rows is a share of 0


@dataclass(frozen=True)
class Curve:
    """What each threshold flags, from the strictest to the one that flags every row.

    `tp`, `fp`: flagged rows of the class of interest and of the others, shape (..., thresholds).
    `positives`, `negatives`: all rows of both kinds, numbers or shape (..., 1).
    `each`: how many negatives of deployment one negative row stands for (its positives stand for
    themselves); `fp` and `negatives` count those. Weighted rows count as effective ones, kind by
    kind, and may be fractions. `copies`: how many rows at hand tell as much as one independent row;
    2 where every row was predicted twice. `tp_squares`, `fp_squares`: of weighted rows, the sums of
    squares of `tp` and of `fp` in effective rows; None where every row counts 1.
    """

    tp: Floats
    fp: Floats
    positives: Any
    negatives: Any
    each: float = 1.0
    copies: float = 1.0
    tp_squares: Floats | None = None
    fp_squares: Floats | None = None

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
        return self.tp / np.maximum(self.positives, TINY)

    @property
    def precision(self) -> Floats:
        """Share of the flagged rows that is positive; 0 where nothing is flagged."""
        return self.tp / np.maximum(self.flagged, TINY)

    @property
    def seen(self) -> Floats:
        """Flagged rows among those at hand, whatever they stand for."""
        return self.tp + self.fp / self.each

    @property
    def false_alarm_rate(self) -> Floats:
        """Share of the negatives that is flagged."""
        return self.fp / np.maximum(self.negatives, TINY)

    @property
    def of_positives(self) -> tuple[Floats, Floats]:
        """Positives flagged and missed, as independent rows (`independent`)."""
        return independent(self.tp, self.positives - self.tp, _both(self.tp_squares))

    @property
    def of_negatives(self) -> tuple[Floats, Floats]:
        """Negatives flagged and passed, as independent rows."""
        flagged, rows = self.fp / self.each, self.negatives / self.each
        return independent(flagged, rows - flagged, _both(self.fp_squares))

    @property
    def of_flagged(self) -> tuple[Floats, Floats]:
        """Flagged rows that are positive and that are not, as independent rows."""
        squares = None
        if self.tp_squares is not None and self.fp_squares is not None:
            squares = self.tp_squares, self.fp_squares
        return independent(self.tp, self.fp / self.each, squares)

    @classmethod
    def of(
        cls,
        positive: Floats,
        negative: Floats,
        each: float = 1.0,
        copies: float = 1.0,
        squares: tuple[Floats, Floats] | None = None,
    ) -> "Curve":
        """From rows newly flagged by each threshold, shapes (..., thresholds)."""
        tp, fp = np.cumsum(positive, axis=-1), each * np.cumsum(negative, axis=-1)
        of_tp, of_fp = (None, None) if squares is None else (np.cumsum(s, axis=-1) for s in squares)
        return cls(tp, fp, tp[..., -1:], fp[..., -1:], each, copies, of_tp, of_fp)


def independent(
    hits: Floats, misses: Floats, squares: tuple[Floats, Floats] | None
) -> tuple[Floats, Floats]:
    """Weighted hits and misses as independent rows of weight 1 that know their share as well.

    `squares`: sums of squared weights of both; None where every row counts 1. Never more rows than
    the weights themselves are worth: the weight of a kind that was hardly seen is hardly known.
    Source: Korn and Graubard, "Confidence intervals for proportions with small expected number of
        positive counts estimated from survey data", Survey Methodology 24, 1998.
    """
    if squares is None:
        return hits, misses
    total = hits + misses
    share = hits / np.maximum(total, TINY)
    spread = squares[0] * (1.0 - share) ** 2 + squares[1] * share**2
    known = share * (1.0 - share) * total / np.maximum(spread, TINY)
    factor = np.where(spread > 0.0, np.minimum(known, 1.0), 1.0)
    return factor * hits, factor * misses


def _both(running: Floats | None) -> tuple[Floats, Floats] | None:
    """Squares of what is flagged and of the rest."""
    return None if running is None else (running, running[..., -1:] - running)


def thresholds(distinct: Floats) -> Floats:
    """All thresholds that differ on rows of these scores; scores and thresholds fall.

    They lie halfway between neighbouring scores. The first flags no row (left out where a score
    of 1 leaves no room above it), the last, 0, flags every row.
    """
    upper, lower = distinct[:-1], distinct[1:]
    if distinct[0] < 1.0:
        upper, lower = np.append(1.0, upper), distinct
    # Where float32 has a number in between, that one: Keras then parts the very same rows. Two
    # floats may be neighbours: then the upper score itself is the threshold.
    between = (lower + (upper - lower) / 2.0).astype(np.float32).astype(np.float64)
    between = np.where((lower < between) & (between <= upper), between, upper)
    return np.append(between, 0.0)
