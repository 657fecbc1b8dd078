"""How techniques are held against each other: the splits, the metric, the goal and the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from steelyard.decision import Goal, costs_by_row, costs_of
from steelyard.jobs.class_counts import class_counts, shares_of
from steelyard.jobs.job import Split
from steelyard.stats.predictions import Predictions, effective_rows


@dataclass(frozen=True)
class Protocol:
    """What all techniques are judged by."""

    y: np.ndarray
    splits: Sequence[Split]
    positive: int
    goal: Goal
    metric: str
    groups: np.ndarray | None = None
    seed: int = 0
    reference: str = "plain"  # wins ties
    labels: Sequence[Any] | None = None  # of the classes, for notes
    weights: np.ndarray | None = None  # of the rows, above 0 and of mean 1
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)  # that the goal needs, per row
    lag: float = 0.0  # how long before a block in time rows of known class end
    trained_in_folds: bool = True  # else the folds serve thresholds and paired tests alone

    @cached_property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.y.max()) + 1

    @property
    def repeats(self) -> int:
        """Number of repeats."""
        return max(split.repeat for split in self.splits) + 1

    @property
    def stratified(self) -> bool:
        """Whether models know how many rows of a class their test rows hold.

        They do where they were trained in folds that hold every class in equal shares: no groups,
        no order in time. Scores from elsewhere meet as many rows of a class as chance gives.
        """
        evenly = self.groups is None and all(split.scored for split in self.splits)
        return evenly and self.trained_in_folds

    @cached_property
    def scored(self) -> np.ndarray:
        """Positions of the rows that metrics are computed on; all but a time split's past."""
        return np.sort(np.concatenate([s.test for s in self.splits if s.scored and s.repeat == 0]))

    def counts(self, rows: Any) -> np.ndarray:
        """Weight of the rows of each class among these, shape (classes,); whole without weights."""
        return class_counts(self.y, self.weights, rows, self.classes)

    @property
    def shares(self) -> np.ndarray:
        """Class shares of the table, shape (classes,)."""
        counts = self.counts(slice(None))
        return counts / counts.sum()

    @property
    def positives(self) -> int:
        """Effective rows of the class of interest."""
        mine = self.y == self.positive
        if self.weights is None:
            return int(mine.sum())
        return int(effective_rows(self.weights[mine]))

    def of_rows(self, rows: Any) -> np.ndarray | None:
        """Weights of these rows, or None."""
        return None if self.weights is None else self.weights[rows]

    @cached_property
    def row_costs(self) -> np.ndarray | None:
        """Costs of a false alarm and a miss in each row, (rows, 2); None where rows do not differ.

        A gap counts with the mean of all rows: what was paid is not learned fold by fold.
        """
        by_row = costs_by_row(self.goal, self.columns, self.y == self.positive)
        return None if by_row is None else by_row.of(self.columns)

    def columns_of(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """What the goal needs of some of the rows, by positions or mask."""
        return {name: column[rows] for name, column in self.columns.items()}

    def fold_of(self, repeat: int) -> np.ndarray:
        """Fold in which each row was predicted, shape (rows,); -1 where it never was."""
        return self._folds[repeat]

    @cached_property
    def _folds(self) -> np.ndarray:
        folds = np.full((self.repeats, len(self.y)), -1)
        for split in self.splits:
            folds[split.repeat, split.test] = split.fold
        return folds

    @cached_property
    def _scored(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """Class codes of the scored rows, and their folds by repeat: once for all techniques."""
        rows = self.scored
        return self.y[rows], [self.fold_of(repeat)[rows] for repeat in range(self.repeats)]

    def predictions(self, p: np.ndarray, d: np.ndarray) -> list[Predictions]:
        """The scored rows of each repeat, checked once, from (repeats, rows, ...) of all rows."""
        rows, (y, folds) = self.scored, self._scored
        return [
            Predictions.of(
                y,
                p[repeat, rows],
                d[repeat, rows],
                positive=self.positive,
                costs=costs_of(self.goal),
                folds=folds[repeat],
                groups=None if self.groups is None else self.groups[rows],
                weights=self.of_rows(rows),
                stratified=self.stratified,
                row_costs=None if self.row_costs is None else self.row_costs[rows],
            )
            for repeat in range(self.repeats)
        ]

    def natural(self, split: Split) -> np.ndarray:
        """Class shares of a split's training rows, shape (classes,)."""
        return shares_of(self.counts(split.train))
