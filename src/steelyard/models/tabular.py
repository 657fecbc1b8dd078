"""The built-in network for tables, and the trainer that packs jobs into one graph."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

import numpy as np

from steelyard._tensorflow import keras, tf
from steelyard.jobs.job import Fitted, FittedMember, Job, Outcome, Split, by_split
from steelyard.models import packed
from steelyard.models.encoded_table import Encoded, EncodedRows
from steelyard.models.encoding import Categories, Encoding, encode
from steelyard.models.encoding_layer import TableEncoder
from steelyard.models.honours import NETWORK, Honours
from steelyard.models.inputs import core_inputs
from steelyard.models.members import (
    Bagged,
    Member,
    encoded_rows,
    members_of,
    out_of_bag_probabilities,
    whole,
    with_made_rows,
)
from steelyard.models.packed_layer import MemberMean, PackedDense
from steelyard.tables import Table
from steelyard.techniques import Technique

HONOURS = Honours("the packed networks", NETWORK, "train it in a Keras model of your own")
FEW = 100  # rows of the rarest class; below it a smooth network does better (docs/models.md)
SMOOTH: dict[str, Any] = {
    "activation": "selu",
    "unit_variance": True,
    "rate": 3e-2,
    "decay": 0.02,
}


@dataclass(frozen=True)
class _Rows:
    """A table as one split's encoding makes it: for samplers, and for the graph.

    `X`: the same rows as wide as the graph reads them, in the same memory; `encoded` itself where
    they are not laid out.
    """

    encoding: Encoding
    encoded: Encoded
    X: Any

    @classmethod
    def of(cls, table: Table, split: Split) -> "_Rows":
        rows = encoded_rows(table, split)
        encoding, width = rows.encoding, rows.encoding.width
        laid_out = rows.laid_out(packed.padded(width))
        if isinstance(laid_out, EncodedRows):
            return cls(encoding, rows, rows)
        X = tf.constant(laid_out)
        return cls(encoding, np.asarray(X)[:, :width], X)  # `X.numpy()` would copy


@dataclass(frozen=True)
class TabularTrainer(Bagged):
    """Trains a job's members in one graph (`jobs.job.Trainer`), and jobs side by side."""

    settings: packed.Settings = field(default_factory=packed.Settings)
    name: str = "tabular"
    terms: tuple[str, ...] = ()  # of losses to come: one graph is compiled for all

    def for_table(self, table: Table, techniques: Sequence[Technique] = ()) -> Self:
        """As in `Bagged`, with the terms of the losses of `techniques`."""
        return replace(super().for_table(table), terms=_terms(table, techniques, self.terms))

    def refuses(self, technique: Technique) -> str | None:
        """Losses over pairs of rows."""
        return HONOURS.refuses(technique)

    def run(
        self, table: Table, jobs: Sequence[Job], progress: Callable[[float], None]
    ) -> Iterator[Outcome]:
        done = dict.fromkeys((job.key for job in jobs), 0.0)
        terms = _terms(table, [job.technique for job in jobs], self.terms)

        def run_pack(rows: _Rows, pack: Sequence[Job]) -> list[Outcome]:
            def report(share: float) -> None:
                done.update(dict.fromkeys((job.key for job in pack), share))
                progress(sum(done.values()) / len(jobs))

            return self._run_pack(table, rows, pack, report, terms)

        at_once = packed.packs_at_once()
        in_work: deque[Future[list[Outcome]]] = deque()
        pool = ThreadPoolExecutor(at_once, "pack")
        try:
            for rows, pack in self._packs(table, jobs):
                in_work.append(pool.submit(run_pack, rows, pack))
                # One more than there are threads, so that no more than two splits are laid out.
                if len(in_work) > at_once:
                    yield from in_work.popleft().result()
            while in_work:
                yield from in_work.popleft().result()
        finally:  # who stops reading, or is stopped, doesn't wait for jobs that have not begun
            pool.shutdown(cancel_futures=True)

    def fit(
        self, table: Table, technique: Technique, seed: int, progress: Callable[[float], None]
    ) -> Fitted:
        split = whole(table)
        rows = _Rows.of(table, split)
        fitted = rows.encoding
        members = list(members_of(Job(technique, split, seed), table, rows.encoded, self.members))
        networks = self._trained(table, rows, members, progress, self.terms)
        uncorrected = packed.probabilities(networks, rows.X)
        networks = networks.narrowed(fitted.width)
        draws = [member.resampled for member in members]
        asked = [
            FittedMember(member.validation, partial(_shares, fitted, networks[i : i + 1]))
            for i, member in enumerate(members)
        ]
        held = out_of_bag_probabilities(uncorrected, members)
        return Fitted(_core(table, fitted, networks), held, draws, asked)

    def _run_pack(
        self,
        table: Table,
        rows: _Rows,
        jobs: Sequence[Job],
        progress: Callable[[float], None],
        terms: Sequence[str],
    ) -> list[Outcome]:
        start = time.perf_counter()
        own = [list(members_of(job, table, rows.encoded, self.members)) for job in jobs]
        everyone = [member for members in own for member in members]
        networks = self._trained(table, rows, everyone, progress, terms)
        p = packed.probabilities(networks, rows.X, jobs[0].split.test)
        by_job = p.reshape(len(jobs), self.members, *p.shape[1:]).mean(1)
        seconds = (time.perf_counter() - start) / len(jobs)
        return [
            Outcome(job, uncorrected, seconds, [member.resampled for member in members])
            for job, uncorrected, members in zip(jobs, by_job, own, strict=True)
        ]

    def _trained(
        self,
        table: Table,
        rows: _Rows,
        members: Sequence[Member],
        progress: Callable[[float], None],
        terms: Sequence[str],
    ) -> packed.Networks:
        placed, y, made = with_made_rows(members, table.y)
        X = packed.with_made(rows.X, made) if made else rows.X
        levels, settings = rows.encoding.level_columns, self._settings(table)
        return packed.train(X, y, placed, settings, progress, terms=terms, levels=levels)

    def _packs(self, table: Table, jobs: Sequence[Job]) -> Iterator[tuple[_Rows, Sequence[Job]]]:
        """Jobs that train together, all of one split, and its rows."""
        size = packed.jobs_at_once(self.members)
        for split, same in by_split(jobs):
            rows = _Rows.of(table, split)
            for first in range(0, len(same), size):
                yield rows, same[first : first + size]

    def _settings(self, table: Table) -> packed.Settings:
        batch, steps = _schedule(len(table.y))
        settings = replace(self.settings, batch=batch, steps=steps)
        return settings if table.class_counts.min() >= FEW else replace(settings, **SMOOTH)


def _terms(
    table: Table, techniques: Sequence[Technique], besides: Sequence[str]
) -> tuple[str, ...]:
    """Of all losses that are trained, and `besides`."""
    losses = {one.name: one.loss for one in techniques}.values()
    return packed.terms_of([loss.numbers(table.class_counts) for loss in losses], besides)


def _shares(
    encoding: Encoding, network: packed.Networks, numbers: np.ndarray, categories: Categories
) -> np.ndarray:
    """Class shares of raw rows by one network, (rows, classes)."""
    return packed.probabilities(network, encode(encoding, numbers, categories))[0]


def _schedule(rows: int) -> tuple[int, int]:
    """Batch and steps by the number of rows."""
    batch = 128 if rows < 2_000 else 256 if rows < 50_000 else 1024
    passes = 30 if rows < 50_000 else 12
    steps = np.clip(passes * rows / batch, 400, 1500)
    return batch, 50 * round(steps / 50)


def _core(table: Table, encoding: Encoding, networks: packed.Networks) -> Any:
    """The trained members as a Keras model: raw columns -> mean class shares."""
    inputs = core_inputs(table)
    x = TableEncoder(encoding.to_dict(), name="encoder")(*inputs)
    dense = []
    for i, (kernel, _) in enumerate(networks.layers):
        own: dict[str, Any] = {"activation": networks.activation}
        if i == len(networks.layers) - 1:
            own = {"unit": np.flatnonzero(networks.unit).tolist()}
        dense.append(PackedDense(len(kernel), kernel.shape[-1], **own))
        x = dense[-1](x)
    for layer, values in zip(dense, networks.layers, strict=True):
        layer.set_weights(values)
    return keras.Model(inputs, MemberMean()(x), name="steelyard.network")
