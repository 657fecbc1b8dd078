"""Each technique against the reference on the same folds, and what more positives would show."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from steelyard.stats.paired import (
    CorrectedTest,
    RopeProbabilities,
    RowNoise,
    correlated_bayes,
    holm,
    nadeau_bengio,
)

Floats = NDArray[np.float64]

SURE = 0.95
POWER = 0.80


@dataclass(frozen=True)
class PairwiseComparison:
    """One technique against the reference; `gain` is positive where the technique is better.

    `low` and `high` bound the gain at 95 %, `error` is its corrected standard error with `df`
    degrees of freedom. `p` is two-sided, `p_holm` allows for all the techniques tried; `worse`,
    `equivalent` and `better` are the chances that the gain is below, within or above the rope.
    `call` needs both the adjusted p and the chance.
    """

    name: str
    gain: float
    low: float
    high: float
    error: float
    df: float
    p: float
    p_holm: float
    worse: float
    equivalent: float
    better: float
    call: Literal["better", "worse", "same", "undecided"]


@dataclass(frozen=True)
class Detectable:
    """What the positives at hand can show, and how many would settle the leader's gain.

    A true gain of `detectable_gain` would be found 4 times in 5 with the positives there are,
    whichever of the techniques tried had it.
    `total` positives would as often confirm `gain`, the lead of `technique`, were it real; None
    where the lead is too small to matter.
    """

    technique: str
    gain: float
    detectable_gain: float
    total: int | None


@dataclass(frozen=True)
class Pair:
    """One technique less another on the same folds.

    `differences`: what each fold contributes, more for better, repeat by repeat, shape (J,);
    `noise`: the part of their variance that the tested rows explain.
    """

    differences: Floats
    noise: RowNoise | None = None

    def test(self, ratio: float) -> CorrectedTest:
        """The corrected t-test; `ratio` is rows to test / rows to train."""
        return nadeau_bengio(self.differences, ratio, self.noise)

    def probabilities(self, ratio: float, rope: float) -> RopeProbabilities:
        """Chances that the true difference is below, within or above the rope."""
        # One test row for every `ratio` training rows is a share of ratio / (1 + ratio): 1 / folds.
        rho = ratio / (1 + ratio)
        return correlated_bayes(self.differences, rho, rope=rope, noise=self.noise)


def comparisons(
    pairs: Mapping[str, Pair], ratio: float, rope: float
) -> tuple[PairwiseComparison, ...]:
    """Every technique against the reference, best first.

    `pairs`: each technique less the reference, at least 2 folds; `ratio` is rows to test / rows
    to train.
    """
    found = {name: pair.test(ratio) for name, pair in pairs.items()}
    adjusted = holm([test.p for test in found.values()])
    rows = []
    for (name, test), p_holm in zip(found.items(), adjusted, strict=True):
        chance = pairs[name].probabilities(ratio, rope)
        half = float(stats.t.ppf((1 + SURE) / 2, test.df)) * test.error
        rows.append(
            PairwiseComparison(
                name=name,
                gain=test.mean,
                low=test.mean - half,
                high=test.mean + half,
                error=test.error,
                df=test.df,
                p=test.p,
                p_holm=p_holm,
                worse=chance.worse,
                equivalent=chance.equivalent,
                better=chance.better,
                call=_call(p_holm, chance),
            )
        )
    return tuple(sorted(rows, key=lambda row: -row.gain))


def reach(rows: tuple[PairwiseComparison, ...], positives: int, rope: float) -> Detectable | None:
    """How far the positives reach; None where no difference varies, as when all are perfect.

    A gain must pass both tests: Student's with the strictest of Holm's levels, and the rope's. What
    would have been found of any technique is what the one with the widest error allows: the leader
    is often a near copy of the reference, whose error says nothing of a technique that learned
    something else. The leader's own error is taken to shrink with the square root of the positives.
    """
    if not any(row.error for row in rows):
        return None
    leader, level = rows[0], (1 - SURE) / 2 / len(rows)
    widest = max(rows, key=lambda row: _found(row, level, rope))
    total = None
    if leader.gain > rope:
        for_test, for_rope = _multiples(leader, level)
        times = leader.error * max(for_test / leader.gain, for_rope / (leader.gain - rope))
        total = math.ceil(positives * times**2)
    return Detectable(leader.name, leader.gain, _found(widest, level, rope), total)


def _found(row: PairwiseComparison, level: float, rope: float) -> float:
    """The gain that both tests find with `POWER`, by this technique's error."""
    for_test, for_rope = _multiples(row, level)
    return max(for_test * row.error, rope + for_rope * row.error)


def _multiples(row: PairwiseComparison, level: float) -> tuple[float, float]:
    """How many errors a gain must have for the corrected test, and beyond the rope."""
    power = float(stats.t.ppf(POWER, row.df))
    return float(stats.t.isf(level, row.df)) + power, float(stats.t.ppf(SURE, row.df)) + power


def _call(
    p_holm: float, chance: RopeProbabilities
) -> Literal["better", "worse", "same", "undecided"]:
    significant = p_holm <= 1 - SURE
    if significant and chance.better >= SURE:
        return "better"
    if significant and chance.worse >= SURE:
        return "worse"
    return "same" if chance.equivalent >= SURE else "undecided"
