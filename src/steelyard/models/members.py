"""The members of a job: own resampled rows to train on, own validation fold held out.

The built-in models are means of a few members. A member keeps what was best on the validation fold
that it held out, so no fixed number of steps or trees has to suit all tables; and together these
folds give out-of-bag predictions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Self

import numpy as np

from steelyard.errors import RequestError, SteelyardError
from steelyard.jobs.class_counts import at_least_half, class_counts, shares_of
from steelyard.jobs.job import Job, ResampledRows, Split
from steelyard.models import encoding
from steelyard.models.encoded_table import Encoded, EncodedRows
from steelyard.tables import Table
from steelyard.techniques import Technique
from steelyard.techniques.loss import LossNumbers
from steelyard.techniques.sample import SampleIndices

MEMBERS = 8
VALIDATION_FOLDS = 8  # a member holds out one of this many validation folds
FEWEST_MEMBERS = 2
LARGE = 50_000  # rows from which on a member more changes little and costs much


@dataclass(frozen=True)
class Member:
    """One model to train: what it sees, what its mistakes cost, how it starts.

    `sampled`: the rows of the shared matrix to train on. `validation`: positions to stop on, never
    trained on; empty means train to the end. `validation_loss`: the loss judged there. `prior`:
    class shares that it starts from. `width`: columns of its own table; a neighbour's may be wider.
    `weight`, `validation_weight`: how much each row of either counts, or None.
    """

    sampled: SampleIndices
    validation: np.ndarray
    loss: LossNumbers
    validation_loss: LossNumbers
    prior: np.ndarray
    width: int
    seed: tuple[int, ...]
    weight: np.ndarray | None = None
    validation_weight: np.ndarray | None = None

    @property
    def resampled(self) -> ResampledRows:
        """For the ledger."""
        return ResampledRows(self.sampled, self.validation)

    def with_made_at(self, first: int) -> "Member":
        """The same member where the rows made for it are rows of the table, from `first` on."""
        made, sampled = self.sampled.made, self.sampled
        below = np.arange(first, first + len(made))
        share = np.concatenate([sampled.share, np.zeros(len(made), "float32")])
        rows = np.concatenate([sampled.rows, below])
        partners = np.concatenate([sampled.partners, below])
        return replace(self, sampled=SampleIndices(rows, partners, share))


@lru_cache(maxsize=1)
def raw_columns(table: Table) -> tuple[np.ndarray, encoding.Categories]:
    """Numbers (rows, numbers) and coded categories of a whole table."""
    return table.numbers(), encoding.Categories.of(table.categories())


def encoded_rows(table: Table, split: Split) -> EncodedRows:
    """The table as encoded by what a split's training rows teach; rows are encoded when read."""
    numbers, categories = raw_columns(table)
    return EncodedRows(encoding.fit(numbers, categories, split.train), numbers, categories)


def encoded(table: Table, split: Split) -> tuple[encoding.Encoding, Encoded]:
    """The encoding learned from a split's training rows, and the whole table through it."""
    rows = encoded_rows(table, split)
    return rows.encoding, rows.laid_out()


def whole(table: Table) -> Split:
    """The split of the final model: every row to train on, none to test."""
    everything = np.arange(len(table.y))
    return Split(0, 0, train=everything, test=everything[:0])


@dataclass(frozen=True)
class Bagged:
    """How many members a trainer's models have."""

    members: int = field(default=MEMBERS, kw_only=True)

    @property
    def size(self) -> int:
        """Members of a model."""
        return self.members

    @property
    def holds_all(self) -> bool:
        """With a member for each validation fold."""
        return self.members >= VALIDATION_FOLDS

    def for_table(
        self,
        table: Table,
        techniques: Sequence[Technique] = (),  # noqa: ARG002 - for those that need them
    ) -> Self:
        """Half the members where rows are many, and for several classes."""
        few = len(table.y) < LARGE and len(table.schema.classes) == 2
        return self if few else replace(self, members=self.members // 2)

    def lighter(self) -> Self | None:
        """Half the members, two at least."""
        return replace(self, members=self.members // 2) if self.members > FEWEST_MEMBERS else None


def out_of_bag_splits(table: Table, seed: int) -> list[Split]:
    """The validation folds of the final model's members, as splits.

    None are given where some rows are held out by nobody.
    """
    fold = validation_folds(table.y, table.groups, (seed, 0, 0))
    if (fold < 0).any():
        return []
    rows = [np.flatnonzero(fold == number) for number in range(VALIDATION_FOLDS)]
    everything = np.arange(len(table.y))
    return [
        Split(0, number, train=np.setdiff1d(everything, held), test=held)
        for number, held in enumerate(rows)
    ]


def members_of(job: Job, table: Table, matrix: Encoded, members: int) -> Iterator[Member]:
    """The members of one job: same loss, own validation fold, own resampled rows, own seed.

    The seed leaves the technique out on purpose: all techniques start from the same weights and
    the same validation folds, so that what differs between them is the technique.
    """
    split = job.split
    seed = (job.seed, split.repeat, split.fold)
    groups = None if table.groups is None else table.groups[split.train]
    fold = validation_folds(table.y[split.train], groups, seed)
    classes, weights = len(table.schema.classes), table.training_weights
    prior = shares_of(class_counts(table.y, weights, split.train, classes))
    for member in range(members):
        kept, held = split.train[fold != member], split.train[fold == member]
        rng = np.random.default_rng([*seed, member, 2])
        sampled = _sampled(job.technique, matrix, table.y, kept, rng)
        weight = _weights_of(job.technique, sampled, table, kept, weights)
        counts = at_least_half(np.bincount(sampled.labels(table.y), weight, minlength=classes))
        loss = job.technique.loss.numbers(counts)
        trained_prior = loss.trained_prior(counts)
        yield Member(
            sampled=sampled,
            validation=held,
            loss=loss,
            validation_loss=_natural(loss, trained_prior, prior),
            prior=prior if trained_prior is None else trained_prior,
            width=matrix.shape[1],
            seed=(*seed, member),
            weight=weight,
            validation_weight=None if weights is None else weights[held],
        )


def _sampled(
    technique: Technique, matrix: Encoded, y: np.ndarray, rows: np.ndarray, rng: np.random.Generator
) -> SampleIndices:
    """What a technique draws of `rows`; a refusal by the sampler names the technique."""
    try:
        sampled = technique.sample.draw(matrix, y, rows, rng)
    except SteelyardError as error:
        raise RequestError(f"{technique.name}: {error}; leave it out for this table") from error
    if len(sampled.made) and isinstance(matrix, EncodedRows):
        raise RequestError(
            f"{technique.name}: the encoded table is too large to lay out beside the rows that "
            "the sampler makes; leave it out for this table"
        )
    return sampled


def _weights_of(
    technique: Technique,
    sampled: SampleIndices,
    table: Table,
    rows: np.ndarray,
    weights: np.ndarray | None,
) -> np.ndarray | None:
    """Weight of each sampled row, of mean 1; None where rows have none.

    A row made on a line has its first row's. Samplers count rows and not weights: where one aims at
    certain class shares, its rows are weighted so that those are had by weight.
    """
    if weights is None:
        return None
    classes = len(table.schema.classes)
    weight, labels = weights[sampled.rows], table.y[sampled.rows]
    totals = class_counts(table.y, weights, rows, classes)
    aims = technique.sample.totals_after(totals)
    if not np.allclose(aims, totals):
        have = np.bincount(labels, weight, minlength=classes)
        weight = weight * np.divide(aims, have, out=np.ones(classes), where=have > 0)[labels]
    return weight / weight.mean()


def with_made_rows(
    members: Sequence[Member], y: np.ndarray
) -> tuple[list[Member], np.ndarray, list[np.ndarray]]:
    """Members whose synthetic rows come below a table with class codes `y`, one after the other.

    Returns them, the codes continued by those rows', and the rows.
    """
    placed, codes, made = [], [y], []
    first = len(y)
    for member in members:
        own = member.sampled.made
        placed.append(member.with_made_at(first) if len(own) else member)
        if len(own):
            made.append(own.X)
            codes.append(own.y)
            first += len(own)
    return placed, np.concatenate(codes), made


def out_of_bag_probabilities(probabilities: np.ndarray, members: Sequence[Member]) -> np.ndarray:
    """The mean of each row's predictions over the members that held it out.

    `probabilities`: (members, rows, classes). Returns (rows, classes), NaN where nobody held a row
    out.
    """
    total = np.zeros(probabilities.shape[1:], "float32")
    times = np.zeros(probabilities.shape[1], int)
    for one, member in zip(probabilities, members, strict=True):
        total[member.validation] += one[member.validation]
        times[member.validation] += 1
    with np.errstate(invalid="ignore"):
        return total / times[:, None]


def _natural(loss: LossNumbers, trained_prior: np.ndarray | None, prior: np.ndarray) -> LossNumbers:
    """The loss on held-out rows, which are natural: log loss after the prior correction.

    Where there is no closed form, the training loss itself.
    """
    if trained_prior is None:
        return loss
    return LossNumbers(np.ones(len(prior)), np.log(prior) - np.log(trained_prior))


def validation_folds(
    y: np.ndarray, groups: np.ndarray | None, seed: Sequence[int], folds: int = VALIDATION_FOLDS
) -> np.ndarray:
    """The validation fold of each training row, stratified; whole groups share a fold.

    Rows of a class with fewer rows than folds get -1: every member needs them for training.
    """
    rng = np.random.default_rng([*seed, 3])
    if groups is not None:
        names, inverse = np.unique(groups, return_inverse=True)
        if len(names) < 2 * folds:
            return np.full(len(y), -1)
        return rng.permutation(np.arange(len(names)) % folds)[inverse]
    numbers = np.full(len(y), -1)
    for code in range(y.max() + 1):
        rows = rng.permutation(np.flatnonzero(y == code))
        if len(rows) >= folds:
            numbers[rows] = np.arange(len(rows)) % folds
    return numbers
