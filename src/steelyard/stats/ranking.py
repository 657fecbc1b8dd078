"""How well scores rank one class above the rest, and how much each row moves that; exact.

One sort of the class of interest and one look-up per row: ties are whole steps, weights count as
rows do. Own numpy forms, since scikit-learn's import costs more than a second, these are 4 to 18
times faster, and influences are by-products.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Steps(NamedTuple):
    """Weight of hits and misses at each distinct score of a hit, best score first."""

    scores: NDArray[Any]
    hits: Floats  # of hits at exactly this score
    found: Floats  # of hits at this score or above
    alarms: Floats  # of misses at this score or above
    tied: Floats  # of misses at exactly this score
    misses: float  # of all misses


def steps(is_hit: Bools, scores: NDArray[Any], weight: Floats | None = None) -> Steps:
    """Count hits and misses along the ranking, at the scores where a hit lies."""
    if weight is not None:
        seen = weight > 0  # a row of weight 0 may not open a step: precision there is 0/0
        is_hit, scores, weight = is_hit[seen], scores[seen], weight[seen]
    rest = scores[~is_hit]
    if weight is None:
        cut, count = np.unique(scores[is_hit], return_counts=True)
        hits = np.asarray(count, dtype=np.float64)
        ranked = np.sort(rest)
        below_n = np.arange(len(rest) + 1, dtype=np.float64)
    else:
        cut, at = np.unique(scores[is_hit], return_inverse=True)
        hits = np.bincount(at, weight[is_hit]).astype(np.float64)
        order = np.argsort(rest)
        ranked = rest[order]
        below_n = np.concatenate([[0.0], np.cumsum(weight[~is_hit][order])])
    misses = float(below_n[-1])
    below = below_n[np.searchsorted(ranked, cut, side="left")]
    upto = below_n[np.searchsorted(ranked, cut, side="right")]
    hits = hits[::-1]
    alarms = misses - below[::-1]
    return Steps(cut[::-1], hits, np.cumsum(hits), alarms, (upto - below)[::-1], misses)


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
    return _placed(steps(is_hit, scores, weight), is_hit, scores)


def roc_auc_influence(
    is_hit: Bools, scores: NDArray[Any], weight: Floats | None = None
) -> tuple[float, Floats]:
    """ROC-AUC and the influence of each row, shape (n,); the error that follows is DeLong's."""
    s = steps(is_hit, scores, weight)
    value = _auc(s)
    psi = (_placed(s, is_hit, scores) - value) / np.where(is_hit, s.found[-1], s.misses)
    return value, psi if weight is None else psi * weight


def average_precision_influence(
    is_hit: Bools, scores: NDArray[Any], weight: Floats | None = None
) -> tuple[float, Floats]:
    """Average precision and the influence of each row, shape (n,)."""
    s = steps(is_hit, scores, weight)
    value, flagged = _ap(s), s.found + s.alarms
    at = _step_of(s, scores)
    # A row adds to the counts of its own threshold and of every lower one: of all steps from `at`.
    as_hit = _from_here_on(s.hits * s.alarms / flagged**2)[at]
    as_hit += np.append(s.found / flagged, 0.0)[at] - value
    as_alarm = _from_here_on(-s.hits * s.found / flagged**2)[at]
    psi = np.where(is_hit, as_hit, as_alarm) / s.found[-1]
    return value, psi if weight is None else psi * weight


def flattery_of_few(is_hit: Bools, scores: NDArray[Any], weight: Floats, one_hit: float) -> float:
    """How much average precision gains because heavy rows stand for many false alarms.

    Precision bends: where few false alarms of much weight lie above a threshold, it is above what
    the many that they stand for would leave of it, by half its second derivative times the
    variance of their weight. Counted is what their weight adds to that of rows as light as a hit.

    Args:
        one_hit: weight of one effective hit.

    >>> is_hit, scores = np.array([1, 0, 1, 0], bool), np.array([4.0, 3.0, 2.0, 1.0])
    >>> flattery_of_few(is_hit, scores, np.array([1.0, 1.0, 1.0, 1.0]), 1.0)
    0.0
    >>> round(flattery_of_few(is_hit, scores, np.array([1.0, 4.0, 1.0, 4.0]), 1.0), 4)
    0.0556
    """
    s, squared = steps(is_hit, scores, weight), steps(is_hit, scores, weight**2)
    variance = np.maximum(squared.alarms - one_hit * s.alarms, 0.0)
    added = s.found * variance / (s.found + s.alarms) ** 3
    return float(np.dot(s.hits, added) / s.found[-1])


def _auc(s: Steps) -> float:
    return float(1 - np.dot(s.hits, s.alarms - s.tied / 2) / (s.found[-1] * s.misses))


def _ap(s: Steps) -> float:
    return float(np.dot(s.hits, s.found / (s.found + s.alarms)) / s.found[-1])


def _step_of(s: Steps, scores: NDArray[Any]) -> NDArray[np.intp]:
    """The first step (0: best) that flags each row; len(steps) for a row below all of them."""
    return len(s.scores) - np.searchsorted(s.scores[::-1], scores, side="right")


def _placed(s: Steps, is_hit: Bools, scores: NDArray[Any]) -> Floats:
    at, last = _step_of(s, scores), len(s.scores) - 1
    beaten = np.append(1.0 - (s.alarms - s.tied / 2) / s.misses, 0.0)[at]
    here = np.minimum(at, last)
    tied = (at <= last) & (s.scores[here] == scores)
    # Hits above the row's score, and half of those tied with it.
    above = np.append(0.0, s.found)[at] + np.where(tied, s.hits[here] / 2, 0.0)
    return np.where(is_hit, beaten, above / s.found[-1])


def _from_here_on(contributions: Floats) -> Floats:
    """Sum from each step to the last; one more entry, 0, for rows below all steps."""
    return np.append(np.cumsum(contributions[::-1])[::-1], 0.0)
