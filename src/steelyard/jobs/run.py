"""Runs the jobs of a comparison and keeps the uncorrected probabilities of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from steelyard.jobs.drawn import as_on_all_rows
from steelyard.jobs.job import Fitted, Job, Outcome, ResampledRows, Runner, Split
from steelyard.jobs.ledger import ledger_entry
from steelyard.tables import Table
from steelyard.techniques import Technique

Progress = Callable[[float, float, str], None]


class ResultStore(Protocol):
    """Where finished jobs go: a journal on disk, or memory."""

    finished: dict[str, dict[str, Any]]

    def add(self, job: str, uncorrected: np.ndarray, line: dict[str, Any]) -> None:
        """Keep a finished job."""

    def uncorrected(self, job: str) -> np.ndarray:
        """The uncorrected probabilities of a finished job."""


class InMemoryStore:
    """A store for comparisons that are not written to disk."""

    def __init__(self) -> None:
        self.finished: dict[str, dict[str, Any]] = {}
        self._uncorrected: dict[str, np.ndarray] = {}

    def add(self, job: str, uncorrected: np.ndarray, line: dict[str, Any]) -> None:
        self.finished[job] = {"job": job} | line
        self._uncorrected[job] = uncorrected

    def uncorrected(self, job: str) -> np.ndarray:
        return self._uncorrected[job]


@dataclass(frozen=True)
class TrainingTask:
    """A runner and the techniques it trains."""

    runner: Runner
    techniques: Sequence[Technique]


def run_jobs(
    table: Table,
    splits: Sequence[Split],
    tasks: Sequence[TrainingTask],
    *,
    seed: int,
    store: ResultStore,
    progress: Progress | None = None,
) -> None:
    """Train every technique on every split; what `store` has already is not done again.

    Techniques that differ in the decision alone are trained once.
    """
    grouped = [(task.runner, _trained_alike(task.techniques)) for task in tasks]
    # A task's share of the work is its number of trainings.
    total = sum(len(groups) for _, groups in grouped) * len(splits)
    done = 0
    for runner, groups in grouped:
        # All techniques of a split stand together: what they share is computed once.
        jobs = [Job(group[0], split, seed) for split in splits for group in groups]
        alike = {group[0].name: group for group in groups}
        left = [job for job in jobs if _missing(job, alike[job.technique.name], store)]
        done += len(jobs) - len(left)

        def report(share: float, done: int = done, n: int = len(left)) -> None:
            if progress:
                progress(done + share * n, total, "training")

        for outcome in runner.run(table, left, report) if left else ():
            trained = outcome.job.technique
            # A runner may tell of its parts besides, under names of their own.
            for job in _missing(outcome.job, alike.get(trained.name, [trained]), store):
                # The time is that of the one that was trained.
                seconds = outcome.seconds if job.technique is trained else 0.0
                keep(replace(outcome, job=job, seconds=seconds), table, store)
        done += len(left)
        report(0.0, done)


def _trained_alike(techniques: Sequence[Technique]) -> list[list[Technique]]:
    """Techniques by what is trained, in order."""
    groups: list[list[Technique]] = []
    for one in techniques:
        same = next((group for group in groups if group[0].trains_as(one)), None)
        if same is None:
            groups.append([one])
        else:
            same.append(one)
    return groups


def _missing(job: Job, group: Sequence[Technique], store: ResultStore) -> list[Job]:
    """Jobs like this one of each technique of a group that are not in the store."""
    jobs = [replace(job, technique=technique) for technique in group]
    return [one for one in jobs if one.key not in store.finished]


def keep_out_of_bag(
    fitted: Fitted, jobs: Sequence[Job], seconds: float, table: Table, store: ResultStore
) -> None:
    """Keep the out-of-bag predictions of the final model's members.

    `jobs`: one a validation fold, which is its split's test part. No member trained on a row of its
    fold; it did stop by it, which is one number chosen by hundreds of rows.
    """
    for job in jobs:
        if job.key in store.finished:
            continue
        fold = job.split.test
        trained = [one for one in fitted.resampled if np.array_equal(one.held_out, fold)]
        mine = [ResampledRows(one.indices, fold[:0]) for one in trained]
        uncorrected = fitted.out_of_bag[fold].astype("float32")
        keep(Outcome(job, uncorrected, seconds / len(jobs), mine), table, store)


def keep(outcome: Outcome, table: Table, store: ResultStore) -> None:
    """Check the ledger of a finished job, then keep it."""
    job = outcome.job
    entry = ledger_entry(job, table.row_ids, outcome.resampled)
    uncorrected = as_on_all_rows(outcome.uncorrected, job.technique, table, job.split.train)
    line = {"seconds": round(outcome.seconds, 3), "ledger": entry}
    store.add(job.key, uncorrected, line)


def uncorrected_probabilities(
    technique: Technique, splits: Sequence[Split], seed: int, store: ResultStore
) -> dict[str, np.ndarray]:
    """The uncorrected probabilities of a trained technique, by split."""
    jobs = [Job(technique, split, seed) for split in splits]
    return {job.split.key: store.uncorrected(job.key) for job in jobs}
