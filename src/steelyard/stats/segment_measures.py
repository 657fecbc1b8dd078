"""A measure of some of the rows, and whether the other rows could have given it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from steelyard.stats.influence import group_effect
from steelyard.stats.intervals import wilson
from steelyard.stats.observed_expected import ratio_with_interval

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DecidedRows:
    """Rows with their truth, decision and probability.

    Attributes:
        positive: (n,) bool. flagged: share of the repeats that flag a row, (n,), in [0, 1].
        p: predicted probability, (n,). groups: codes of rows that belong together, or None.
        weight: how much each row counts, (n,), of mean 1, or None.
    """

    positive: Bools
    flagged: Floats
    p: Floats
    groups: NDArray[np.integer] | None = None
    weight: Floats | None = None

    def counted(self, values: Floats) -> Floats:
        """Values of rows as much as each counts."""
        return values if self.weight is None else values * self.weight


@dataclass(frozen=True)
class Measure:
    """A value with its 95 % interval, None where it is not defined.

    `size`: rows it rests on, of which one has `variance`. `p_value`: of no difference to all other
    rows.
    """

    value: float | None
    low: float | None
    high: float | None
    size: float
    variance: float
    p_value: float


def recall_of(rows: DecidedRows, inside: Bools) -> Measure:
    """Share of the positives that is flagged."""
    return _share(rows, rows.flagged * rows.positive, rows.positive.astype(np.float64), inside)


def precision_of(rows: DecidedRows, inside: Bools) -> Measure:
    """Share of the flagged rows that is positive."""
    return _share(rows, rows.flagged * rows.positive, rows.flagged, inside)


def observed_expected_of(rows: DecidedRows, inside: Bools) -> Measure:
    """Positives over the sum of the probabilities.

    Tested as two Poisson counts: given their sum, the part's is binomial. Conservative where
    positives are not rare.
    Source: Przyborowski and Wilenski, Biometrika 31, 1940.
    """
    groups = None if rows.groups is None else rows.groups[inside]
    weight = None if rows.weight is None else rows.weight[inside]
    found = ratio_with_interval(rows.positive[inside], rows.p[inside], weight=weight, groups=groups)
    hits_of, promised = rows.counted(rows.positive.astype(np.float64)), rows.counted(rows.p)
    observed = [float(hits_of[part].sum()) for part in (inside, ~inside)]
    expected = [float(promised[part].sum()) for part in (inside, ~inside)]
    overall = sum(observed) / sum(expected) if sum(expected) else 0.0
    effect = _effect(rows, hits_of - overall * promised, inside, overall * expected[0])
    hits, other = (round(count / effect) for count in observed)
    share = expected[0] / sum(expected) if min(expected) > 0 else 0.0
    p_value = mid_p(stats.binom(hits + other, share), hits) if share > 0 else 1.0
    return Measure(
        found["value"], found["low"], found["high"], expected[0] / effect, overall, p_value
    )


def _share(rows: DecidedRows, top: Floats, of: Floats, inside: Bools) -> Measure:
    """`top` of `of`, by row, with Wilson's interval; Fisher's test (`mid_p`) against the rest."""
    top, of = rows.counted(top), rows.counted(of)
    hits, total = float(top[inside].sum()), float(of[inside].sum())
    if total == 0.0:
        return Measure(None, None, None, 0.0, 0.0, 1.0)
    overall = float(top.sum() / of.sum())
    alone = total * overall * (1 - overall)
    effect = _effect(rows, top - overall * of, inside, alone)
    found = wilson(min(hits, total) / effect, total / effect)
    others = float(top[~inside].sum()), float(of[~inside].sum())
    n, k, m = (round(count / effect) for count in (total, hits, others[1]))
    both = k + round(others[0] / effect)
    p_value = mid_p(stats.hypergeom(n + m, both, n), k) if m else 1.0
    variance = overall * (1 - overall)
    return Measure(hits / total, found.low, found.high, total / effect, variance, p_value)


def mid_p(null: Any, seen: int) -> float:
    """Chance under `null`, a discrete distribution, of what is no likelier than what was seen.

    What is as likely counts half: exact tests of few counts are far below their level otherwise.
    Source: Lancaster, "Significance tests in discrete distributions", JASA 56, 1961.

    >>> round(mid_p(stats.binom(10, 0.5), 10), 6)
    0.000977
    """
    low, high = null.support()
    chance = null.pmf(np.arange(low, high + 1))
    mine = float(null.pmf(seen))
    rarer = chance < mine * (1 - 1e-7)
    as_rare = ~rarer & (chance <= mine * (1 + 1e-7))
    return float(min(1.0, chance[rarer].sum() + chance[as_rare].sum() / 2))


def _effect(rows: DecidedRows, moves: Floats, inside: Bools, alone: float) -> float:
    """How many rows that belong together or weigh unlike tell what one would: at least 1.

    `moves`: what each row adds to a sum that is 0 where nothing differs; `alone`: the variance of
    the sum of those `inside` were all rows independent. Few groups know their own spread badly, so
    the spread of all rows counts where it is larger.
    """
    if (rows.groups is None and rows.weight is None) or alone <= 0:
        return 1.0
    groups = np.arange(len(moves)) if rows.groups is None else rows.groups
    own = np.bincount(groups[inside], moves[inside])
    return max(float(own @ own) / alone, group_effect(moves, groups))
