"""Costs of mistakes that differ from row to row, and the threshold of each row.

With a true probability p a row is flagged where the expected cost of a miss, p * fn, is at least
that of a false alarm, (1 - p) * fp: from p = fp / (fp + fn) on, each row at its own threshold.
Source: Elkan, "The foundations of cost-sensitive learning", IJCAI 2001, section 2.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import DataError, GoalError
from steelyard.stats.expression import Expression

Floats = NDArray[np.float64]
Cost = float | str
NEVER = 2.0  # a threshold that no probability reaches


@dataclass(frozen=True)
class RowCosts:
    """What a false alarm and a miss cost in a row: numbers, or expressions of its columns.

    `if_missing`: the costs, in the same order, of a row whose column has no value. A cost below 0
    counts as 0: a mistake that pays is none to avoid.

    >>> costs = RowCosts(5.0, "Amount", (5.0, 100.0))
    >>> costs.thresholds({"Amount": [95.0, 0.0, float("nan")]}).round(4).tolist()
    [0.05, 2.0, 0.0476]
    """

    fp: Cost
    fn: Cost
    if_missing: tuple[float, float]

    def __post_init__(self) -> None:
        for name in ("fp", "fn"):
            object.__setattr__(self, name, checked_cost(name, getattr(self, name)))
        fp, fn = (float(value) for value in self.if_missing)
        if not (math.isfinite(fp) and math.isfinite(fn) and fp >= 0.0 and fn >= 0.0):
            raise GoalError(f"if_missing is {self.if_missing}; give two finite costs >= 0")
        object.__setattr__(self, "if_missing", (fp, fn))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that they are computed from."""
        return columns_of(self.fp, self.fn)

    def of(self, columns: Mapping[str, ArrayLike], rows: int | None = None) -> Floats:
        """Costs of a false alarm and a miss, >= 0, shape (rows, 2)."""
        raw = raw_costs(self.fp, self.fn, columns, rows)
        return np.maximum(np.where(np.isfinite(raw), raw, np.array(self.if_missing)), 0.0)

    def thresholds(self, columns: Mapping[str, ArrayLike]) -> Floats:
        """The probability that a row is flagged from, shape (rows,)."""
        return row_thresholds(self.of(columns))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"fp": self.fp, "fn": self.fn, "if_missing": list(self.if_missing)}


def checked_cost(name: str, cost: Any) -> Cost:
    """A positive number, or the text of an expression that needs a column.

    Raises: GoalError: neither.
    """
    if isinstance(cost, str):
        expression = Expression(cost)
        if expression.columns:
            return cost
        try:
            cost = expression.of({})
        except ZeroDivisionError:
            cost = math.nan
    try:
        value = float(cost)
    except (TypeError, ValueError) as error:
        raise GoalError(
            f"the cost {name} is {cost!r}; give a number, a column, or an expression of columns"
        ) from error
    if not math.isfinite(value):
        raise GoalError(f"the cost {name} is {value}; give a finite number")
    if value <= 0.0:
        raise GoalError(
            f"the cost {name} is {value:g}; a mistake must cost more than 0 "
            "(one that costs nothing needs no model)"
        )
    return value


def columns_of(*costs: Cost) -> tuple[str, ...]:
    """The columns of several costs, each once."""
    named = (Expression(cost).columns for cost in costs if isinstance(cost, str))
    return tuple(dict.fromkeys(column for columns in named for column in columns))


def raw_costs(
    fp: Cost, fn: Cost, columns: Mapping[str, ArrayLike], rows: int | None = None
) -> Floats:
    """Both costs as computed, (rows, 2): NaN or infinite where a column has no value.

    Raises: DataError: a column is not there.
    """
    needed = columns_of(fp, fn)
    for name in needed:
        if name not in columns:
            raise DataError(
                f"there is no column {name!r}, which the costs are computed from; "
                f"give it beside the others ({', '.join(map(repr, columns)) or 'none are there'})"
            )
    arrays = {name: np.asarray(columns[name], dtype=np.float64) for name in needed}
    size = rows if not arrays else len(next(iter(arrays.values())))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        both = [Expression(cost).of(arrays) if isinstance(cost, str) else cost for cost in (fp, fn)]
    return np.stack([np.broadcast_to(one, (size or 0,)) for one in both], axis=1).astype(np.float64)


def row_thresholds(costs: Floats) -> Floats:
    """Fp / (fp + fn) of each row; `NEVER` where a miss costs nothing. Shapes (rows, 2), (rows,)."""
    fp, fn = costs[..., 0], costs[..., 1]
    never = fn <= 0.0
    return np.where(never, NEVER, fp / np.where(never, 1.0, fp + fn))


def paid(costs: Floats, truth: NDArray[np.bool_], flagged: NDArray[np.bool_]) -> Floats:
    """What the decision about each row costs, shape (rows,)."""
    wrong = np.where(truth, costs[:, 1], costs[:, 0])
    return np.where(truth != flagged, wrong, 0.0)


def learned(
    fp: Cost, fn: Cost, columns: Mapping[str, ArrayLike], positive: NDArray[np.bool_]
) -> RowCosts:
    """Costs by row, with the means that stand in where a column has no value.

    A miss happens to a positive and a false alarm to another row, so those are what the means are
    over; over all rows where none of that kind has a value.
    Raises: DataError: a column is not there, or no row has a value. GoalError: mistakes of one
        kind cost nothing.
    """
    raw, means = raw_costs(fp, fn, columns, len(positive)), []
    for k, (name, cost, kind) in enumerate((("fp", fp, ~positive), ("fn", fn, positive))):
        known = np.isfinite(raw[:, k])
        if not known.any():
            raise DataError(
                f"the cost {name}, {cost!r}, has no value in any row; fill the column, or give a "
                "number"
            )
        mine = known & kind if (known & kind).any() else known
        means.append(float(np.maximum(raw[mine, k], 0.0).mean()))
        if means[-1] == 0.0:
            raise GoalError(
                f"the cost {name}, {cost!r}, is 0 or less in every row that such a mistake can "
                "happen to; it must be above 0 in some (one that costs nothing needs no model)"
            )
    return RowCosts(fp, fn, (means[0], means[1]))


def notes_on(by_row: RowCosts, columns: Mapping[str, ArrayLike]) -> list[str]:
    """What to know of the costs of these rows: gaps, costs of 0 or below, all of them equal."""
    raw, said = raw_costs(by_row.fp, by_row.fn, columns), []
    for k, name in enumerate(("a false alarm", "a miss")):
        gone, below = int((~np.isfinite(raw[:, k])).sum()), int((raw[:, k] < 0.0).sum())
        if gone:
            said.append(
                f"the cost of {name} has no value in {gone:,} rows: they count with the mean, "
                f"{by_row.if_missing[k]:.4g}"
            )
        if below:
            said.append(f"the cost of {name} is below 0 in {below:,} rows and counts as 0 there")
    costs = by_row.of(columns)
    nothing = int((costs[:, 1] == 0.0).sum())
    if nothing:
        said.append(f"{nothing:,} rows, whose miss costs nothing, are never flagged")
    if (costs == costs[0]).all():
        said.append("every row costs the same: constant costs decide alike")
    return said
