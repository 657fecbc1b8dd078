"""The rule that turns a true probability into a class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from steelyard.decision.costs import CostMatrix
from steelyard.errors import GoalError
from steelyard.stats.row_costs import RowCosts
from steelyard.stats.three_way import ACTIONS, PASS, ThreeWayCosts
from steelyard.stats.validation import Codes, class_weights, probabilities

RULES = ("threshold", "weights", "costs", "row_costs", "three_way")


@dataclass(frozen=True)
class DecisionRule:
    """One of five rules; ties go to the lower code, except at the threshold itself.

    `threshold`: of two classes, `positive` (default 1) where its probability is at least this.
    `weights`: one factor per class, the class with the largest p * weight.
    `costs`: `costs[true][decided]`, the class with the least expected cost.
    `row_costs`: of two classes, `positive` from each row's own threshold on.
    `three_way`: of two classes, `positive` where a row is not passed (`actions` tells which).

    >>> DecisionRule(threshold=0.1).decide([[0.9, 0.1], [0.95, 0.05]])
    array([1, 0])
    >>> DecisionRule(weights=(1, 1, 10)).decide([[0.6, 0.3, 0.1]])
    array([2])
    >>> by_amount = DecisionRule(row_costs=RowCosts(5.0, "Amount", (5.0, 100.0)))
    >>> by_amount.decide([[0.9, 0.1], [0.9, 0.1]], {"Amount": [10, 100]})
    array([0, 1])
    """

    threshold: float | None = None
    positive: int | None = None
    weights: tuple[float, ...] | None = None
    costs: tuple[tuple[float, ...], ...] | None = None
    row_costs: RowCosts | None = None
    three_way: ThreeWayCosts | None = None

    def __post_init__(self) -> None:
        given = [name for name in RULES if getattr(self, name) is not None]
        if len(given) != 1:
            raise GoalError(
                f"a decision rule got {' and '.join(given) or 'nothing'}; "
                f"give one of {', '.join(RULES)}"
            )
        if self.threshold is not None:
            self._check_threshold(self.threshold)
        elif self.row_costs is not None or self.three_way is not None:
            self._check_positive()
        elif self.positive is not None:
            raise GoalError(f"positive is {self.positive}, which only a threshold can use")
        if self.weights is not None:
            object.__setattr__(self, "weights", class_weights(self.weights))
        if self.costs is not None:
            object.__setattr__(self, "costs", CostMatrix(self.costs).costs)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it needs of a row besides its probabilities."""
        by_row = self.row_costs or self.three_way
        return () if by_row is None else by_row.columns

    def labels(self, classes: Sequence[Any]) -> tuple[Any, ...]:
        """What its decisions are called: the classes, or pass, review and block."""
        return tuple(classes) if self.three_way is None else ACTIONS

    def act(self, p: ArrayLike, columns: Mapping[str, ArrayLike] | None = None) -> Codes:
        """Positions in `labels`, shape (rows,); arguments as of `decide`."""
        if self.three_way is None:
            return self.decide(p, columns)
        return np.asarray(self.three_way.actions(probabilities(p)[:, self.positive or 0], columns))

    def as_classes(self, acted: Codes) -> Codes:
        """Class codes from what `act` gives: the class of interest where a row is not passed."""
        if self.three_way is None:
            return acted
        positive = int(self.positive or 0)
        return np.where(acted == PASS, 1 - positive, positive)

    def _check_threshold(self, threshold: float) -> None:
        self._check_positive()
        if not 0.0 <= threshold <= 1.0:
            raise GoalError(f"the threshold is {threshold}; give a probability, 0 to 1")
        object.__setattr__(self, "threshold", float(threshold))

    def _check_positive(self) -> None:
        positive = 1 if self.positive is None else self.positive
        if positive not in (0, 1):
            raise GoalError(
                f"positive is {positive}, but a threshold parts two classes, 0 and 1; "
                "use weights for more"
            )
        object.__setattr__(self, "positive", int(positive))

    def decide(self, p: ArrayLike, columns: Mapping[str, ArrayLike] | None = None) -> Codes:
        """The class code of each row, shape (rows,), from probabilities (rows, classes).

        `columns`: those that `row_costs` are computed from, each of shape (rows,).
        Raises: DataError: one of them is not there.
        """
        values = probabilities(p)
        needed = next(len(rule) for rule in (self.weights, self.costs, (0, 1)) if rule is not None)
        if values.shape[1] != needed:
            raise GoalError(
                f"a rule for {needed} classes met probabilities of {values.shape[1]} classes"
            )
        if self.weights is not None:
            return np.argmax(values * np.array(self.weights), axis=1)
        if self.costs is not None:
            return np.argmin(values @ np.array(self.costs), axis=1)
        if self.three_way is not None:
            return self.as_classes(self.act(values, columns))
        positive = int(self.positive or 0)
        threshold: Any = self.threshold or 0.0
        if self.row_costs is not None:
            threshold = self.row_costs.thresholds(columns or {})
        return np.where(values[:, positive] >= threshold, positive, 1 - positive)

    def to_dict(self) -> dict[str, Any]:
        """The arguments that are set, as plain values: `DecisionRule(**rule.to_dict())`."""
        values: dict[str, Any] = {
            name: value for name, value in vars(self).items() if value is not None
        }
        if self.weights is not None:
            values["weights"] = list(self.weights)
        if self.costs is not None:
            values["costs"] = [list(row) for row in self.costs]
        if self.row_costs is not None:
            values["row_costs"] = self.row_costs.to_dict()
        if self.three_way is not None:
            values["three_way"] = self.three_way.to_dict()
        return values

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "DecisionRule":
        """The rule that `to_dict` described."""
        made: dict[str, Any] = {"row_costs": RowCosts, "three_way": ThreeWayCosts}
        nested = {name: made[name](**values[name]) for name in made if values.get(name)}
        return DecisionRule(**(values | nested))
