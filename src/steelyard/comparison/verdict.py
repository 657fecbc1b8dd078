"""Which technique to use, why, and how sure that is: data first, one paragraph from it.

Under 10 positives nothing is compared; under 50 nothing is called best. A technique beats the
reference only if the corrected test, adjusted for having tried several, and the Bayesian
comparison both say so; otherwise the reference wins the tie.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.comparison import wording
from steelyard.comparison.figures import BY_NAME, FigureDict
from steelyard.comparison.nested import nested_winner_figure
from steelyard.comparison.standing import SURE, Reach, Standing, against, reach, standings
from steelyard.errors import RequestError

Floats = NDArray[np.float64]
Results = Mapping[str, Mapping[str, Any]]

DESCRIBE_ONLY = 10
NO_BEST = 50
CALIBRATION = 200
ROPE = 0.01


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a comparison found.

    `winner` is None where nothing may be called best; `recommended` always names a technique to
    use. `tied` are the other techniques that the data cannot tell from the winner, or without a
    winner from each other. `reasons` are codes, the deciding one first. `figure` is that of the
    recommended technique, corrected by `optimism` where it was picked for its figure. `reach`
    and `standings` (best first) are empty where nothing was compared.
    """

    metric: str
    positives: int
    reference: str
    winner: str | None
    recommended: str
    tied: tuple[str, ...]
    reasons: tuple[str, ...]
    figure: FigureDict
    optimism: float
    rope: float
    reach: Reach | None
    standings: tuple[Standing, ...]

    @property
    def recommendation(self) -> str:
        """What to do next, in a line."""
        return wording.recommendation(self)

    @property
    def positives_needed(self) -> str:
        """How many more positives would settle what is open, in a sentence or two."""
        return wording.positives_needed(self)

    @property
    def paragraph(self) -> str:
        """All of it for a reader without statistics."""
        return wording.paragraph(self)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, ready for JSON, with its sentences."""
        plain = dataclasses.asdict(self)
        lists = {name: list(plain[name]) for name in ("tied", "reasons", "standings")}
        told = ("recommendation", "positives_needed", "paragraph")
        return plain | lists | {name: getattr(self, name) for name in told}


def decide(
    results: Results,
    *,
    positives: int,
    metric: str = "average_precision",
    reference: str = "plain",
    folds: int = 5,
    test_train_ratio: float | None = None,
    rope: float | None = None,
) -> Verdict:
    """Judge techniques that were scored on the same folds.

    Args:
        results: by technique `{"per_fold": values, "figures": {name: {"value", "low", "high"}}}`.
            `per_fold` holds `metric` in each fold, repeat by repeat, None or NaN where a fold
            has no value; `figures` has at least `metric`. Leave baselines out: each technique
            tried makes it harder for the others to convince.
        positives: rows of the class of interest in the whole table.
        metric: a ranking or proper figure; a figure of decisions is no ground for a choice.
        reference: the technique that wins ties.
        folds: folds in a repeat, at least 2.
        test_train_ratio: rows to test / rows to train in a fold, by default 1 / (folds - 1).
        rope: gains up to this size do not matter; by default .01, for log loss 1 % of the
            reference's.

    Raises: RequestError: no such metric, no reference, or folds that do not match.

    >>> plain = {"per_fold": [.60, .62, .58, .61, .59], "figures": {"roc_auc":
    ...     {"value": .6, "low": .55, "high": .65}}}
    >>> other = plain | {"per_fold": [.61, .61, .58, .60, .60]}
    >>> decide({"plain": plain, "smote": other}, positives=120, metric="roc_auc").winner
    'plain'
    """
    signed = _signed_folds(results, metric, reference, folds)
    if rope is None:
        rope = ROPE * (float(-np.nanmean(signed[reference])) if metric == "log_loss" else 1.0)
    ratio = 1 / (folds - 1) if test_train_ratio is None else test_train_ratio
    rows: tuple[Standing, ...] = ()
    enough_folds = np.isfinite(np.sum(list(signed.values()), axis=0)).sum() >= 2
    if positives >= DESCRIBE_ONLY and enough_folds:
        rows = standings(signed, reference, ratio, rope)
    winner = _winner(rows, positives, reference)
    recommended = winner or reference
    tied = _tied(rows, winner, reference, signed, ratio, rope)
    optimism = nested_winner_figure(signed, folds).optimism if recommended != reference else 0.0
    return Verdict(
        metric=metric,
        positives=positives,
        reference=reference,
        winner=winner,
        recommended=recommended,
        tied=tied,
        reasons=_reasons(rows, winner, tied, positives, reference, results),
        figure=_less_optimism(results[recommended]["figures"][metric], optimism, metric),
        optimism=optimism,
        rope=rope,
        reach=reach(rows, positives, rope) if rows else None,
        standings=rows,
    )


def _signed_folds(results: Results, metric: str, reference: str, folds: int) -> dict[str, Floats]:
    """Fold values with more for better; NaN in every technique where one has none."""
    usable = [f.name for f in BY_NAME.values() if f.kind != "thresholded" and f.better != "one"]
    if metric not in usable:
        raise RequestError(f"cannot choose a technique by {metric!r}; take {', '.join(usable)}.")
    if reference not in results:
        raise RequestError(
            f"no results for {reference!r}, which wins ties; there are {', '.join(results)}: "
            "add it or name another reference."
        )
    sign = 1.0 if BY_NAME[metric].better == "higher" else -1.0
    signed = {
        name: sign * np.array([np.nan if v is None else v for v in one["per_fold"]], dtype=float)
        for name, one in results.items()
    }
    lengths = {len(values) for values in signed.values()}
    if folds < 2 or len(lengths) != 1 or lengths.pop() % folds:
        shown = ", ".join(f"{name} {len(values)}" for name, values in signed.items())
        raise RequestError(
            f"fold values: {shown}, with folds = {folds}; give every technique the same folds, "
            "at least 2 a repeat."
        )
    return signed


def _winner(rows: tuple[Standing, ...], positives: int, reference: str) -> str | None:
    if positives < NO_BEST or not rows:
        return None
    better = [row.name for row in rows if row.call == "better"]
    return better[0] if better else reference


def _tied(
    rows: tuple[Standing, ...],
    winner: str | None,
    reference: str,
    signed: Mapping[str, Floats],
    ratio: float,
    rope: float,
) -> tuple[str, ...]:
    """Everything not clearly behind the winner; without a winner, behind the reference."""
    if not rows:
        return tuple(signed)
    if winner is None or winner == reference:
        level = tuple(row.name for row in rows if row.call != "worse")
        return (reference, *level) if winner is None else level
    beaten = {
        name: against(signed[name] - signed[winner], ratio, rope)[1].worse >= SURE
        for name in signed
        if name not in (winner, reference)
    }
    return tuple(name for name, behind in beaten.items() if not behind)


def _reasons(
    rows: tuple[Standing, ...],
    winner: str | None,
    tied: tuple[str, ...],
    positives: int,
    reference: str,
    results: Results,
) -> tuple[str, ...]:
    """Codes, the deciding one first."""
    if positives < DESCRIBE_ONLY:
        first = "too-few-positives"
    elif len(results) == 1:
        first = "nothing-to-compare"
    elif not rows:
        first = "too-few-folds"
    elif winner is None:
        first = "few-positives"
    elif winner == reference:
        first = "tie" if tied else "reference-best"
    else:
        first = "several-winners" if tied else "beats-reference"
    lows = [one["figures"].get("roc_auc", {}).get("low") for one in results.values()]
    noise = all(low is not None and low <= 0.5 for low in lows)
    return (
        first,
        *(["no-signal"] if noise else []),
        *(["calibration-unproven"] if positives < CALIBRATION else []),
    )


def _less_optimism(figure: FigureDict, optimism: float, metric: str) -> FigureDict:
    """The figure moved to the worse side by what picking the best had added."""
    bounds = BY_NAME[metric]
    step = -optimism if bounds.better == "higher" else optimism
    return {
        end: None if value is None else min(max(value + step, bounds.low), bounds.high)
        for end, value in figure.items()
    }
