"""Several bounds at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from steelyard.decision.alerts import Alerts
from steelyard.decision.bound import Bound
from steelyard.decision.least_share import MinPrecision, MinRecall
from steelyard.errors import GoalError

KINDS: dict[str, type[Bound]] = {one.kind: one for one in (MinPrecision, MinRecall, Alerts)}


@dataclass(frozen=True, init=False)
class Bounds(Bound):
    """The largest F1 among thresholds that keep every one of several bounds.

    All together they are kept on new rows with 95 % certainty: each is tested at its share of the
    doubt. Where no threshold is sure to keep all of them the goal is refused; with `closest` the
    one that comes closest is taken, and the probability that it keeps them all is stated.

    >>> Bounds(MinRecall(0.8), Alerts(20)).describe()
    'the largest F1 at a recall of at least 0.8 and at most 20 of 1,000 rows flagged on average'
    """

    kind: ClassVar[str] = "bounds"
    served_by: ClassVar[str] = "F1"
    binary_only: ClassVar[bool] = True
    bounds: tuple[Bound, ...]

    def __init__(self, *given: Any, bounds: Sequence[Any] = (), closest: bool = False) -> None:
        parts = tuple(_bound(one) for one in (*given, *bounds))
        kinds = {type(one) for one in parts}
        if len(parts) < 2 or len(kinds) < len(parts):
            raise GoalError(
                f"Bounds takes two or three bounds of different kinds, it got {len(parts)}: give "
                "MinRecall, MinPrecision, Alerts"
            )
        each = tuple(replace(one, closest=False) for one in parts)  # one word for all of them
        object.__setattr__(self, "bounds", each)
        object.__setattr__(self, "closest", closest or any(one.closest for one in parts))

    def to_dict(self) -> dict[str, Any]:
        closest = {"closest": True} if self.closest else {}
        return {"kind": self.kind, "bounds": [one.to_dict() for one in self.bounds]} | closest

    def describe(self) -> str:
        *others, last = (one.words for one in self.bounds)
        return f"the largest F1 at {', '.join(others)} and {last}"


def _bound(given: Any) -> Bound:
    if isinstance(given, Mapping) and given.get("kind") in KINDS:
        return KINDS[given["kind"]](**{k: v for k, v in given.items() if k != "kind"})
    if isinstance(given, Alerts) and given.per is not None:
        raise GoalError("a budget by period ranks rows and is no bound; give Alerts of 1,000 rows")
    if type(given) not in KINDS.values():
        raise GoalError(f"{given!r} is no bound; give MinRecall, MinPrecision or Alerts")
    bound: Bound = given
    return bound
