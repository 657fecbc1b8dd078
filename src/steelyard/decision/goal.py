"""What every goal of a decision has, and the checks of its numbers."""

from math import isfinite
from typing import Any, ClassVar

from steelyard.errors import GoalError


class Goal:
    """One of `decision.goals`. Frozen dataclasses of plain values, checked when made."""

    kind: ClassVar[str]
    binary_only: ClassVar[bool] = False
    served_by: ClassVar[str] = ""

    @property
    def takes_closest(self) -> bool:
        """Whether what comes closest to the bound will do where no threshold is sure to keep it."""
        return False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that the decision about a row needs besides its probability."""
        return ()

    def timed(self, column: str | None) -> "Goal":  # noqa: ARG002 - of those that need it
        """The goal with the column that says when a row was, where it needs one and has none."""
        return self

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


def number(value: Any, name: str) -> float:
    """A finite number; GoalError names it otherwise."""
    try:
        found = float(value)
    except (TypeError, ValueError) as error:
        raise GoalError(f"{name} is {value!r}; give a number") from error
    if not isfinite(found):
        raise GoalError(f"{name} is {found}; give a finite number")
    return found


def share_of(value: Any, name: str) -> float:
    """A share above 0 and up to 1; GoalError otherwise."""
    share = number(value, name)
    if not 0.0 < share <= 1.0:
        raise GoalError(f"{name} is {share:g}; give a share above 0 and up to 1, such as 0.8")
    return share
