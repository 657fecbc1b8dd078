"""The cut-off of a binary score: the best of all, its interval, and what is nearly as good."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.decision.arrays import Floats
from steelyard.decision.bounds import cutoff_notes, out_of_reach
from steelyard.decision.curve import Curve, cutoffs
from steelyard.decision.goals import Costs, Goal
from steelyard.decision.resampling import resampled_curves, thinned
from steelyard.decision.worth import best, bound_is_sure, run_around, within_bound, worth
from steelyard.errors import GoalError

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
    top = int(best(goal, curve, sure=sure))
    inside = within_bound(goal, curve, sure=sure)
    near = inside & (value >= value[top] - NEAR * abs(value[top]))
    first, last = run_around(np.array(top), near)
    chosen, threshold = top, float(cutoff[top])
    if isinstance(goal, Costs):
        # With true probabilities the costs alone say where to cut.
        threshold = goal.threshold
        chosen = int(np.searchsorted(curve.seen, np.count_nonzero(scores >= threshold) - 0.5))
    optimism, spread = None, None
    if interval and not isinstance(goal, Costs):
        rng = np.random.default_rng(seed)
        kept = thinned(rank, positive, size)
        drawn = resampled_curves(
            rank, positive, groups, kept, resamples=RESAMPLES, rng=rng, each=each
        )
        picked = best(goal, drawn, sure=sure)
        there = np.take_along_axis(worth(goal, drawn), picked[:, None], axis=1)[:, 0]
        optimism = float(np.mean(there - value[kept[picked]]))
        low, high = np.quantile(cutoff[kept[picked]], [0.025, 0.975])
        spread = (float(low), float(high))
    return Cut(
        threshold=threshold,
        measure=goal.measure,
        value=abs(float(value[chosen])) if isinstance(goal, Costs) else float(value[chosen]),
        near_best=(float(cutoff[last]), float(cutoff[first])),
        optimism=optimism,
        interval=spread,
        notes=tuple([reached] if reached else cutoff_notes(goal, curve, chosen, sure=sure)),
    )
