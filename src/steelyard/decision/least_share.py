"""The least precision or recall that a threshold must keep."""

from dataclasses import dataclass
from typing import ClassVar

from steelyard.decision.bound import Bound
from steelyard.decision.goal import share_of


@dataclass(frozen=True)
class MinPrecision(Bound):
    """The largest recall among thresholds whose precision is at least `p`, in (0, 1]."""

    kind: ClassVar[str] = "min-precision"
    served_by: ClassVar[str] = "recall"
    binary_only: ClassVar[bool] = True
    p: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", share_of(self.p, "min_precision"))

    def describe(self) -> str:
        return f"the largest recall at {self.words}"

    @property
    def words(self) -> str:
        return f"a precision of at least {self.p:g}"


@dataclass(frozen=True)
class MinRecall(Bound):
    """The largest precision among thresholds whose recall is at least `r`, in (0, 1]."""

    kind: ClassVar[str] = "min-recall"
    served_by: ClassVar[str] = "precision"
    binary_only: ClassVar[bool] = True
    r: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "r", share_of(self.r, "min_recall"))

    def describe(self) -> str:
        return f"the largest precision at {self.words}"

    @property
    def words(self) -> str:
        return f"a recall of at least {self.r:g}"
