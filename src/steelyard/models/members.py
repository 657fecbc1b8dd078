"""The members of a job: each trains on its own draw and holds out its own slice.

The built-in models are means of a few members. A member keeps what was best on the slice that it
held out, so no fixed number of steps or trees has to suit all tables; and together the slices are
out-of-fold rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Self

import numpy as np

from steelyard.jobs.job import Draw, Job, Split
from steelyard.models import encoding
from steelyard.models.encoded import Encoded, EncodedRows
from steelyard.tables import Table
from steelyard.techniques.loss import LossNumbers
from steelyard.techniques.sample import Drawn

MEMBERS = 8
HELD_SHARE = 8  # a member holds out one of this many slices
FEWEST_MEMBERS = 2
LARGE = 50_000  # rows from which on a member more changes little and costs much


@dataclass(frozen=True)
class Member:
    """One model to train: what it sees, what its mistakes cost, how it starts.

    `drawn`: the rows of the shared matrix to train on. `held`: positions to stop on, never trained
    on; empty means train to the end. `held_loss`: the loss judged there. `prior`: class shares
    that it starts from. `width`: columns of its own table; a neighbour's may be wider.
    """

    drawn: Drawn
    held: np.ndarray
    loss: LossNumbers
    held_loss: LossNumbers
    prior: np.ndarray
    width: int
    seed: tuple[int, ...]

    @property
    def draw(self) -> Draw:
        """For the ledger."""
        return Draw(self.drawn, self.held)

    def shifted(self, rows: int) -> "Member":
        """The same member where its table starts `rows` further down."""
        return replace(self, drawn=self.drawn.shifted(rows), held=self.held + rows)


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
        """With a member for each slice."""
        return self.members >= HELD_SHARE

    def for_table(self, table: Table) -> Self:
        """Half the members where rows are many, and for several classes."""
        few = len(table.y) < LARGE and len(table.schema.classes) == 2
        return self if few else replace(self, members=self.members // 2)

    def lighter(self) -> Self | None:
        """Half the members, two at least."""
        return replace(self, members=self.members // 2) if self.members > FEWEST_MEMBERS else None


def slice_splits(table: Table, seed: int) -> list[Split]:
    """The slices of the final model's members as splits: each was predicted by who held it out.

    None are given where some rows are held out by nobody.
    """
    slices = held_out_slices(table.y, table.groups, (seed, 0, 0))
    if (slices < 0).any():
        return []
    rows = [np.flatnonzero(slices == number) for number in range(HELD_SHARE)]
    everything = np.arange(len(table.y))
    return [
        Split(0, number, train=np.setdiff1d(everything, held), test=held)
        for number, held in enumerate(rows)
    ]


def members_of(job: Job, table: Table, matrix: Encoded, members: int) -> Iterator[Member]:
    """The members of one job: same loss, own slice held out, own draw, own seed.

    The seed leaves the technique out on purpose: all techniques start from the same weights and
    the same slices, so that what differs between them is the technique.
    """
    split = job.split
    seed = (job.seed, split.repeat, split.fold)
    groups = None if table.groups is None else table.groups[split.train]
    slices = held_out_slices(table.y[split.train], groups, seed)
    prior = _shares(np.bincount(table.y[split.train], minlength=len(table.schema.classes)))
    for member in range(members):
        kept, held = split.train[slices != member], split.train[slices == member]
        rng = np.random.default_rng([*seed, member, 2])
        drawn = job.technique.sample.draw(matrix, table.y, kept, rng)
        counts = np.bincount(table.y[drawn.rows], minlength=len(prior))
        loss = job.technique.loss.numbers(np.maximum(counts, 0.5))
        belief = loss.trained_prior(np.maximum(counts, 0.5))
        yield Member(
            drawn=drawn,
            held=held,
            loss=loss,
            held_loss=_natural(loss, belief, prior),
            prior=prior if belief is None else belief,
            width=matrix.shape[1],
            seed=(*seed, member),
        )


def held_beliefs(beliefs: np.ndarray, members: Sequence[Member]) -> np.ndarray:
    """What each row's own members believed of it, those that held it out.

    `beliefs`: (members, rows, classes). Returns (rows, classes), NaN where nobody held a row out.
    """
    total = np.zeros(beliefs.shape[1:], "float32")
    times = np.zeros(beliefs.shape[1], int)
    for belief, member in zip(beliefs, members, strict=True):
        total[member.held] += belief[member.held]
        times[member.held] += 1
    with np.errstate(invalid="ignore"):
        return total / times[:, None]


def _natural(loss: LossNumbers, belief: np.ndarray | None, prior: np.ndarray) -> LossNumbers:
    """The loss on held-out rows, which are natural: log loss after the prior correction.

    Where there is no closed form, the training loss itself.
    """
    if belief is None:
        return loss
    return LossNumbers(np.ones(len(prior)), np.log(prior) - np.log(belief))


def held_out_slices(
    y: np.ndarray, groups: np.ndarray | None, seed: Sequence[int], slices: int = HELD_SHARE
) -> np.ndarray:
    """A slice number for each training row, even over classes; whole groups share a slice.

    Rows of a class with fewer rows than slices get -1: every member needs them for training.
    """
    rng = np.random.default_rng([*seed, 3])
    if groups is not None:
        names, inverse = np.unique(groups, return_inverse=True)
        if len(names) < 2 * slices:
            return np.full(len(y), -1)
        return rng.permutation(np.arange(len(names)) % slices)[inverse]
    numbers = np.full(len(y), -1)
    for code in range(y.max() + 1):
        rows = rng.permutation(np.flatnonzero(y == code))
        if len(rows) >= slices:
            numbers[rows] = np.arange(len(rows)) % slices
    return numbers


def _shares(counts: np.ndarray) -> np.ndarray:
    counts = np.maximum(counts, 0.5)
    return counts / counts.sum()
