"""The mean of the network and the trees: they err differently, so it beats either."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from steelyard.jobs.job import Fitted, FittedMember, Job, Outcome
from steelyard.models.encoding import Categories
from steelyard.models.members import raw_columns
from steelyard.models.tabular import TabularTrainer
from steelyard.models.trees import TreesTrainer
from steelyard.tables import Table
from steelyard.techniques import Technique

# The built-in models, untreated: rows of every leaderboard beside the techniques.
NETWORK = Technique("network", "the built-in network on the same folds, untreated", "steelyard")
TREES = Technique(
    "trees", "bagged gradient-boosted trees on the same folds, untreated", "steelyard"
)
BLEND = Technique("blend", "mean of network and trees on the same folds, untreated", "steelyard")

ROWS_AHEAD = 400_000  # rows times jobs that trees may be ahead of the network: 25 MB of positions


@dataclass(frozen=True)
class BlendTrainer:
    """Trains both on the same jobs and averages their probabilities."""

    network: TabularTrainer = field(default_factory=TabularTrainer)
    trees: TreesTrainer = field(default_factory=TreesTrainer)

    @property
    def name(self) -> str:
        """With the library that grows the trees."""
        return f"blend ({self.trees.booster.name})"

    @property
    def size(self) -> int:
        """Members of a model."""
        return self.network.size + self.trees.size

    def for_table(self, table: Table, techniques: Sequence[Technique] = ()) -> "BlendTrainer":
        """As its halves."""
        network, trees = self.network, self.trees
        return BlendTrainer(network.for_table(table, techniques), trees.for_table(table))

    @property
    def holds_all(self) -> bool:
        """Where both do."""
        return self.network.holds_all and self.trees.holds_all

    def lighter(self) -> "BlendTrainer | None":
        """Half the members of both."""
        network, trees = self.network.lighter(), self.trees.lighter()
        return BlendTrainer(network, trees) if network and trees else None

    def refuses(self, technique: Technique) -> str | None:
        """What either of the two refuses."""
        return self.network.refuses(technique) or self.trees.refuses(technique)

    def run(
        self, table: Table, jobs: Sequence[Job], progress: Callable[[float], None]
    ) -> Iterator[Outcome]:
        """One outcome a job; of an untreated one, first what its two halves said on their own."""
        raw_columns(table)  # read by both, made by neither beside the other
        of_network, of_trees = _halves(progress)
        ours = self.network.run(table, jobs, of_network)
        with _ahead(self.trees.run(table, jobs, of_trees), jobs, len(table.y)) as theirs:
            for one, other in zip(ours, theirs, strict=True):
                if one.job.technique.untreated:
                    yield _as(NETWORK, one)
                    yield _as(TREES, other)
                yield mean_of(one, other)

    def fit(
        self, table: Table, technique: Technique, seed: int, progress: Callable[[float], None]
    ) -> Fitted:
        ours = self.network.fit(table, technique, seed, lambda share: progress(share / 2))
        theirs = self.trees.fit(table, technique, seed, lambda share: progress(0.5 + share / 2))
        return Fitted(
            _core(ours.core, theirs.core),
            (ours.out_of_bag + theirs.out_of_bag) / 2,
            ours.resampled + theirs.resampled,
            [_pair(*both) for both in zip(ours.members, theirs.members, strict=True)],
        )


@contextmanager
def _ahead(
    outcomes: Iterator[Outcome], jobs: Sequence[Job], rows: int
) -> Iterator[Iterator[Outcome]]:
    """One outcome a job, found from now on by a thread that doesn't wait for its reader.

    Compiling the network keeps one processor for as long as the trees of several jobs take.
    """
    pool = ThreadPoolExecutor(1, "trees")
    ahead = max(1, ROWS_AHEAD // rows)
    in_work = deque(pool.submit(next, outcomes) for _ in jobs[:ahead])

    def found() -> Iterator[Outcome]:
        for later in range(ahead, ahead + len(jobs)):
            if later < len(jobs):
                in_work.append(pool.submit(next, outcomes))
            yield in_work.popleft().result()

    try:
        yield found()
    finally:  # who stops reading, or is stopped, doesn't wait for jobs that have not begun
        pool.shutdown(cancel_futures=True)


def _halves(progress: Callable[[float], None]) -> tuple[Callable[[float], None], ...]:
    """Two callables that are told how far a half is."""
    done = [0.0, 0.0]

    def report(half: int, share: float) -> None:
        done[half] = share
        progress(sum(done) / 2)

    return partial(report, 0), partial(report, 1)


def _pair(ours: FittedMember, theirs: FittedMember) -> FittedMember:
    """A network and the trees that held out the same rows, as one."""

    def shares(numbers: np.ndarray, categories: Categories) -> np.ndarray:
        return (ours.shares(numbers, categories) + theirs.shares(numbers, categories)) / 2

    return FittedMember(ours.held_out, shares)


def _as(model: Technique, outcome: Outcome) -> Outcome:
    return replace(outcome, job=replace(outcome.job, technique=model))


def mean_of(ours: Outcome, theirs: Outcome) -> Outcome:
    """One outcome of two for the same job."""
    return Outcome(
        ours.job,
        (ours.uncorrected + theirs.uncorrected) / 2,
        ours.seconds + theirs.seconds,
        [*ours.resampled, *theirs.resampled],
    )


def _core(network: Any, trees: Any) -> Any:
    from steelyard._keras import keras

    inputs = [keras.Input(x.shape[1:], name=x.name, dtype=x.dtype) for x in network.inputs]
    mean = keras.layers.Average(name="mean")([network(inputs), trees(inputs)])
    return keras.Model(inputs, mean, name="steelyard.blend")
