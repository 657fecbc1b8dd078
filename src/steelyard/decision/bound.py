"""A goal with a bound that the threshold must keep."""

from dataclasses import dataclass, field
from typing import Any

from steelyard.decision.goal import Goal


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

    @property
    def words(self) -> str:
        """The bound alone, as part of a sentence."""
        raise NotImplementedError
