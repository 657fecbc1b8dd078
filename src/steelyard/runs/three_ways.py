"""What three-way decisions come to on labelled rows."""

from typing import Any

import numpy as np
import polars as pl

from steelyard.decision import Goal, ThreeWay
from steelyard.decision.three_way import own_costs
from steelyard.runs.ranked import needed
from steelyard.stats.money import mean_cost
from steelyard.stats.three_way import ACTIONS, paid_three_ways


def three_way_counts(
    goal: Goal, frame: pl.DataFrame, truth: np.ndarray, actions: np.ndarray
) -> dict[str, Any] | None:
    """Rows by action and their cost per row with its interval; None where no rows are reviewed.

    `frame`: what the goal needs of the rows. `actions`: positions in `ACTIONS`, (rows,).
    """
    if not isinstance(goal, ThreeWay):
        return None
    columns = needed(goal, frame)
    costs = own_costs(goal, columns, truth).of(columns, len(truth))
    paid = paid_three_ways(costs, truth, actions, goal.review_cost, goal.hit_rate)
    counts = np.bincount(actions, minlength=len(ACTIONS)).tolist()
    return dict(zip(ACTIONS, counts, strict=True)) | {"cost_per_row": mean_cost(paid)}
