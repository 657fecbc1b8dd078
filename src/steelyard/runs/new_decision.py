"""New class shares or a new goal for a finished comparison: a new decision, no training."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from steelyard.decision import (
    Goal,
    as_goal,
    correct_prior,
    goal_from_dict,
    ranks_rows,
    tune,
)
from steelyard.errors import DataError, RequestError

if TYPE_CHECKING:
    from steelyard.runs.study import Study


def natural_prior(run: dict[str, Any]) -> np.ndarray:
    """Class shares of the table that was compared on, shape (classes,)."""
    weights = run["data"].get("weights")
    rows = [entry["count"] for entry in run["data"]["classes"]]
    counts = np.array(weights["counts"] if weights else rows, dtype=np.float64)
    return counts / counts.sum()


def stated_prior(run: dict[str, Any], prevalence: float | Mapping[Any, float]) -> np.ndarray:
    """Class shares from the share of the positive class, or of every class, that is stated.

    Raises: RequestError: a share that is not between 0 and 1, or shares that do not sum to 1.
    """
    classes = [entry["label"] for entry in run["data"]["classes"]]
    if isinstance(prevalence, Mapping):
        return _every_share(classes, prevalence)
    share = _share(prevalence)
    prior, positive = natural_prior(run), classes.index(run["data"]["positive"])
    rest = np.where(np.arange(len(classes)) == positive, 0.0, prior)
    prior = (1.0 - share) * rest / rest.sum()
    prior[positive] = share
    return prior


COLUMN = "column_"  # begins the names of what predictions.parquet keeps of the table


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of the deployed technique: p (rows, classes), codes, groups, folds, weights.

    `group`: what rows belong together by, the run's groups or else their source rows. `weight`:
    None where every row counts alike. `columns`: what is kept of the table for decisions.
    """

    p: np.ndarray
    y: np.ndarray
    group: np.ndarray
    fold: np.ndarray
    weight: np.ndarray | None = None
    columns: dict[str, np.ndarray] = field(default_factory=dict)


def out_of_fold(study: "Study", repeat: int | None = None) -> OutOfFold:
    """All repeats, or one of them."""
    kept = study.predictions.filter(pl.col("technique") == study.run["decision"]["technique"])
    if repeat is not None:
        kept = kept.filter(pl.col("repeat") == repeat)
    if "truth" not in kept.columns:
        raise DataError(
            "this run's predictions.parquet was written without the column truth, which a new "
            "decision is tuned on; run compare again"
        )
    p = kept.select(f"probability_{label}" for label in study.classes).to_numpy()
    code = {label: k for k, label in enumerate(study.classes)}
    y = np.array([code[label] for label in kept["truth"].to_list()])
    group = kept["group" if "group" in kept.columns else "row"].to_numpy()
    weight = kept["weight"].to_numpy() if "weight" in kept.columns else None
    fold = kept["fold"].to_numpy()
    return OutOfFold(p.astype(np.float64), y, group, fold, weight, columns_kept(kept))


def columns_kept(predictions: pl.DataFrame) -> dict[str, np.ndarray]:
    """The table's columns beside predictions, by name, float64."""
    return {
        name.removeprefix(COLUMN): predictions[name].cast(pl.Float64).to_numpy()
        for name in predictions.columns
        if name.startswith(COLUMN)
    }


def new_decision(
    study: "Study",
    *,
    prior: np.ndarray,
    goal: Goal | str | None,
    seed: int = 0,
    unlabelled: dict[str, Any] | None = None,
) -> tuple[Any, dict[str, Any]]:
    """The decision rule for `goal` (None: as before) where class shares are `prior`.

    `unlabelled`: what unlabelled rows said (`decision.unlabelled` of run.json); where their scores
    were taken as those of other features, the out-of-fold rows count as rows with such scores.

    Returns: the rule and run.json's `decision`.
    """
    decision = study.run["decision"]
    wanted = goal_from_dict(decision["goal"]) if goal is None else as_goal(goal)
    known = out_of_fold(study, repeat=0 if ranks_rows(wanted) else None)
    positive = study.classes.index(study.run["data"]["positive"])
    tuned = tune(
        correct_prior(known.p, natural_prior(study.run), prior),
        known.y,
        wanted,
        positive=positive,
        groups=known.group,
        sample_weight=_row_weights(known, positive, unlabelled),
        deployed_on=prior,
        seed=seed,
        labels=study.classes,
        columns=known.columns,
    )
    return tuned.rule, decision | {
        "goal": wanted.to_dict(),
        "describe": wanted.describe(),
        "prior": prior.tolist(),
        "rule": tuned.rule.to_dict(),
        "tuned": tuned.to_dict(),
    }


def _row_weights(
    known: OutOfFold, positive: int, unlabelled: dict[str, Any] | None
) -> np.ndarray | None:
    if not unlabelled or "score_weights" not in unlabelled:
        return known.weight
    edges, factors = (np.array(unlabelled["score_weights"][name]) for name in ("edges", "factors"))
    own = np.ones(len(known.y)) if known.weight is None else known.weight
    return np.asarray(own * factors[np.searchsorted(edges, known.p[:, positive])])


def _share(value: Any) -> float:
    try:
        share = float(value)
    except (TypeError, ValueError) as error:
        raise RequestError(f"prevalence is {value!r}; give a share such as 0.02") from error
    if not 0.0 < share < 1.0:
        raise RequestError(
            f"prevalence is {share:g}; it must lie between 0 and 1, both left out: where a class "
            "never or always occurs there is nothing to decide (2 % is 0.02)"
        )
    return share


def _every_share(classes: list[Any], prevalence: Mapping[Any, float]) -> np.ndarray:
    if set(prevalence) != set(classes):
        raise RequestError(
            f"prevalence names {', '.join(map(repr, prevalence))}; give one share for each of "
            f"{', '.join(map(repr, classes))}, or one number for the positive class"
        )
    prior = np.array([_share(prevalence[label]) for label in classes])
    if abs(prior.sum() - 1.0) > 1e-3:
        raise RequestError(f"the shares in prevalence sum to {prior.sum():.4g}; they must sum to 1")
    return prior / prior.sum()
