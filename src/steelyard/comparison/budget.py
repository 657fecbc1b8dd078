"""A comparison that fits a time budget: measured first, cut to fit, and what was cut is said."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from steelyard.comparison.judging import judge
from steelyard.comparison.protocol import Protocol
from steelyard.errors import RequestError
from steelyard.jobs.job import Job, Split, Trainer
from steelyard.tables import Table
from steelyard.techniques import TECHNIQUES, Technique

UNITS = {"s": 1, "m": 60, "h": 3600}
USED = 0.85  # of the time that is left goes into the plan; the rest is for what was not foreseen
FEWEST_FOLDS = 3


def seconds_of(budget: str | float) -> float:
    """Seconds of "90s", "10m", "1.5h" or a plain number of seconds.

    >>> seconds_of("10m"), seconds_of(45)
    (600.0, 45.0)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", str(budget))
    if not found or not float(found[1]):
        raise RequestError(f"budget {budget!r}: give a time such as 90s, 10m or 1h")
    return float(found[1]) * UNITS[found[2] or "s"]


@dataclass(frozen=True)
class Plan:
    """What is trained, and one line for each thing that was cut from what was asked for."""

    trainer: Trainer
    techniques: Sequence[Technique]
    folds: int
    repeats: int
    left_out: list[str] = field(default_factory=list)

    @property
    def jobs(self) -> int:
        """Jobs of the comparison."""
        return len(self.techniques) * self.folds * self.repeats


@dataclass(frozen=True)
class Cost:
    """Measured seconds: of one `plain` job that is not the first, of what the first one takes on
    top, and of judging one technique on one repeat.
    """

    job: float
    start: float
    judging: float

    def of(self, plan: Plan, asked: Trainer, builtin: int) -> float:
        """Foreseen seconds of a plan; `builtin`: baselines that are judged as well."""
        # The final model is one more job, on all rows; the reference beside it, where another
        # technique is recommended, is a second. The warm-up compiled what all of them share; a
        # sampler that makes rows makes a table of another length, compiled for itself.
        folds = 1 - 1 / plan.folds
        training = self.job * share_of(plan.trainer, asked) * (plan.jobs + 2 / folds)
        judged = (len(plan.techniques) + builtin) * plan.repeats
        return self.start + training + judged * self.judging


def share_of(trainer: Trainer, asked: Trainer) -> float:
    """Members of a lighter trainer over those of the one asked for."""
    return trainer.size / asked.size


def planned(
    plan: Plan,
    table: Table,
    protocol_of: Callable[[int, int], Protocol],
    seed: int,
    deadline: float,
) -> Plan:
    """The most of `plan` that is foreseen to end before `deadline` (`time.monotonic`).

    Repeats go first, then folds down to three, then members of the model, then techniques from
    the end of the list; `plain` stays.
    """
    protocol = protocol_of(plan.folds, plan.repeats)
    cost = measured(plan.trainer, table, protocol, seed)
    left = deadline - time.monotonic()
    cuts = list(_cuts(plan, in_time=table.times is not None))
    for one in cuts:
        if cost.of(one, plan.trainer, builtin=4) <= USED * left:
            return one
    least = cost.of(cuts[-1], plan.trainer, builtin=4) / USED
    spent = max(0.0, least - left)
    raise RequestError(
        f"the budget leaves {max(left, 0):.0f} s after reading and a warm-up, but plain alone on "
        f"{cuts[-1].folds} folds takes about {least:.0f} s; give at least {spent:.0f} s more"
    )


def measured(trainer: Trainer, table: Table, protocol: Protocol, seed: int) -> Cost:
    """Seconds of a job, from a warm-up whose results are thrown away."""
    first, second = protocol.splits[0], protocol.splits[1]

    def run(split: Split) -> tuple[float, np.ndarray]:
        start = time.monotonic()
        jobs = [Job(TECHNIQUES["plain"], split, seed)]
        *_, outcome = trainer.run(table, jobs, lambda _: None)
        return time.monotonic() - start, outcome.uncorrected

    cold, uncorrected = run(first)
    warm, other = run(second)
    start = time.monotonic()
    part = replace(protocol, splits=[first, second])
    judge(TECHNIQUES["plain"], {first.key: uncorrected, second.key: other}, part)
    judged = time.monotonic() - start
    rows = (len(first.test) + len(second.test)) / len(table.y)
    return Cost(warm, max(0.0, cold - warm), judged / rows)


def _cuts(plan: Plan, *, in_time: bool) -> "list[Plan]":
    """`plan`, then ever smaller ones."""
    cuts = [plan]

    def cut(what: str, **smaller: object) -> None:
        before = cuts[-1]
        cuts.append(replace(before, left_out=[*before.left_out, what], **smaller))  # type: ignore[arg-type]

    for repeats in range(plan.repeats - 1, 0, -1):
        # One line for all the repeats that are gone, not one for each.
        said = [*plan.left_out, f"{plan.repeats - repeats} of {plan.repeats} repeats"]
        cuts += [replace(plan, repeats=repeats, left_out=said)]
    if plan.folds > FEWEST_FOLDS and not in_time:
        cut(f"{plan.folds - FEWEST_FOLDS} of {plan.folds} folds", folds=FEWEST_FOLDS)
    while lighter := cuts[-1].trainer.lighter():
        cut(f"members: {lighter.size} instead of {cuts[-1].trainer.size}", trainer=lighter)
    for technique in reversed([one for one in plan.techniques if one.name != "plain"]):
        kept = [one for one in cuts[-1].techniques if one != technique]
        cut(f"technique {technique.name}", techniques=kept)
    return cuts
