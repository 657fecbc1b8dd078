"""Pass, review or block: the cheapest by expected cost, with a reviewer who costs and errs.

With a true probability p, passing a row costs p * fn on average, blocking it (1 - p) * fp, and
having it reviewed the review itself and what the reviewer does not see, p * (1 - hit_rate) * fn. So
rows are reviewed in between, from p = review / (hit_rate * fn) up to
(fp - review) / (fp + (1 - hit_rate) * fn), where there is room between those.
Source: Chow, "On optimum recognition error and reject tradeoff", IEEE Trans. Inf. Theory 16, 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import GoalError
from steelyard.stats.row_costs import Cost, Floats, RowCosts

ACTIONS = ("pass", "review", "block")
PASS, REVIEW, BLOCK = range(3)


@dataclass(frozen=True)
class ThreeWayCosts:
    """Costs of a false alarm (blocked) and a miss (passed), of a review, and what a reviewer finds.

    `fp`, `fn`, `if_missing`: as `RowCosts` takes them. `review`: the cost of a review, the price of
    a limited capacity included.

    >>> three = ThreeWayCosts(10.0, 100.0, (10.0, 100.0), review=2.0, hit_rate=0.9)
    >>> three.actions([0.01, 0.03, 0.5]).tolist()
    [0, 1, 2]
    """

    fp: Cost
    fn: Cost
    if_missing: tuple[float, float]
    review: float
    hit_rate: float

    def __post_init__(self) -> None:
        costs = RowCosts(self.fp, self.fn, self.if_missing)
        for name in ("fp", "fn", "if_missing"):
            object.__setattr__(self, name, getattr(costs, name))
        if not (self.review >= 0.0 and 0.0 < self.hit_rate <= 1.0):
            raise GoalError(
                f"a review costs {self.review} and finds {self.hit_rate}; give a cost of 0 or "
                "more and a share above 0 and up to 1"
            )

    @property
    def by_row(self) -> RowCosts:
        """Costs of a false alarm and a miss."""
        return RowCosts(self.fp, self.fn, self.if_missing)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that costs are computed from."""
        return self.by_row.columns

    def actions(self, p: ArrayLike, columns: Mapping[str, ArrayLike] | None = None) -> Any:
        """Position in `ACTIONS` of the cheapest action of each row, the more careful of equals."""
        values = np.asarray(p, dtype=np.float64)
        costs = self.by_row.of(columns or {}, len(values))
        passed, reviewed, blocked = expected(values, costs, self.review, self.hit_rate)
        found = np.where(reviewed <= passed, REVIEW, PASS)
        found = np.where((blocked <= passed) & (blocked <= reviewed), BLOCK, found)
        return np.where(costs[:, 1] <= 0.0, PASS, found)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        given = {"review": self.review, "hit_rate": self.hit_rate}
        return self.by_row.to_dict() | given


def expected(p: Any, costs: Any, review: float, hit_rate: float) -> tuple[Any, Any, Any]:
    """Expected cost of passing, reviewing and blocking each row; costs of shape (rows, 2)."""
    fp, fn = costs[:, 0], costs[:, 1]
    return p * fn, review + p * (1.0 - hit_rate) * fn, (1.0 - p) * fp


def gain_of_review(p: Floats, costs: Floats, review: float, hit_rate: float) -> Floats:
    """What reviewing a row is expected to save against the better of passing and blocking it."""
    passed, reviewed, blocked = expected(p, costs, review, hit_rate)
    return np.asarray(np.minimum(passed, blocked) - reviewed)


def price_of_capacity(gain: Floats, weight: Floats, capacity: float) -> float:
    """What a review must save beyond its cost, so that no more than this share of rows is reviewed.

    Rows of equal gain are reviewed together or not at all.
    """
    order = np.argsort(-gain, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    last_of_ties = np.append(np.diff(gain[order]) != 0, True)
    over = np.flatnonzero(reached > capacity + 1e-12)
    if not len(over) or gain[order][over[0]] < 0.0:
        return 0.0
    fits = np.flatnonzero(last_of_ties & (reached <= capacity + 1e-12))
    first_out = float(gain[order][fits[-1] + 1]) if len(fits) else float(gain[order][0])
    last_in = float(gain[order][fits[-1]]) if len(fits) else first_out + abs(first_out) + 1.0
    return first_out + (last_in - first_out) / 2.0


def paid_three_ways(
    costs: Floats, truth: NDArray[np.bool_], actions: Any, review: float, hit_rate: float
) -> Floats:
    """What each row costs, a review's chance of missing a positive included, shape (rows,)."""
    missed = np.where(truth, costs[:, 1], 0.0)
    alarms = np.where(truth, 0.0, costs[:, 0])
    return np.choose(actions, [missed, review + (1.0 - hit_rate) * missed, alarms])
