"""Bagged gradient-boosted trees, on the validation folds and samples of the network's members."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from steelyard._memory import give_back
from steelyard.jobs.job import Fitted, FittedMember, Job, Outcome, by_split
from steelyard.layers.forest import Forest
from steelyard.models.boosting import BoostedTrees, Booster, best_booster, rows_of
from steelyard.models.encoding import Categories, Encoding, tree_columns
from steelyard.models.members import (
    Bagged,
    Member,
    encoded_rows,
    members_of,
    out_of_bag_probabilities,
    whole,
)
from steelyard.tables import Table
from steelyard.techniques import Technique


@dataclass(frozen=True)
class TreesTrainer(Bagged):
    """Trains trees for every technique whose loss the library at hand can express.

    Copies of rows and class weights are row weights; synthetic rows are made as for the network.
    A logit offset is a constant that boosting from the class shares learns anyway: it is taken off
    the scores afterwards, so `balanced-softmax` is `plain` here. Focal loss is an own objective
    with LightGBM and refused with scikit-learn, as are all other losses (`models.honours`).
    """

    booster: Booster = field(default_factory=best_booster)

    @property
    def name(self) -> str:
        """With the library: two libraries grow two different models."""
        return f"trees ({self.booster.name})"

    def refuses(self, technique: Technique) -> str | None:
        """Losses that boosting cannot express, and rows made in the network's columns."""
        return self.booster.honours.refuses(technique)

    def run(
        self, table: Table, jobs: Sequence[Job], progress: Callable[[float], None]
    ) -> Iterator[Outcome]:
        done = 0
        for split, same in by_split(jobs):
            rows = encoded_rows(table, split)
            X = tree_columns(rows.encoding, rows.numbers, rows.categories)
            bins = self._bins(table, X[split.train])
            grown: dict[Any, list[BoostedTrees]] = {}
            for job in same:
                start = time.perf_counter()
                members = list(members_of(job, table, rows, self.members))
                # Techniques that differ in an offset only grow the same trees.
                costs = [(*member.loss.weight, member.loss.gamma) for member in members]
                alike = (job.technique.sample, tuple(costs))
                if alike not in grown:
                    grown[alike] = self._grow(members, table, X, bins, split.train)
                trees = grown[alike]
                uncorrected = _member_probabilities(trees, members, X[split.test]).mean(0)
                done += 1
                progress(done / len(jobs))
                seconds = time.perf_counter() - start
                yield Outcome(job, uncorrected, seconds, [member.resampled for member in members])
            give_back()

    def fit(
        self, table: Table, technique: Technique, seed: int, progress: Callable[[float], None]
    ) -> Fitted:
        split = whole(table)
        rows = encoded_rows(table, split)
        X = tree_columns(rows.encoding, rows.numbers, rows.categories)
        members = list(members_of(Job(technique, split, seed), table, rows, self.members))
        trees = self._grow(members, table, X, self._bins(table, X), split.train)
        progress(1.0)
        held = out_of_bag_probabilities(_member_probabilities(trees, members, X), members)
        draws = [member.resampled for member in members]
        asked = [
            FittedMember(member.validation, partial(_shares, rows.encoding, grown, member))
            for grown, member in zip(trees, members, strict=True)
        ]
        return Fitted(_core(table, rows.encoding.levels, trees, members), held, draws, asked)

    def _bins(self, table: Table, X: np.ndarray) -> Any:
        return self.booster.bins(X, list(range(len(table.schema.numbers), X.shape[1])))

    def _grow(
        self,
        members: Sequence[Member],
        table: Table,
        X: np.ndarray,
        bins: Any,
        binned: np.ndarray,
    ) -> list[BoostedTrees]:
        numbers, classes = len(table.schema.numbers), len(table.schema.classes)

        def grow(member: Member) -> BoostedTrees:
            seed = int(np.random.default_rng([*member.seed, 4]).integers(2**31))
            known = binned if self.booster.reads_bins else None
            rows = rows_of(member, X, table.y, numbers, classes, seed, known)
            return self.booster.grow(rows, bins)

        with _one_thread_each() as pool:
            return list(pool.map(grow, members))


def _member_probabilities(
    trees: Sequence[BoostedTrees], members: Sequence[Member], X: np.ndarray
) -> np.ndarray:
    """Class shares by member: (members, rows, classes) float32."""
    with _one_thread_each() as pool:
        return np.stack(list(pool.map(partial(_uncorrected, X), trees, members)))


def _uncorrected(X: np.ndarray, grown: BoostedTrees, member: Member) -> np.ndarray:
    return softmax(grown.logits(X) - member.loss.offset, axis=1).astype("float32")


def _shares(
    encoding: Encoding,
    grown: BoostedTrees,
    member: Member,
    numbers: np.ndarray,
    categories: Categories,
) -> np.ndarray:
    """Class shares of raw rows by one member, (rows, classes)."""
    return _uncorrected(tree_columns(encoding, numbers, categories), grown, member)


def _one_thread_each() -> ThreadPoolExecutor:
    """A worker for each processor, whose OpenMP has no threads of its own.

    OpenMP keeps its limit by thread, so it is set in the workers. Without it two workers of
    scikit-learn's trees start two teams, and waiting at barriers takes 20 times the work.
    """
    limit = partial(threadpool_limits, limits=1, user_api="openmp")
    return ThreadPoolExecutor(os.cpu_count(), initializer=limit)


def _core(
    table: Table,
    levels: Sequence[Sequence[str]],
    trees: Sequence[BoostedTrees],
    members: Sequence[Member],
) -> Any:
    """The grown members as a Keras model: raw columns -> mean class shares."""
    from steelyard._keras import keras
    from steelyard.layers.trees import TreeEnsemble
    from steelyard.models.encoding_layer import TreeColumns
    from steelyard.models.inputs import core_inputs
    from steelyard.models.packed_layer import MemberMean

    forests = []
    for grown, member in zip(trees, members, strict=True):
        forest = grown.forest()
        forests.append(replace(forest, start=forest.start - member.loss.offset))
    inputs = core_inputs(table)
    columns = TreeColumns(levels, name="tree_columns")(*inputs)
    scores = TreeEnsemble.of_forest(Forest.side_by_side(forests), name="trees")(columns)
    by_member = keras.layers.Reshape((len(members), -1))(scores)
    return keras.Model(inputs, MemberMean()(by_member), name="steelyard.trees")
