"""What the user wants from the decision: costs, a metric to maximise, a bound, a capacity."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar

import numpy as np

from steelyard.errors import GoalError

METRICS = ("balanced_accuracy", "f1", "mcc", "gmean", "fbeta")


class Goal:
    """A member of the goals below. Frozen dataclasses of plain values, checked when made."""

    kind: ClassVar[str]
    binary_only: ClassVar[bool] = False
    served_by: ClassVar[str] = ""

    @property
    def takes_closest(self) -> bool:
        """Whether what comes closest to the bound will do where no threshold is sure to keep it."""
        return False

    @property
    def measure(self) -> str:
        """The metric that says how well the goal is served."""
        return self.served_by

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `goal_from_dict` builds an equal goal."""
        return {"kind": self.kind} | vars(self)

    def describe(self) -> str:
        """One English phrase."""
        raise NotImplementedError


@dataclass(frozen=True)
class Costs(Goal):
    """Least expected cost, when a false alarm costs `fp` and a missed positive `fn`.

    Any unit, both above 0; right answers cost nothing. Only the ratio decides.

    >>> Costs(fp=1, fn=9).threshold
    0.1
    """

    kind: ClassVar[str] = "costs"
    served_by: ClassVar[str] = "cost per row"
    binary_only: ClassVar[bool] = True
    fp: float
    fn: float

    def __post_init__(self) -> None:
        for name in ("fp", "fn"):
            value = _number(getattr(self, name), f"the cost {name}")
            if value <= 0.0:
                raise GoalError(
                    f"the cost {name} is {value:g}; a mistake must cost more than 0 "
                    "(one that costs nothing needs no model)"
                )
            object.__setattr__(self, name, value)

    @property
    def threshold(self) -> float:
        """The best threshold for true probabilities, fp / (fp + fn) (Elkan 2001)."""
        return self.fp / (self.fp + self.fn)

    def describe(self) -> str:
        return f"least cost, where a false alarm costs {self.fp:g} and a miss {self.fn:g}"


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


@dataclass(frozen=True)
class Maximise(Goal):
    """The largest value of a metric of decisions; for several classes the macro form.

    `metric`: balanced_accuracy, f1, mcc, gmean, or fbeta (recall counts `beta` times as much as
    precision; `beta` means nothing to the others).
    """

    kind: ClassVar[str] = "maximise"
    metric: str = "balanced_accuracy"
    beta: float = 2.0

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise GoalError(f"cannot maximise {self.metric!r}; there are: {', '.join(METRICS)}")
        beta = _number(self.beta, "beta")
        if beta <= 0.0:
            raise GoalError(f"beta is {beta:g}; it must be above 0 (2 favours recall)")
        object.__setattr__(self, "beta", beta)

    def to_dict(self) -> dict[str, Any]:
        beta = {"beta": self.beta} if self.metric == "fbeta" else {}
        return {"kind": self.kind, "metric": self.metric} | beta

    @property
    def measure(self) -> str:
        names = {"f1": "F1", "mcc": "MCC", "gmean": "G-mean", "fbeta": f"F-beta ({self.beta:g})"}
        return names.get(self.metric, self.metric.replace("_", " "))

    def describe(self) -> str:
        return f"the largest {self.measure}"


@dataclass(frozen=True)
class Bound(Goal):
    """A goal with a bound that the chosen threshold is 95 % sure to keep on new rows.

    Sure of the thresholds, however many were tried (`decision.certified`); new rows must be of the
    same kind. Where no threshold is sure the goal is refused; with `closest` the one that comes
    closest on these rows is taken, and the probability that it holds is stated.
    """

    closest: bool = field(default=False, kw_only=True)

    @property
    def takes_closest(self) -> bool:
        return self.closest

    def to_dict(self) -> dict[str, Any]:
        closest = {"closest": True} if self.closest else {}
        return (
            {"kind": self.kind} | {k: v for k, v in vars(self).items() if k != "closest"} | closest
        )


@dataclass(frozen=True)
class MinPrecision(Bound):
    """The largest recall among thresholds whose precision is at least `p`, in (0, 1]."""

    kind: ClassVar[str] = "min-precision"
    served_by: ClassVar[str] = "recall"
    binary_only: ClassVar[bool] = True
    p: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", _share(self.p, "min_precision"))

    def describe(self) -> str:
        return f"the largest recall at a precision of at least {self.p:g}"


@dataclass(frozen=True)
class MinRecall(Bound):
    """The largest precision among thresholds whose recall is at least `r`, in (0, 1]."""

    kind: ClassVar[str] = "min-recall"
    served_by: ClassVar[str] = "precision"
    binary_only: ClassVar[bool] = True
    r: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "r", _share(self.r, "min_recall"))

    def describe(self) -> str:
        return f"the largest precision at a recall of at least {self.r:g}"


@dataclass(frozen=True)
class Alerts(Bound):
    """The most positives found with at most `per_thousand` of 1,000 rows flagged."""

    kind: ClassVar[str] = "alerts"
    served_by: ClassVar[str] = "recall"
    binary_only: ClassVar[bool] = True
    per_thousand: float

    def __post_init__(self) -> None:
        value = _number(self.per_thousand, "alerts")
        if not 0.0 < value <= 1000.0:
            raise GoalError(
                f"alerts is {value:g}; give how many of 1,000 rows may be flagged, "
                "above 0 and up to 1000"
            )
        object.__setattr__(self, "per_thousand", value)

    @property
    def share(self) -> float:
        """The same as a share of all rows."""
        return self.per_thousand / 1000.0

    def describe(self) -> str:
        return f"the largest recall with at most {self.per_thousand:g} of 1,000 rows flagged"


@dataclass(frozen=True)
class Threshold(Goal):
    """A threshold chosen by hand: the class of interest from the probability `p` on."""

    kind: ClassVar[str] = "threshold"
    served_by: ClassVar[str] = "balanced accuracy"
    binary_only: ClassVar[bool] = True
    p: float

    def __post_init__(self) -> None:
        p = _number(self.p, "the threshold")
        if not 0.0 <= p <= 1.0:
            raise GoalError(f"the threshold is {p:g}; give a probability, 0 to 1 (5 % is 0.05)")
        object.__setattr__(self, "p", p)

    def describe(self) -> str:
        return f"a threshold of {self.p:g} chosen by hand"


GOALS: dict[str, type[Goal]] = {
    goal.kind: goal
    for goal in (Costs, CostMatrix, Maximise, MinPrecision, MinRecall, Alerts, Threshold)
}


def check_goal(goal: Goal, classes: int) -> None:
    """GoalError where a goal cannot be had with so many classes, with the one that can."""
    if isinstance(goal, CostMatrix) and goal.classes != classes:
        raise GoalError(
            f"a cost matrix for {goal.classes} classes, but the data has {classes}; "
            "give one row and one column per class"
        )
    if goal.binary_only and classes > 2:
        instead = "CostMatrix" if isinstance(goal, Costs) else "`Maximise('balanced_accuracy')`"
        raise GoalError(
            f"`{type(goal).__name__}` ({goal.describe()}) is for two classes, but the data has "
            f"{classes}; use {instead}, or make the target two classes"
        )


def goal_from_dict(values: dict[str, Any]) -> Goal:
    """The goal that `to_dict` described.

    >>> goal_from_dict(Costs(fp=1, fn=50).to_dict())
    Costs(fp=1.0, fn=50.0)
    """
    arguments = {key: value for key, value in values.items() if key != "kind"}
    if values.get("kind") not in GOALS:
        raise GoalError(f"no goal is called {values.get('kind')!r}; there are: {', '.join(GOALS)}")
    try:
        return GOALS[values["kind"]](**arguments)
    except TypeError as error:
        raise GoalError(f"the goal {values['kind']} does not take {arguments}") from error


def as_goal(goal: Any) -> Goal:
    """A goal, or the name of a metric to maximise; None is the largest balanced accuracy.

    Raises: GoalError: anything else.

    >>> as_goal("f1").describe()
    'the largest F1'
    """
    if goal is None:
        return Maximise()
    if isinstance(goal, str):
        return Maximise(goal)
    if isinstance(goal, Goal):
        return goal
    raise GoalError(
        f"goal is {goal!r}; give one of {', '.join(one.__name__ for one in GOALS.values())}, such "
        "as Costs(fp=1, fn=20), or the name of a metric to maximise, such as 'f1'"
    )


def _number(value: Any, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise GoalError(f"{name} is {value!r}; give a number") from error
    if not isfinite(number):
        raise GoalError(f"{name} is {number}; give a finite number")
    return number


def _share(value: Any, name: str) -> float:
    share = _number(value, name)
    if not 0.0 < share <= 1.0:
        raise GoalError(f"{name} is {share:g}; give a share above 0 and up to 1, such as 0.8")
    return share


def costs_of(goal: Goal) -> Any:
    """What mistakes cost, where the goal says so: a pair (fp, fn), a matrix, or None."""
    if isinstance(goal, Costs):
        return (goal.fp, goal.fn)
    return goal.costs if isinstance(goal, CostMatrix) else None
