"""The built-in network for tables, and the trainer that packs a split's jobs into one graph.

Each model is the mean of a few independent networks. Every member holds out its own slice of the
training rows and keeps its best weights there, so no fixed number of steps has to suit all tables.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from steelyard._tensorflow import keras
from steelyard.models import encoding, packed
from steelyard.models.jobs import Draw, Fitted, Job, Outcome, Split
from steelyard.models.packed_layer import MemberMean, PackedDense
from steelyard.tables import Table
from steelyard.techniques import Technique
from steelyard.techniques.loss import LossNumbers
from steelyard.techniques.sample import Drawn

MEMBERS = 4
HELD_SHARE = 8  # a member holds out one of this many slices


@dataclass(frozen=True)
class TabularTrainer:
    """Trains all techniques of a split at once (`comparison.jobs.Trainer`)."""

    settings: packed.Settings = field(default_factory=packed.Settings)
    members: int = MEMBERS
    name: str = "tabular"

    def run(
        self, table: Table, jobs: Sequence[Job], progress: Callable[[float], None]
    ) -> Iterator[Outcome]:
        start = time.perf_counter()
        split = jobs[0].split
        _, matrix = encoded(table, split)
        networks, layers = self._train(table, matrix, jobs, progress)
        beliefs = packed.probabilities(layers, matrix[split.test])
        beliefs = beliefs.reshape(len(jobs), self.members, *beliefs.shape[1:]).mean(1)
        seconds = (time.perf_counter() - start) / len(jobs)
        for i, job in enumerate(jobs):
            mine = networks[i * self.members : (i + 1) * self.members]
            yield Outcome(job, beliefs[i], seconds, [Draw(n.drawn, n.held) for n in mine])

    def fit(
        self, table: Table, technique: Technique, seed: int, progress: Callable[[float], None]
    ) -> Fitted:
        everything = np.arange(len(table.y))
        split = Split(0, 0, train=everything, test=everything[:0])
        fitted, matrix = encoded(table, split)
        _, layers = self._train(table, matrix, [Job(technique, split, seed)], progress)
        return Fitted(fitted, _core(layers))

    def _train(
        self,
        table: Table,
        matrix: np.ndarray,
        jobs: Sequence[Job],
        progress: Callable[[float], None],
    ) -> tuple[list[packed.Network], packed.Layers]:
        networks = [
            network for job in jobs for network in networks_of(job, table, matrix, self.members)
        ]
        batch, steps = _schedule(len(jobs[0].split.train))
        settings = replace(self.settings, batch=batch, steps=steps)
        return networks, packed.train(matrix, table.y, networks, settings, progress)


def encoded(table: Table, split: Split) -> tuple[encoding.Encoding, np.ndarray]:
    """The encoding learned from a split's training rows, and the whole table through it."""
    numbers, categories = _raw(table)
    fitted = encoding.fit(numbers, categories, split.train)
    return fitted, encoding.encode(fitted, numbers, categories)


@lru_cache(maxsize=1)
def _raw(table: Table) -> tuple[np.ndarray, encoding.Categories]:
    return table.numbers(), encoding.Categories.of(table.categories())


def _schedule(rows: int) -> tuple[int, int]:
    """Batch and steps by the number of training rows."""
    batch = 128 if rows < 2_000 else 256 if rows < 50_000 else 1024
    passes = 30 if rows < 50_000 else 12
    steps = np.clip(passes * rows / batch, 400, 1500)
    return batch, 50 * round(steps / 50)


def networks_of(
    job: Job, table: Table, matrix: np.ndarray, members: int
) -> Iterator[packed.Network]:
    """The members of one job: same loss, own slice held out, own draw, own seed.

    The seed leaves the technique out on purpose: all techniques start from the same weights and
    the same slices, so that what differs between them is the technique.
    """
    split = job.split
    seed = (job.seed, split.repeat, split.fold)
    slices = held_out_slices(table.y[split.train], _groups(table, split), seed)
    prior = _shares(np.bincount(table.y[split.train], minlength=len(table.schema.classes)))
    for member in range(members):
        kept, held = split.train[slices != member], split.train[slices == member]
        rng = np.random.default_rng([*seed, member, 2])
        drawn = job.technique.sample.draw(matrix[kept], table.y[kept], rng)
        drawn = Drawn(kept[drawn.rows], kept[drawn.partners], drawn.share)
        counts = np.bincount(table.y[drawn.rows], minlength=len(prior))
        loss = job.technique.loss.numbers(np.maximum(counts, 0.5))
        belief = loss.trained_prior(np.maximum(counts, 0.5))
        yield packed.Network(
            drawn=drawn,
            held=held,
            loss=loss,
            held_loss=_natural(loss, belief, prior),
            prior=prior if belief is None else belief,
            seed=(*seed, member),
        )


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


def _groups(table: Table, split: Split) -> np.ndarray | None:
    return None if table.groups is None else table.groups[split.train]


def _shares(counts: np.ndarray) -> np.ndarray:
    counts = np.maximum(counts, 0.5)
    return counts / counts.sum()


def _core(layers: packed.Layers) -> Any:
    """The trained members as a Keras model: encoded matrix -> mean class shares."""
    members, width, _ = layers[0][0].shape
    x = inputs = keras.Input((width,), name="encoded")
    dense = [
        PackedDense(members, kernel.shape[-1], activation="relu" if i < len(layers) - 1 else None)
        for i, (kernel, _) in enumerate(layers)
    ]
    for layer in dense:
        x = layer(x)
    for layer, (kernel, bias) in zip(dense, layers, strict=True):
        layer.set_weights([kernel, bias])
    return keras.Model(inputs, MemberMean()(x), name="network")
