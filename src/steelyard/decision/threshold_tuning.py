"""The threshold of a binary score: the best of all, its interval, and what is nearly as good."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.decision.bounds import out_of_reach, threshold_notes
from steelyard.decision.calibrator_choice import choose
from steelyard.decision.certified import certified, chance_to_hold
from steelyard.decision.costs import Costs
from steelyard.decision.curve import Curve, thresholds
from steelyard.decision.goal import Goal
from steelyard.decision.objective import keeping, objective, run_around
from steelyard.decision.resampling import resampled_curves, thinned
from steelyard.errors import GoalError
from steelyard.stats.falling import Falling
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
    weights: Floats | None,
    each: float,
    groups: NDArray[np.int64] | None,
    seed: int,
    interval: bool,
    strict: bool,
) -> Cut:
    """The threshold that serves `goal` best; with `interval` also how sure it is.

    `weights`: how much each row counts, shape (rows,), above 0, or None. `each`: negatives of
    deployment that a negative row of weight 1 stands for, where a positive one stands for itself.
    Raises: GoalError: no positive or no negative row, or (`strict`) a bound that no threshold is
        sure to keep, unless the goal takes the closest.
    """
    if positive.all() or not positive.any():
        raise GoalError(
            f"all {len(positive):,} rows are {'positive' if positive.all() else 'negative'}; "
            "a threshold is tuned on rows of both classes"
        )
    falling = Falling(scores, positive)
    candidates = thresholds(falling.scores)
    rows = None
    if weights is not None:
        rows, each = _effective(weights, positive, each)
    copies = _copies(groups, rows)
    none = np.zeros(len(candidates) - len(falling.scores))  # what a first threshold flags

    def flagged(weight: Floats | None) -> tuple[Floats, Floats]:
        one, other = falling.counts if weight is None else falling.weighed(weight)
        return np.concatenate([none, one]), np.concatenate([none, other])

    squares = None if rows is None else flagged(rows**2)
    curve = Curve.of(*flagged(rows), each, copies, squares)
    sure = certified(goal, curve)
    unsure = "" if sure is None or sure.any() else out_of_reach(goal, curve)
    if unsure and strict and not goal.takes_closest:
        raise GoalError(unsure)
    value = objective(goal, curve)
    lowest = np.concatenate([none + np.inf, falling.scores])
    index, is_theory, theory = choose(goal, curve, lowest, value)
    chosen = int(index)
    threshold = float(theory) if is_theory else float(candidates[chosen])
    near_best = _near(candidates, value, keeping(goal, curve), chosen, threshold)
    optimism, spread = None, None
    if interval and not isinstance(goal, Costs):
        rng = np.random.default_rng(seed)
        kept = thinned(*flagged(None))
        drawn = resampled_curves(
            np.searchsorted(-candidates[kept], -scores),
            positive,
            groups,
            len(kept),
            size=rows,
            resamples=RESAMPLES,
            rng=rng,
            each=each,
            copies=copies,
        )
        redrawn_value = objective(goal, drawn)
        picked, by_theory, theories = choose(goal, drawn, lowest[kept], redrawn_value)
        there = np.take_along_axis(redrawn_value, picked[:, None], axis=1)[:, 0]
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
        notes=tuple(
            threshold_notes(goal, curve, chosen, unsure, holds, ranked=(positive, scores, weights))
        ),
        out_of_reach=unsure or None,
        holds=holds,
    )


def _effective(weights: Floats, positive: NDArray[np.bool_], each: float) -> tuple[Floats, float]:
    """Effective rows (Kish) that each row is, and what one of the negatives then stands for.

    Of either kind they sum to its effective number, by which shares of it vary.
    """
    one = [float((weights[of] ** 2).sum() / weights[of].sum()) for of in (~positive, positive)]
    return weights / np.where(positive, one[1], one[0]), each * one[0] / one[1]


def _copies(groups: NDArray[np.int64] | None, rows: Floats | None) -> float:
    """Rows that tell as much as one independent row, if rows of one group tell the same."""
    if groups is None:
        return 1.0
    sizes = np.bincount(groups, rows).astype(np.float64)
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
