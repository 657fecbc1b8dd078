"""How many rows may be flagged: of 1,000, or in a day."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from steelyard.decision.bound import Bound
from steelyard.decision.goal import number
from steelyard.errors import GoalError
from steelyard.stats.expression import Expression
from steelyard.stats.periods import checked_period, per_words


@dataclass(frozen=True, init=False)
class Alerts(Bound):
    """The most found with at most `most` of 1,000 rows flagged, or `most` in a period each.

    `Alerts(5)`: a threshold that flags at most 5 of 1,000 rows, on average over many rows.
    `Alerts(50, per="day")`: the 50 rows of each day with the largest probability, or where `by`
    is given (a column, or arithmetic over columns) the largest probability x `by`, such as what
    flagging a row is expected to save. Rows whose product is not above 0 are never flagged. Of
    equal rows the earlier is taken; a day with fewer rows is flagged whole.

    A budget by period decides over rows that are seen together, as in a file. A model alone sees
    one row: it flags from the threshold on that gives as many alerts on average.

    Args:
        most: how many rows, above 0; a whole number with `per`.
        per: None (1,000 rows), "hour", "day", "week", "month", or how long a period is in the units
            of the time column: 86400 where it counts seconds; days where it holds dates.
        time: column that says when a row was; by default the one that rows are split by.
        by: what a found row is worth.

    >>> Alerts(50, per="day", time="when", by="Amount").columns
    ('Amount', 'when')
    """

    kind: ClassVar[str] = "alerts"
    binary_only: ClassVar[bool] = True
    most: float
    per: str | float | None = None
    time: str | None = None
    by: str | None = None

    def __init__(
        self,
        most: Any = None,
        per: Any = None,
        *,
        time: str | None = None,
        by: str | None = None,
        closest: bool = False,
        per_thousand: Any = None,
    ) -> None:
        value = number(per_thousand if most is None else most, "alerts")
        if per is None:
            _check_share(value, time, by)
        else:
            _check_budget(value, closest)
            per = checked_period(per)
        if by is not None and not Expression(by).columns:
            raise GoalError(f"by is {by!r}; name a column, or leave it out to rank by probability")
        set_ = object.__setattr__
        for name, one in {"most": value, "per": per, "time": time, "by": by}.items():
            set_(self, name, one)
        set_(self, "closest", closest)

    @property
    def columns(self) -> tuple[str, ...]:
        by = Expression(self.by).columns if self.by is not None else ()
        return by if self.per is None else tuple(dict.fromkeys((*by, self.time or "time")))

    @property
    def per_thousand(self) -> float:
        """Rows of 1,000 that may be flagged, where no period is given."""
        return self.most

    @property
    def share(self) -> float:
        """The same as a share of all rows."""
        return self.most / 1000.0

    @property
    def measure(self) -> str:
        return "recall" if self.by is None else f"share of {self.by} found"

    def timed(self, column: str | None) -> "Alerts":
        if self.per is None or self.time is not None:
            return self
        if column is None:
            raise GoalError(
                f"a budget {per_words(self.per)} needs to know when a row was: give "
                "`time_column=...`, or name the column in the goal: "
                f"Alerts({self.most:g}, per={self.per!r}, time='...')"
            )
        return replace(self, time=column)

    def check_time(self, *, dates: bool) -> None:
        """GoalError where days are asked of a time column that counts something else."""
        if isinstance(self.per, str) and not dates:
            raise GoalError(
                f"the time column {self.time or 'time'!r} holds numbers, which have no {self.per}; "
                "give how many make a period, such as per=86400 where it counts seconds"
            )

    def to_dict(self) -> dict[str, Any]:
        if self.per is None:
            closest = {"closest": True} if self.closest else {}
            return {"kind": self.kind, "per_thousand": self.most} | closest
        named = {"time": self.time, "by": self.by}
        given = {name: value for name, value in named.items() if value is not None}
        return {"kind": self.kind, "most": self.most, "per": self.per} | given

    @property
    def words(self) -> str:
        return f"at most {self.most:g} of 1,000 rows flagged on average"

    def describe(self) -> str:
        if self.per is None:
            return f"the largest recall with {self.words}"
        rank = "probability" if self.by is None else f"probability x {self.by}"
        return f"the {self.most:g} rows of largest {rank} {per_words(self.per)}"


def _check_share(value: float, time: str | None, by: str | None) -> None:
    if not 0.0 < value <= 1000.0:
        raise GoalError(
            f"alerts is {value:g}; give how many of 1,000 rows may be flagged, "
            "above 0 and up to 1000"
        )
    if time is not None or by is not None:
        name = "time" if time is not None else "by"
        raise GoalError(f"{name} goes with per, as in Alerts(50, per='day', {name}=...)")


def _check_budget(value: float, closest: bool) -> None:
    if value < 1.0 or value != int(value):
        raise GoalError(
            f"alerts is {value:g} in a period; give a whole number, 1 or more: with a budget of 0 "
            "there is nothing to decide"
        )
    if closest:
        raise GoalError("closest goes with a bound; a budget by period is always kept")
