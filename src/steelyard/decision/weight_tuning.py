"""Class weights tuned to a goal: which start to trust, how sure they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.decision.coordinate_ascent import climb, near_range, value_of, value_of_decisions
from steelyard.decision.goals import Maximise
from steelyard.decision.weighted_rows import Rows, rank_in_class, sampled, thinned
from steelyard.errors import GoalError
from steelyard.stats.limits import TO_COMPARE
from steelyard.stats.validation import Codes, Floats

# Rows of one class beyond this are a sample: the small classes decide where the weights go.
ROWS_PER_CLASS = 1000
FOLDS = 3
RESAMPLES = 40
NEAR = 0.01

Ranges = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Weights:
    """Tuned class weights; the fields are those of `TunedRule`."""

    best: tuple[float, ...]
    measure: str
    value: float
    near_best: Ranges
    optimism: float
    interval: Ranges | None
    notes: tuple[str, ...]

    def fields(self) -> dict[str, Any]:
        """All but the weights."""
        return {name: value for name, value in vars(self).items() if name != "best"}


def tune_weights(
    every: Rows,
    goal: Maximise,
    *,
    groups: NDArray[np.int64] | None,
    seed: int,
    interval: bool,
    labels: Sequence[Any] | None = None,
) -> Weights:
    """Weights from equal ones and from 1/prior; tuned ones only if they win cross-fitted.

    With true probabilities 1/prior is the best there is for balanced accuracy, and with few rows
    of a class a tuned weight follows noise: so tuning has to show that it helps on rows it was
    not tuned on. `labels` are the classes' names, for the notes.

    Raises: GoalError: fewer than two classes have rows.
    """
    counts = np.bincount(every.y, minlength=every.p.shape[1])
    if (counts > 0).sum() < 2:
        raise GoalError("all rows are of one class; weights are tuned on rows of two or more")
    weight = every.counts / every.sample_weight.sum()
    starts = [np.zeros(len(counts)), -np.log(np.maximum(weight, 0.5 / len(every.y)))]
    start = max(starts, key=lambda log_w: value_of(every, log_w, goal))
    kept = sampled(every.y, ROWS_PER_CLASS, seed)
    rows = thinned(every, kept)
    owner = None if groups is None else groups[kept]
    fold = (rank_in_class(rows.y) if owner is None else owner) % FOLDS
    tuned = _tuned(rows, starts, goal)
    honest = _cross_fitted(rows, starts, goal, fold)
    won = honest > value_of(rows, start, goal)
    won = won and value_of(every, tuned, goal) >= value_of(every, start, goal)
    log_w = tuned if won else start - start.mean()
    return Weights(
        best=tuple(np.exp(log_w).tolist()),
        measure=goal.measure,
        value=value_of(every, log_w, goal),
        near_best=tuple(_exp(near_range(rows, log_w, k, goal, NEAR)) for k in range(len(counts))),
        optimism=value_of(rows, tuned, goal) - honest if won else 0.0,
        interval=_interval(rows, log_w, goal, owner, seed) if interval else None,
        notes=_notes(counts, labels, won=won),
    )


def _tuned(rows: Rows, starts: list[Floats], goal: Maximise) -> Floats:
    return max((climb(rows, s, goal) for s in starts), key=lambda w: value_of(rows, w, goal))


def _cross_fitted(rows: Rows, starts: list[Floats], goal: Maximise, fold: Codes) -> float:
    """The metric of decisions by weights that were tuned without the row's fold."""
    decided = np.empty(len(rows.y), dtype=np.int64)
    for k in np.unique(fold):
        held = fold == k
        log_w = _tuned(rows.at(~held), starts, goal) if held.sum() < len(held) else starts[0]
        decided[held] = np.argmax(rows.log_p[held] + log_w, axis=1)
    return value_of_decisions(rows, decided, goal)


def _interval(rows: Rows, log_w: Floats, goal: Maximise, owner: Codes | None, seed: int) -> Ranges:
    """Where each weight goes when rows are drawn anew, class by class, or groups of rows are."""
    strata = np.zeros_like(rows.y)
    if owner is None:
        owner, strata = np.arange(len(rows.y)), rows.y
    owner = np.unique(owner, return_inverse=True)[1]
    stratum_of = np.zeros(owner.max() + 1, dtype=np.int64)
    stratum_of[owner] = strata
    members = [np.flatnonzero(stratum_of == stratum) for stratum in np.unique(strata)]
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(RESAMPLES):
        draw = np.concatenate([rng.choice(own, size=len(own)) for own in members])
        sample_weight = np.bincount(draw, minlength=len(stratum_of))
        drawn.append(climb(rows.drawn(sample_weight[owner]), log_w, goal, sweeps=1))
    low, high = np.exp(np.quantile(drawn, [0.025, 0.975], axis=0))
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


def _exp(log_range: tuple[float, float]) -> tuple[float, float]:
    return float(np.exp(log_range[0])), float(np.exp(log_range[1]))


def _notes(counts: Codes, labels: Sequence[Any] | None, *, won: bool) -> tuple[str, ...]:
    names = range(len(counts)) if labels is None else labels
    few = [
        f"class {name} has only {n} rows"
        for name, n in zip(names, counts.tolist(), strict=True)
        if 0 < n < TO_COMPARE
    ]
    kept = [] if won else ["tuning did not help on rows it had not seen: a closed form was kept"]
    return tuple(few + kept)
