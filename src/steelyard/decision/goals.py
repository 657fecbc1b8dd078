"""What the user wants from the decision: costs, a metric to maximise, a bound, a capacity."""

from dataclasses import dataclass
from typing import Any, ClassVar

from steelyard.decision.alerts import Alerts
from steelyard.decision.costs import CostMatrix, Costs
from steelyard.decision.goal import Goal, number
from steelyard.decision.least_share import MinPrecision, MinRecall
from steelyard.decision.several import Bounds
from steelyard.decision.three_way import ThreeWay
from steelyard.errors import GoalError

METRICS = ("balanced_accuracy", "f1", "mcc", "gmean", "fbeta")


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
        beta = number(self.beta, "beta")
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
class Threshold(Goal):
    """A threshold chosen by hand: the class of interest from the probability `p` on."""

    kind: ClassVar[str] = "threshold"
    served_by: ClassVar[str] = "balanced accuracy"
    binary_only: ClassVar[bool] = True
    p: float

    def __post_init__(self) -> None:
        p = number(self.p, "the threshold")
        if not 0.0 <= p <= 1.0:
            raise GoalError(f"the threshold is {p:g}; give a probability, 0 to 1 (5 % is 0.05)")
        object.__setattr__(self, "p", p)

    def describe(self) -> str:
        return f"a threshold of {self.p:g} chosen by hand"


GOALS: dict[str, type[Goal]] = {
    goal.kind: goal
    for goal in (
        Costs,
        CostMatrix,
        Maximise,
        MinPrecision,
        MinRecall,
        Alerts,
        Bounds,
        Threshold,
        ThreeWay,
    )
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
    """A goal, a list of bounds, or a metric to maximise; None is the largest balanced accuracy.

    Raises: GoalError: anything else.

    >>> as_goal("f1").describe()
    'the largest F1'
    """
    if goal is None:
        return Maximise()
    if isinstance(goal, str):
        return Maximise(goal)
    if isinstance(goal, list | tuple):
        return Bounds(*goal)
    if isinstance(goal, Goal):
        return goal
    raise GoalError(
        f"goal is {goal!r}; give one of {', '.join(one.__name__ for one in GOALS.values())}, such "
        "as Costs(fp=1, fn=20), or the name of a metric to maximise, such as 'f1'"
    )
