"""Three-way decisions: pass, review, block."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.decision.costs import Costs
from steelyard.decision.goal import Goal, number, share_of
from steelyard.errors import GoalError
from steelyard.stats.limits import TO_COMPARE, TO_NAME_BEST
from steelyard.stats.row_costs import Floats, RowCosts, learned, notes_on
from steelyard.stats.three_way import (
    BLOCK,
    REVIEW,
    ThreeWayCosts,
    gain_of_review,
    paid_three_ways,
    price_of_capacity,
)


@dataclass(frozen=True)
class ThreeWay(Goal):
    """Each row is passed, reviewed or blocked, whichever is expected to cost least.

    Args:
        costs: `fp` is what blocking a row in error costs, `fn` passing a positive one; numbers or
            expressions of columns.
        review_cost: of one review.
        hit_rate: share of the positives that a reviewer recognises; of the others none is blocked.
        capacity: of 1,000 rows at most so many reviewed, on average; None: no limit.

    In metrics of two classes a row counts as flagged where it is not passed.

    >>> ThreeWay(Costs(fp=10, fn=100), review_cost=2, hit_rate=0.9).between()
    (0.0222..., 0.4)
    """

    kind: ClassVar[str] = "three-way"
    served_by: ClassVar[str] = "cost per row"
    binary_only: ClassVar[bool] = True
    costs: Costs
    review_cost: float
    hit_rate: float = 1.0
    capacity: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.costs, Mapping):
            given = {key: value for key, value in self.costs.items() if key != "kind"}
            object.__setattr__(self, "costs", Costs(**given))
        if not isinstance(self.costs, Costs):
            raise GoalError(f"costs is {self.costs!r}; give Costs(fp=..., fn=...)")
        review = number(self.review_cost, "review_cost")
        if review < 0.0:
            raise GoalError(f"review_cost is {review:g}; give 0 or more")
        object.__setattr__(self, "review_cost", review)
        object.__setattr__(self, "hit_rate", share_of(self.hit_rate, "hit_rate"))
        if self.capacity is not None:
            capacity = number(self.capacity, "capacity")
            if not 0.0 < capacity <= 1000.0:
                raise GoalError(
                    f"capacity is {capacity:g}; give how many of 1,000 rows can be reviewed, above "
                    "0 and up to 1000 (with none there is nothing to review: use Costs)"
                )
            object.__setattr__(self, "capacity", capacity)

    @property
    def columns(self) -> tuple[str, ...]:
        return self.costs.columns

    def between(self, fp: float | None = None, fn: float | None = None) -> tuple[float, float]:
        """The probabilities that rows are reviewed and blocked from, without a limit.

        Equal where nothing is worth a review. `fp`, `fn`: of a row whose costs are its own.
        """
        alarm = number(self.costs.fp if fp is None else fp, "fp")
        miss = number(self.costs.fn if fn is None else fn, "fn")
        low = self.review_cost / (self.hit_rate * miss)
        high = (alarm - self.review_cost) / (alarm + (1.0 - self.hit_rate) * miss)
        both = alarm / (alarm + miss)
        return (low, high) if low < high else (both, both)

    def to_dict(self) -> dict[str, Any]:
        limit = {} if self.capacity is None else {"capacity": self.capacity}
        return {
            "kind": self.kind,
            "costs": self.costs.to_dict(),
            "review_cost": self.review_cost,
            "hit_rate": self.hit_rate,
        } | limit

    def describe(self) -> str:
        limit = "" if self.capacity is None else f" and at most {self.capacity:g} of 1,000 reviewed"
        return (
            f"{self.costs.describe()}, a review {self.review_cost:g} that finds "
            f"{100 * self.hit_rate:g} %{limit}: pass, review or block"
        )


def tuned_three_way(
    goal: ThreeWay,
    p: Floats,
    truth: NDArray[np.bool_],
    columns: Mapping[str, ArrayLike],
    weight: Floats,
) -> tuple[ThreeWayCosts, float, tuple[str, ...]]:
    """The costs to decide by, the cost per row on these rows, and what to mind."""
    own = own_costs(goal, columns, truth)
    each = own.of(columns, len(p))
    price = 0.0
    if goal.capacity is not None:
        gain = gain_of_review(p, each, goal.review_cost, goal.hit_rate)
        price = price_of_capacity(gain, weight, goal.capacity / 1000.0)
    review = goal.review_cost + price
    rule = ThreeWayCosts(own.fp, own.fn, own.if_missing, review, goal.hit_rate)
    actions = rule.actions(p, columns)
    paid = paid_three_ways(each, truth, actions, goal.review_cost, goal.hit_rate)
    two = ThreeWayCosts(own.fp, own.fn, own.if_missing, float("inf"), goal.hit_rate)
    without = paid_three_ways(each, truth, two.actions(p, columns), 0.0, goal.hit_rate)
    value, alone = (float(np.average(one, weights=weight)) for one in (paid, without))
    shares = [1000.0 * np.average(actions == k, weights=weight) for k in (REVIEW, BLOCK)]
    said = [
        f"of 1,000 rows {shares[0]:.3g} are reviewed and {shares[1]:.3g} blocked; they cost "
        f"{1000 * value:.4g}, without reviews {1000 * alone:.4g}"
    ]
    if price > 0.0:
        said.append(f"the capacity binds: a review must save {price:.4g} beyond its cost")
    if not (actions == REVIEW).any():
        said.append("no row is worth a review at these costs")
    said += notes_on(own, columns) if own.columns else []
    positives = int(truth.sum())
    if positives < TO_NAME_BEST:
        tail = "a guess" if positives < TO_COMPARE else "uncertain"
        said.append(f"only {positives} positives: the probabilities decided by are {tail}")
    return rule, value, tuple(said)


def own_costs(
    goal: ThreeWay, columns: Mapping[str, ArrayLike], truth: NDArray[np.bool_]
) -> RowCosts:
    """Costs of a false alarm and a miss, with what stands in for gaps learned on these rows."""
    costs = goal.costs
    if costs.columns:
        return learned(costs.fp, costs.fn, columns, truth)
    return RowCosts(costs.fp, costs.fn, (float(costs.fp), float(costs.fn)))
