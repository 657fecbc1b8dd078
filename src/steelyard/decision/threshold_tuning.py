"""The threshold of a binary score: the best of all, its interval, and what is nearly as good."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.decision.bounds import out_of_reach, threshold_notes
from steelyard.decision.calibrator_choice import choose
from steelyard.decision.certified import certified, chance_to_hold
from steelyard.decision.curve import Curve, thresholds
from steelyard.decision.goals import Costs, Goal
from steelyard.decision.objective import keeping, objective, run_around
from steelyard.decision.resampling import resampled_curves, thinned
from steelyard.errors import GoalError
from steelyard.stats.validation import Floats

RESAMPLES = 300
NEAR = 0.01


@dataclass(frozen=True)
class Cut:
    """A tuned threshold; the fields are those of `TunedRule`."""

    threshold: float
    measure: str
    value: float
    near_best: tuple[float, float]
    optimism: float | None
    interval: tuple[float, float] | None
    notes: tuple[str, ...]
    out_of_reach: str | None
    holds: float | None

    def fields(self) -> dict[str, Any]:
        """All but the threshold."""
        return {name: value for name, value in vars(self).items() if name != "threshold"}


def tune_threshold(
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
    """The threshold that serves `goal` best; with `interval` also how sure it is.

    `each`: negatives of deployment that one negative row stands for, as in `Curve`.
    Raises: GoalError: no positive or no negative row, or (`strict`) a bound that no threshold is
        sure to keep, unless the goal takes the closest.
    """
    if positive.all() or not positive.any():
        raise GoalError(
            f"all {len(positive):,} rows are {'positive' if positive.all() else 'negative'}; "
            "a threshold is tuned on rows of both classes"
        )
    candidates, rank = thresholds(scores)
    size = len(candidates)
    copies = _copies(groups)
    curve = Curve.of(
        np.bincount(rank[positive], minlength=size).astype(np.float64),
        np.bincount(rank[~positive], minlength=size).astype(np.float64),
        each,
        copies,
    )
    sure = certified(goal, curve)
    unsure = "" if sure is None or sure.any() else out_of_reach(goal, curve)
    if unsure and strict and not goal.takes_closest:
        raise GoalError(unsure)
    value = objective(goal, curve)
    lowest = np.full(size, np.inf)
    lowest[rank] = scores
    index, is_theory, theory = choose(goal, curve, lowest)
    chosen = int(index)
    threshold = float(theory) if is_theory else float(candidates[chosen])
    near_best = _near(candidates, value, keeping(goal, curve), chosen, threshold)
    optimism, spread = None, None
    if interval and not isinstance(goal, Costs):
        rng = np.random.default_rng(seed)
        kept = thinned(rank, positive, size)
        drawn = resampled_curves(
            rank, positive, groups, kept, resamples=RESAMPLES, rng=rng, each=each, copies=copies
        )
        picked, by_theory, theories = choose(goal, drawn, lowest[kept])
        there = np.take_along_axis(objective(goal, drawn), picked[:, None], axis=1)[:, 0]
        optimism = float(np.mean(there - value[kept[picked]]))
        redrawn = np.where(by_theory, theories, candidates[kept[picked]])
        low, high = np.quantile(redrawn, [0.025, 0.975])
        spread = (min(float(low), threshold), max(float(high), threshold))
    holds = chance_to_hold(goal, curve, chosen)
    return Cut(
        threshold=threshold,
        measure=goal.measure,
        value=abs(float(value[chosen])) if isinstance(goal, Costs) else float(value[chosen]),
        near_best=near_best,
        optimism=optimism,
        interval=spread,
        notes=tuple(threshold_notes(goal, curve, chosen, unsure, holds)),
        out_of_reach=unsure or None,
        holds=holds,
    )


def _copies(groups: NDArray[np.int64] | None) -> float:
    """Rows that tell as much as one independent row, if rows of one group tell the same."""
    if groups is None:
        return 1.0
    sizes = np.bincount(groups).astype(np.float64)
    return float((sizes**2).sum() / sizes.sum())


def _near(
    candidates: Floats, value: Floats, inside: NDArray[np.bool_], chosen: int, threshold: float
) -> tuple[float, float]:
    """The stretch of thresholds around the chosen one that do within 1 % of the best there."""
    around = np.where(inside, value, -np.inf)
    top = around.max()
    least = min(top - NEAR * abs(top), value[chosen])
    first, last = run_around(np.array(chosen), around >= least)
    return min(float(candidates[last]), threshold), max(float(candidates[first]), threshold)
