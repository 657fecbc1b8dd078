"""Between the comparison and whatever trains: jobs in, uncorrected probabilities out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from steelyard.tables import Table
from steelyard.techniques import Technique
from steelyard.techniques.sample import SampleIndices

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Split:
    """Training and test rows (positions) of one fold. `scored` is False for a warm-up block.

    `earlier`: in time order, the rows of earlier blocks whose class is known when this one begins,
    which calibration and threshold are fitted on; None where that is all other folds.
    """

    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray
    scored: bool = True
    earlier: np.ndarray | None = None

    @property
    def key(self) -> str:
        """Short name, unique within a comparison."""
        return f"r{self.repeat}f{self.fold}"


@dataclass(frozen=True)
class ResampledRows:
    """What one network of a model trained on, and the training rows it held out (positions)."""

    indices: SampleIndices
    held_out: np.ndarray


@dataclass(frozen=True)
class CheckedRows:
    """Of one network's rows the counts that the ledger tells; checked where it was trained."""

    counts: dict[str, int]


@dataclass(frozen=True)
class Job:
    """Train one technique on one split's training rows, then look at its test rows."""

    technique: Technique
    split: Split
    seed: int

    @property
    def key(self) -> str:
        """Name in the journal, unique within a comparison."""
        return f"{self.split.key}-{self.technique.name}"


@dataclass(frozen=True)
class Outcome:
    """What a trained job predicts for its test rows, before any correction.

    `uncorrected`: class shares, (test rows, classes) float32. `seconds`: its share of the training
    time. `resampled`: one per member of the model.
    """

    job: Job
    uncorrected: np.ndarray
    seconds: float
    resampled: Sequence[ResampledRows | CheckedRows]


@dataclass(frozen=True)
class FittedMember:
    """One member of a model trained on all rows, still asked for itself.

    `held_out`: the rows that it did not train on (positions). `shares`: numbers (rows, numbers)
    float32 and coded categories (`models.encoding.Categories`) of any rows -> its class shares
    (rows, classes), before any correction.
    """

    held_out: np.ndarray
    shares: Callable[[np.ndarray, Any], np.ndarray]


@dataclass(frozen=True)
class Fitted:
    """A technique trained on all rows.

    `core` maps [numbers (batch, numbers) float32, strings (batch, categories)] to class shares
    (batch, classes), before any correction. `out_of_bag`: what members predicted for the rows that
    they held out, (rows, classes) float32, NaN for rows that every member trained on: out-of-bag
    predictions that cost no training of their own. `resampled` as in `Outcome`. `members`: those
    that the model is the mean of.
    """

    core: "keras.Model"
    out_of_bag: np.ndarray
    resampled: list[ResampledRows]
    members: list[FittedMember]


def by_split(jobs: Sequence[Job]) -> Iterator[tuple[Split, list[Job]]]:
    """Jobs grouped by their split, in order."""
    for _, group in groupby(jobs, key=lambda job: job.split.key):
        same = list(group)
        yield same[0].split, same


class Runner(Protocol):
    """Anything that trains jobs. A faster one takes the place of a slower one here."""

    @property
    def name(self) -> str:
        """What it is called in run.json."""

    def run(
        self, table: Table, jobs: Sequence[Job], progress: Callable[[float], None]
    ) -> Iterator[Outcome]:
        """Train jobs, split by split; everything fitted sees `jobs[i].split.train` only."""


class Trainer(Runner, Protocol):
    """A runner whose models can be deployed."""

    @property
    def size(self) -> int:
        """Members of a model."""

    def for_table(self, table: Table, techniques: Sequence[Technique] = ()) -> "Trainer":
        """The same with as many members as the table can afford, ready for all of `techniques`."""

    @property
    def holds_all(self) -> bool:
        """Whether every row that can be held out is held out by some member."""

    def lighter(self) -> "Trainer | None":
        """The same with half the members; None where there are few already."""

    def refuses(self, technique: Technique) -> str | None:
        """Why it cannot train this technique, or None."""

    def fit(
        self, table: Table, technique: Technique, seed: int, progress: Callable[[float], None]
    ) -> Fitted:
        """Train a technique on all rows of the table."""
