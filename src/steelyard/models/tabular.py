"""The built-in network for tables, and the trainer that packs jobs into one graph."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from steelyard._memory import room
from steelyard._tensorflow import keras
from steelyard.jobs.job import Fitted, FittedMember, Job, Outcome, by_split
from steelyard.models import packed
from steelyard.models.encoded_table import Encoded
from steelyard.models.encoding import MAX_LEVELS, Categories, Encoding, encode
from steelyard.models.encoding_layer import TableEncoder
from steelyard.models.honours import NETWORK, Honours
from steelyard.models.inputs import core_inputs
from steelyard.models.members import (
    Bagged,
    Member,
    encoded,
    members_of,
    out_of_bag_probabilities,
    placed_in_stack,
    raw_columns,
    whole,
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
MATRIX_BYTES = 1 << 27  # for the encoded tables of a pack's splits


@dataclass(frozen=True)
class TabularTrainer(Bagged):
    """Trains many jobs at once (`models.jobs.Trainer`): techniques, splits and members together."""

    settings: packed.Settings = field(default_factory=packed.Settings)
    name: str = "tabular"

    def refuses(self, technique: Technique) -> str | None:
        """Losses over pairs of rows."""
        return HONOURS.refuses(technique)

    def run(
        self, table: Table, jobs: Sequence[Job], progress: Callable[[float], None]
    ) -> Iterator[Outcome]:
        done = np.zeros(len(jobs))

        def run_pack(first: int, pack: Sequence[Job]) -> list[Outcome]:
            def report(share: float) -> None:
                done[first : first + len(pack)] = share
                progress(float(done.mean()))

            return self._run_pack(table, pack, report)

        packs = list(self._packs(table, jobs))
        firsts = np.cumsum([0] + [len(pack) for pack in packs[:-1]])
        with ThreadPoolExecutor(packed.packs_at_once(), "pack") as pool:
            for outcomes in pool.map(run_pack, firsts, packs):
                yield from outcomes

    def fit(
        self, table: Table, technique: Technique, seed: int, progress: Callable[[float], None]
    ) -> Fitted:
        split = whole(table)
        fitted, matrix = encoded(table, split)
        job = Job(technique, split, seed)
        members = list(members_of(job, table, matrix, self.members))
        placed, y, made = placed_in_stack(members, [0] * len(members), table.y)
        X = np.concatenate([matrix, *made]) if made else matrix
        networks = packed.train(X, y, placed, self._settings(table), progress)
        uncorrected = packed.probabilities(networks, matrix)
        draws = [member.resampled for member in members]
        asked = [
            FittedMember(member.validation, partial(_shares, fitted, networks[i : i + 1]))
            for i, member in enumerate(members)
        ]
        held = out_of_bag_probabilities(uncorrected, members)
        return Fitted(_core(table, fitted, networks), held, draws, asked)

    def _run_pack(
        self, table: Table, jobs: Sequence[Job], progress: Callable[[float], None]
    ) -> list[Outcome]:
        start, rows = time.perf_counter(), len(table.y)
        matrices: list[Encoded] = []
        own: list[list[Member]] = []  # each job's members
        first_row = []  # where the job's table starts in the stack
        for split, same in by_split(jobs):
            matrix = encoded(table, split)[1]
            own += [list(members_of(job, table, matrix, self.members)) for job in same]
            first_row += [len(matrices) * rows] * len(same)
            matrices.append(matrix)
        starts = np.repeat(first_row, self.members)
        everyone = [member for members in own for member in members]
        in_stack, y, made = placed_in_stack(everyone, starts, np.tile(table.y, len(matrices)))
        X = packed.one_table(matrices, made)
        networks = packed.train(X, y, in_stack, self._settings(table), progress)
        parts = [networks[i : i + self.members] for i in range(0, len(everyone), self.members)]
        uncorrected = [
            packed.probabilities(parts[i], X, at + job.split.test).mean(0)
            for i, (job, at) in enumerate(zip(jobs, first_row, strict=True))
        ]
        seconds = (time.perf_counter() - start) / len(jobs)
        return [
            Outcome(job, uncorrected, seconds, [member.resampled for member in members])
            for job, uncorrected, members in zip(jobs, uncorrected, own, strict=True)
        ]

    def _packs(self, table: Table, jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
        """Consecutive jobs that train together: as many networks and tables as memory takes."""
        width = _width_at_most(table)
        networks = packed.networks_at_once(width, len(table.schema.classes), self._settings(table))
        jobs_at_once = _evenly(len(jobs), max(1, networks // self.members))
        tables_at_once = max(1, room(MATRIX_BYTES, 0.1) // (4 * width * len(table.y)))
        pack: list[Job] = []
        for job in jobs:
            keys = {one.split.key for one in pack} | {job.split.key}
            if len(pack) == jobs_at_once or len(keys) > tables_at_once:
                yield pack
                pack = []
            pack.append(job)
        yield pack

    def _settings(self, table: Table) -> packed.Settings:
        batch, steps = _schedule(len(table.y))
        settings = replace(self.settings, batch=batch, steps=steps)
        return settings if table.class_counts.min() >= FEW else replace(settings, **SMOOTH)


def _shares(
    encoding: Encoding, network: packed.Networks, numbers: np.ndarray, categories: Categories
) -> np.ndarray:
    """Class shares of raw rows by one network, (rows, classes)."""
    return packed.probabilities(network, encode(encoding, numbers, categories))[0]


def _evenly(jobs: int, at_once: int) -> int:
    """Jobs of a pack, so that packs are alike where a few more make them so: one compilation."""
    fewest = math.ceil(jobs / at_once)
    packs = next((n for n in range(fewest, fewest + 3) if n and jobs % n == 0), fewest)
    return math.ceil(jobs / max(1, packs))


def _schedule(rows: int) -> tuple[int, int]:
    """Batch and steps by the number of rows."""
    batch = 128 if rows < 2_000 else 256 if rows < 50_000 else 1024
    passes = 30 if rows < 50_000 else 12
    steps = np.clip(passes * rows / batch, 400, 1500)
    return batch, 50 * round(steps / 50)


def _width_at_most(table: Table) -> int:
    """Columns of the widest encoded matrix a split can have."""
    numbers, categories = raw_columns(table)
    gaps = np.isnan(numbers).any(0).sum()
    levels = sum(min(len(names), MAX_LEVELS) + 1 for names in categories.names)
    return max(1, 2 * numbers.shape[1] + int(gaps) + levels)


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
