"""Jobs trained by whatever an executor has: other processes, or the machines of a cluster."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from steelyard.executors import Executor
from steelyard.jobs.job import Job, Outcome, Runner, by_split
from steelyard.jobs.ledger import checked
from steelyard.tables import Table


@dataclass(frozen=True)
class Spread:
    """A runner whose jobs go to an executor, a pack of one split's jobs at a time.

    Outcomes come in the order of the jobs and hold what the runner gives by itself. Of the rows
    that members trained on they hold the counts alone: they were checked where the job was trained.
    """

    runner: Runner
    executor: Executor

    @property
    def name(self) -> str:
        """The runner's: where it runs changes nothing."""
        return self.runner.name

    def run(
        self, table: Table, jobs: Sequence[Job], progress: Callable[[float], None]
    ) -> Iterator[Outcome]:
        """As `Runner.run`."""
        shared = self.executor.share(table)
        packs = list(self._packs(jobs))
        tasks = [(self.runner, shared, pack) for pack in packs]
        for done, outcomes in enumerate(self.executor.map(run_pack, tasks), 1):
            progress(done / len(packs))
            yield from outcomes

    def _packs(self, jobs: Sequence[Job]) -> Iterator[list[Job]]:
        """Jobs of one split, in as many parts as leave no worker without one."""
        splits = [same for _, same in by_split(jobs)]
        parts = -(-self.executor.workers // len(splits))
        for same in splits:
            size, left = -(-len(same) // parts), iter(same)
            while pack := list(islice(left, size)):
                yield pack


def run_pack(runner: Runner, table: Table, jobs: Sequence[Job]) -> list[Outcome]:
    """The outcomes of some jobs, on a worker."""
    outcomes = list(runner.run(table, jobs, lambda _: None))
    return [
        replace(outcome, resampled=checked(outcome.job, len(table.y), outcome.resampled))
        for outcome in outcomes
    ]
