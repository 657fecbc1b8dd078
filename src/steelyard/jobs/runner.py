"""Runs the jobs of a comparison and keeps what each believed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from steelyard.jobs.job import Draw, Fitted, Job, Outcome, Runner, Split
from steelyard.jobs.ledger import ledger_entry
from steelyard.tables import Table
from steelyard.techniques import Technique

Progress = Callable[[float, float, str], None]


class Keeper(Protocol):
    """Where finished jobs go: a journal on disk, or memory."""

    finished: dict[str, dict[str, Any]]

    def add(self, job: str, belief: np.ndarray, line: dict[str, Any]) -> None:
        """Keep a finished job."""

    def belief(self, job: str) -> np.ndarray:
        """What a finished job believed."""


class Memory:
    """A keeper for comparisons that are not written to disk."""

    def __init__(self) -> None:
        self.finished: dict[str, dict[str, Any]] = {}
        self._beliefs: dict[str, np.ndarray] = {}

    def add(self, job: str, belief: np.ndarray, line: dict[str, Any]) -> None:
        self.finished[job] = {"job": job} | line
        self._beliefs[job] = belief

    def belief(self, job: str) -> np.ndarray:
        return self._beliefs[job]


@dataclass(frozen=True)
class Crew:
    """A runner and the techniques it trains."""

    runner: Runner
    techniques: Sequence[Technique]


def run_jobs(
    table: Table,
    splits: Sequence[Split],
    crews: Sequence[Crew],
    *,
    seed: int,
    keeper: Keeper,
    progress: Progress | None = None,
) -> None:
    """Train every technique on every split; what `keeper` has already is not done again."""
    # A crew's share of the work is its number of techniques.
    total = sum(len(crew.techniques) for crew in crews) * len(splits)
    done = 0
    for crew in crews:
        # All techniques of a split stand together: what they share is computed once.
        jobs = [Job(technique, split, seed) for split in splits for technique in crew.techniques]
        left = [job for job in jobs if job.key not in keeper.finished]
        done += len(jobs) - len(left)

        def report(share: float, done: int = done, n: int = len(left)) -> None:
            if progress:
                progress(done + share * n, total, "training")

        for outcome in crew.runner.run(table, left, report) if left else ():
            keep(outcome, table, keeper)
        done += len(left)
        report(0.0, done)


def keep_slices(
    fitted: Fitted, jobs: Sequence[Job], seconds: float, table: Table, keeper: Keeper
) -> None:
    """Keep what the final model's members believed of the slices that they held out.

    `jobs`: one a slice, its split's test rows the slice. No member trained on a row of its slice;
    it did stop by it, which is one number chosen by hundreds of rows.
    """
    for job in jobs:
        slice_ = job.split.test
        trained = [draw for draw in fitted.draws if np.array_equal(draw.held_out, slice_)]
        mine = [Draw(draw.drawn, slice_[:0]) for draw in trained]
        belief = fitted.held[job.split.test]
        keep(Outcome(job, belief, seconds / len(jobs), mine), table, keeper)


def keep(outcome: Outcome, table: Table, keeper: Keeper) -> None:
    """Check the ledger of a finished job, then keep it."""
    entry = ledger_entry(outcome.job, table.row_ids, outcome.draws)
    line = {"seconds": round(outcome.seconds, 3), "ledger": entry}
    keeper.add(outcome.job.key, outcome.belief, line)


def beliefs_of(
    technique: Technique, splits: Sequence[Split], seed: int, keeper: Keeper
) -> dict[str, np.ndarray]:
    """What a trained technique believes, by split."""
    jobs = [Job(technique, split, seed) for split in splits]
    return {job.split.key: keeper.belief(job.key) for job in jobs}
