"""The cut-off of a binary score: the best of all, its interval, and what is nearly as good."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.decision.bounds import cutoff_notes, out_of_reach
from steelyard.decision.choosing import choose
from steelyard.decision.curve import Curve, cutoffs
from steelyard.decision.goals import Costs, Goal
from steelyard.decision.resampling import resampled_curves, thinned
from steelyard.decision.worth import bound_is_sure, run_around, within_bound, worth
from steelyard.errors import GoalError
from steelyard.stats.validation import Floats

RESAMPLES = 300
NEAR = 0.01


@dataclass(frozen=True)
class Cut:
    """A tuned cut-off; the fields are those of `TunedRule`."""

    threshold: float
    measure: str
    value: float
    near_best: tuple[float, float]
    optimism: float | None
    interval: tuple[float, float] | None
    notes: tuple[str, ...]

    def figures(self) -> dict[str, Any]:
        """All but the threshold."""
        return {name: value for name, value in vars(self).items() if name != "threshold"}


def tune_cutoff(
    scores: Floats,
    positive: NDArray[np.bool_],
    goal: Goal,
    *,
    each: float,
    groups: NDArray[np.int64] | None,
    seed: int,
    interval: bool,
    strict: bool,
) -> Cut:
    """The cut-off that serves `goal` best; with `interval` also how sure it is.

    `each`: negatives of deployment that one negative row stands for, as in `Curve`.
    Raises: GoalError: no positive or no negative row, or (`strict`) a bound out of reach.
    """
    if positive.all() or not positive.any():
        raise GoalError(
            f"all {len(positive):,} rows are {'positive' if positive.all() else 'negative'}; "
            "a cut-off is tuned on rows of both classes"
        )
    cutoff, rank = cutoffs(scores)
    size = len(cutoff)
    curve = Curve.of(
        np.bincount(rank[positive], minlength=size).astype(np.float64),
        np.bincount(rank[~positive], minlength=size).astype(np.float64),
        each,
    )
    reached = out_of_reach(goal, curve)
    if reached and strict:
        raise GoalError(reached)
    value = worth(goal, curve)
    sure = bound_is_sure(goal, curve)
    lowest = np.full(size, np.inf)
    lowest[rank] = scores
    index, is_theory, theory = choose(goal, curve, lowest, sure=sure)
    chosen = int(index)
    threshold = float(theory) if is_theory else float(cutoff[chosen])
    near_best = _near(cutoff, value, within_bound(goal, curve, sure=sure), chosen, threshold)
    optimism, spread = None, None
    if interval and not isinstance(goal, Costs):
        rng = np.random.default_rng(seed)
        kept = thinned(rank, positive, size)
        drawn = resampled_curves(
            rank, positive, groups, kept, resamples=RESAMPLES, rng=rng, each=each
        )
        picked, by_theory, theories = choose(goal, drawn, lowest[kept], sure=sure)
        there = np.take_along_axis(worth(goal, drawn), picked[:, None], axis=1)[:, 0]
        optimism = float(np.mean(there - value[kept[picked]]))
        thresholds = np.where(by_theory, theories, cutoff[kept[picked]])
        low, high = np.quantile(thresholds, [0.025, 0.975])
        spread = (min(float(low), threshold), max(float(high), threshold))
    return Cut(
        threshold=threshold,
        measure=goal.measure,
        value=abs(float(value[chosen])) if isinstance(goal, Costs) else float(value[chosen]),
        near_best=near_best,
        optimism=optimism,
        interval=spread,
        notes=tuple([reached] if reached else cutoff_notes(goal, curve, chosen, sure=sure)),
    )


def _near(
    cutoff: Floats, value: Floats, inside: NDArray[np.bool_], chosen: int, threshold: float
) -> tuple[float, float]:
    """The stretch of cut-offs around the chosen one that do within 1 % of the best there."""
    around = np.where(inside, value, -np.inf)
    top = around.max()
    least = min(top - NEAR * abs(top), value[chosen])
    first, last = run_around(np.array(chosen), around >= least)
    return min(float(cutoff[last]), threshold), max(float(cutoff[first]), threshold)
