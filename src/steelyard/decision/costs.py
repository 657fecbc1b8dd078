"""Goals in money: the least expected cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.decision.goal import Goal
from steelyard.errors import GoalError
from steelyard.stats.row_costs import Cost, RowCosts, checked_cost, columns_of, learned


@dataclass(frozen=True)
class Costs(Goal):
    """Least expected cost, when a false alarm costs `fp` and a missed positive `fn`.

    Any unit, both above 0; right answers cost nothing. Only the ratio decides. Either may be a
    column, or arithmetic over columns (`+ - * / ( )`, names with blanks in backticks or quotes):
    then each row has its own threshold. There a cost below 0 counts as 0, a row whose miss costs
    nothing is never flagged, and a row without a value has the mean cost.

    >>> Costs(fp=1, fn=9).threshold
    0.1
    >>> Costs(fp=5, fn="0.9 * Amount + 2").columns
    ('Amount',)
    """

    kind: ClassVar[str] = "costs"
    served_by: ClassVar[str] = "cost per row"
    binary_only: ClassVar[bool] = True
    fp: Cost
    fn: Cost

    def __post_init__(self) -> None:
        for name in ("fp", "fn"):
            object.__setattr__(self, name, checked_cost(name, getattr(self, name)))

    @property
    def columns(self) -> tuple[str, ...]:
        return columns_of(self.fp, self.fn)

    @property
    def threshold(self) -> float:
        """The best threshold for true probabilities, fp / (fp + fn) (Elkan 2001).

        Raises: GoalError: every row has its own.
        """
        if isinstance(self.fp, str) or isinstance(self.fn, str):
            raise GoalError(f"every row has its own threshold where costs are {self.columns}")
        return self.fp / (self.fp + self.fn)

    def describe(self) -> str:
        fp, fn = (cost if isinstance(cost, str) else f"{cost:g}" for cost in (self.fp, self.fn))
        return f"least cost, where a false alarm costs {fp} and a miss {fn}"


@dataclass(frozen=True)
class CostMatrix(Goal):
    """Least expected cost, when `costs[true][predicted]` is what each answer costs.

    >>> CostMatrix([[0, 1, 1], [5, 0, 2], [50, 20, 0]]).classes
    3
    """

    kind: ClassVar[str] = "cost-matrix"
    served_by: ClassVar[str] = "cost per row"
    costs: tuple[tuple[float, ...], ...]

    def __init__(self, costs: Sequence[Sequence[float]]) -> None:
        try:
            matrix = np.array(costs, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise GoalError(
                "a cost matrix needs a number for every true class (row) and predicted class "
                "(column)"
            ) from error
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
            raise GoalError(
                f"a cost matrix of shape {matrix.shape}; it needs one row and one column per class"
            )
        if not np.isfinite(matrix).all() or matrix.min() < 0.0:
            raise GoalError(
                "a cost matrix holds negative, infinite or missing costs; give numbers >= 0 "
                "(add a constant to a row to write a gain as a smaller cost)"
            )
        if (matrix == matrix[:, :1]).all():
            raise GoalError(
                "a cost matrix in which every answer costs the same decides nothing; "
                "let right answers (the diagonal) cost less"
            )
        object.__setattr__(self, "costs", tuple(tuple(row) for row in matrix.tolist()))

    @property
    def classes(self) -> int:
        """Number of classes it is for."""
        return len(self.costs)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "costs": [list(row) for row in self.costs]}

    def describe(self) -> str:
        return f"least cost by a matrix of {self.classes} x {self.classes} costs"


def costs_of(goal: Goal) -> Any:
    """What mistakes cost alike in every row: a pair (fp, fn), a matrix, or None."""
    if isinstance(goal, Costs):
        return None if goal.columns else (goal.fp, goal.fn)
    return goal.costs if isinstance(goal, CostMatrix) else None


def costs_by_row(
    goal: Goal, columns: Mapping[str, ArrayLike] | None, positive: NDArray[np.bool_]
) -> RowCosts | None:
    """The costs of a goal whose costs differ by row, learned on these rows; None for any other.

    Raises: DataError: a column is not among `columns`, or has no value in any row.
    """
    if not (isinstance(goal, Costs) and goal.columns):
        return None
    return learned(goal.fp, goal.fn, columns or {}, positive)
