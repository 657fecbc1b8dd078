"""How well scores rank one class above the rest, and how much each row moves that; exact.

One sort of the class of interest and one look-up per row say between which hits a row lies; all
metrics are counts of that. Ties are whole steps, weights count as rows do. Own numpy forms, since
scikit-learn's import costs more than a second, these are faster, and influences are by-products.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.integer]


class Steps(NamedTuple):
    """Weight of hits and misses at each distinct score of a hit, best score first."""

    hits: Floats  # of hits at exactly this score
    found: Floats  # of hits at this score or above
    alarms: Floats  # of misses at this score or above
    tied: Floats  # of misses at exactly this score
    misses: float  # of all misses


@dataclass(frozen=True)
class Ranked:
    """Rows in the order of their scores, as far as hits tell it.

    Attributes:
        is_hit: shape (n,).
        place: 2 i + 1 for a row at the i-th lowest distinct score of a hit (from 0), 2 i for one
            between it and the score of a hit below, shape (n,).
        size: how many distinct scores hits have.
        weight: of the rows, shape (n,), or None; a hit of weight 0 counts as no score of a hit.
    """

    is_hit: Bools
    place: Ints
    size: int
    weight: Floats | None

    @classmethod
    def of(cls, is_hit: Bools, scores: NDArray[Any], weight: Floats | None = None) -> "Ranked":
        """From scores of any scale."""
        # A row of weight 0 may not open a step: precision there is 0/0.
        known = scores[is_hit if weight is None else is_hit & (weight > 0)]
        distinct = np.unique(known)
        above = np.searchsorted(distinct, scores)
        at = distinct[np.minimum(above, len(distinct) - 1)] == scores
        return cls(is_hit, (2 * above + at).astype("int32"), len(distinct), weight)

    def some(self, chosen: Any) -> "Ranked":
        """Some of the rows, by mask or positions, without looking at their scores again."""
        is_hit, place = self.is_hit[chosen], self.place[chosen]
        weight = None if self.weight is None else self.weight[chosen]
        left = np.bincount(place[is_hit], minlength=2 * self.size + 1) > 0
        # Below a place lie so many scores of the hits that are left.
        below: Ints = np.cumsum(left) - left
        places = (2 * below + left).astype(place.dtype)
        return Ranked(is_hit, places[place], int(left.sum()), weight)

    @cached_property
    def steps(self) -> Steps:
        """Counts along the ranking, at the scores where a hit lies."""
        bins = 2 * self.size + 1
        ours: Any
        rest: Any
        if self.weight is None:
            ours = np.bincount(self.place[self.is_hit], minlength=bins).astype(np.float64)
            rest = np.bincount(self.place, minlength=bins) - ours
        else:
            ours, rest = (
                np.bincount(self.place[rows], self.weight[rows], minlength=bins)
                for rows in (self.is_hit, ~self.is_hit)
            )
        hits, reached = ours[1::2][::-1], np.cumsum(rest[::-1])
        return Steps(hits, np.cumsum(hits), reached[1::2], rest[1::2][::-1], float(reached[-1]))

    @property
    def first(self) -> Ints:
        """By place, the first step (0: best) that flags a row; `size` where none does."""
        return self.size - (np.arange(2 * self.size + 1) + 1) // 2

    def by_row(self, of_hits: Floats, of_misses: Floats) -> Floats:
        """Values of the rows, shape (n,), from those of hits by step and of misses by place."""
        values = of_misses[self.place]
        steps = self.first[self.place[self.is_hit]]
        values[self.is_hit] = np.append(of_hits, 0.0)[steps]
        return values


def steps(is_hit: Bools, scores: NDArray[Any], weight: Floats | None = None) -> Steps:
    """Count hits and misses along the ranking, at the scores where a hit lies."""
    return Ranked.of(is_hit, scores, weight).steps


def roc_auc(is_hit: Bools, scores: NDArray[Any], weight: Floats | None = None) -> float:
    """Chance that a hit outscores a miss; a tie counts half."""
    return _auc(steps(is_hit, scores, weight))


def average_precision(is_hit: Bools, scores: NDArray[Any], weight: Floats | None = None) -> float:
    """Mean precision at which a hit is found (step form, ties together)."""
    return _ap(steps(is_hit, scores, weight))


def placements(is_hit: Bools, scores: NDArray[Any], weight: Floats | None = None) -> Floats:
    """Share of the other class that each row is ranked right against, ties half; shape (n,).

    The mean placement of either class is the AUC; their variances give DeLong's error.
    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988.
    """
    return _placed(Ranked.of(is_hit, scores, weight))


def roc_auc_influence(rows: Ranked) -> tuple[float, Floats]:
    """ROC-AUC and the influence of each row, shape (n,); the error that follows is DeLong's."""
    s = rows.steps
    value = _auc(s)
    psi = (_placed(rows) - value) / np.where(rows.is_hit, s.found[-1], s.misses)
    return value, psi if rows.weight is None else psi * rows.weight


def average_precision_influence(rows: Ranked) -> tuple[float, Floats]:
    """Average precision and the influence of each row, shape (n,)."""
    s = rows.steps
    value, flagged = _ap(s), s.found + s.alarms
    # A row adds to the counts of its own threshold and of every lower one.
    as_hit = _from_here_on(s.hits * s.alarms / flagged**2)[:-1] + s.found / flagged - value
    as_miss = _from_here_on(-s.hits * s.found / flagged**2)[rows.first]
    psi = rows.by_row(as_hit / s.found[-1], as_miss / s.found[-1])
    return value, psi if rows.weight is None else psi * rows.weight


def _auc(s: Steps) -> float:
    return float(1 - np.dot(s.hits, s.alarms - s.tied / 2) / (s.found[-1] * s.misses))


def _ap(s: Steps) -> float:
    return float(np.dot(s.hits, s.found / (s.found + s.alarms)) / s.found[-1])


def _placed(rows: Ranked) -> Floats:
    s = rows.steps
    beaten = 1.0 - (s.alarms - s.tied / 2) / s.misses
    # Hits above a miss, and half of those tied with it.
    above = np.append(0.0, s.found)[rows.first]
    above[1::2] += s.hits[::-1] / 2
    return rows.by_row(beaten, above / s.found[-1])


def _from_here_on(contributions: Floats) -> Floats:
    """Sum from each step to the last; one more entry, 0, for rows below all steps."""
    return np.append(np.cumsum(contributions[::-1])[::-1], 0.0)
