"""Decisions over rows that are seen together: the best of each period."""

from typing import Any

import numpy as np
import polars as pl

from steelyard.decision import (
    Alerts,
    DecisionRule,
    Goal,
    best_of_each_period,
    goal_from_dict,
    ranks_rows,
)


def decided_together(
    goal: Goal, probability: np.ndarray, decision: np.ndarray, frame: pl.DataFrame, positive: int
) -> np.ndarray:
    """Codes (rows,): those of `decision`, or where the goal is a budget by period its best rows.

    `frame`: the columns that the goal needs, of the same rows. `positive`: code of the class of
    interest.
    """
    if not (isinstance(goal, Alerts) and ranks_rows(goal)):
        return decision
    flagged = best_of_each_period(
        goal, probability[:, positive].astype(np.float64), needed(goal, frame)
    )
    return np.where(flagged, positive, 1 - positive).astype(decision.dtype)


def class_decisions(
    run: dict[str, Any], probability: np.ndarray, acted: np.ndarray, frame: pl.DataFrame
) -> np.ndarray:
    """Class codes (rows,) of what the model of run.json's content `run` decided.

    `acted`: its own codes. `frame`: the columns that its goal needs, of the same rows.
    """
    decision = run["decision"]
    codes = DecisionRule.from_dict(decision["rule"]).as_classes(acted)
    positive = [entry["label"] for entry in run["data"]["classes"]].index(run["data"]["positive"])
    goal = goal_from_dict(decision["goal"])
    return decided_together(goal, probability, codes, frame, positive)


def needed(goal: Goal, frame: pl.DataFrame) -> dict[str, Any]:
    """What the goal needs of a frame, float64, NaN where missing."""
    return {name: frame[name].cast(pl.Float64).to_numpy() for name in goal.columns}
