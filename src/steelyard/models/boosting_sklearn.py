"""Bagged members grown by scikit-learn's HistGradientBoosting, where LightGBM is not installed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from steelyard.layers.forest import Forest, at_most_float32
from steelyard.layers.forest_sklearn import from_hist_gradient_boosting
from steelyard.models.boosting import (
    LEAF_PENALTY,
    LEAVES,
    PATIENCE,
    RATE,
    ROUNDS,
    UNSTOPPED,
    Rows,
    forest_per_class,
    log_loss,
    per_class,
)
from steelyard.models.honours import SKLEARN, Honours

BINS = 255
HONOURS = Honours(
    "scikit-learn's trees",
    SKLEARN,
    "pip install 'steelyard[lightgbm]' for focal loss, use model='tabular' for others",
)


@dataclass(frozen=True)
class HistGradientBoosting:
    """Grows until the held-out rows say stop: 10 rounds, then as many again each time.

    scikit-learn bins the table anew for every call of `fit`, in a Python loop over quantiles where
    rows have weights. So the numbers come to it as bins, and it is called a few times only.
    """

    name: str = "scikit-learn"
    honours: Honours = HONOURS
    reads_bins: bool = False

    def bins(self, X: np.ndarray, categorical: list[int]) -> "Bins":
        """Of our own: scikit-learn's are found anew in every call of `fit`."""
        return Bins.of(X, categorical)

    def grow(self, rows: Rows, bins: "Bins") -> "GrownBySklearn":
        from sklearn.ensemble import HistGradientBoostingClassifier

        rows = replace(rows, X=bins.codes(rows.X), X_validation=bins.codes(rows.X_validation))
        model = HistGradientBoostingClassifier(
            max_iter=PATIENCE if len(rows.y_validation) else UNSTOPPED,
            learning_rate=RATE,
            max_leaf_nodes=LEAVES,
            l2_regularization=LEAF_PENALTY,
            early_stopping=False,
            categorical_features=rows.categorical or None,
            warm_start=True,
            random_state=rows.seed,
        )
        model.fit(rows.X, rows.y, sample_weight=rows.weight)
        if not len(rows.y_validation):
            return GrownBySklearn(model, UNSTOPPED, rows.classes, bins)
        best = self._best_round(model, rows)
        # As long as the best round is among the last ones, more may be better still.
        while best > model.n_iter_ - PATIENCE and model.n_iter_ < ROUNDS:
            model.set_params(max_iter=min(2 * model.n_iter_, ROUNDS))
            model.fit(rows.X, rows.y, sample_weight=rows.weight)
            best = self._best_round(model, rows)
        return GrownBySklearn(model, best, rows.classes, bins)

    def _best_round(self, model: Any, rows: Rows) -> int:
        losses = [
            log_loss(
                per_class(raw, model.classes_, rows.classes) + rows.held_shift,
                rows.y_validation,
                rows.weight_validation,
            )
            for raw in model.staged_decision_function(rows.X_validation)
        ]
        return int(np.argmin(losses)) + 1


@dataclass(frozen=True)
class Bins:
    """At most `BINS` bins a number column, of about as many rows each; categories stay codes.

    `edges[column]`, increasing: a value lies in the bin of the first edge that is >= it. A
    category column has none.
    """

    edges: Sequence[np.ndarray]
    categorical: Sequence[int]

    @classmethod
    def of(cls, X: np.ndarray, categorical: Sequence[int]) -> "Bins":
        none = np.array([])
        edges = [none if i in categorical else _edges(x) for i, x in enumerate(X.T)]
        return cls(edges, categorical)

    def codes(self, X: np.ndarray) -> np.ndarray:
        """Bins in place of numbers, float32; gaps stay gaps.

        A column without a single value, which scikit-learn cannot take, is 0 throughout.
        """
        coded = X.astype("float32", order="F")
        for index, (column, edges) in enumerate(zip(coded.T, self.edges, strict=True)):
            if index not in self.categorical:
                gap = np.isnan(column) & (len(edges) > 0)
                column[:] = np.where(gap, np.nan, np.searchsorted(edges, column))
        return coded

    def thresholds(self, forest: Forest) -> Forest:
        """The forest that reads numbers where `forest` reads bins."""
        table = np.full((len(self.edges), BINS), np.inf)
        for row, edges in zip(table, self.edges, strict=True):
            row[: len(edges)] = edges
        of_number = (forest.levels < 0) & np.isfinite(forest.threshold)
        bins = forest.threshold[of_number].astype(int)
        threshold = forest.threshold.copy()
        threshold[of_number] = at_most_float32(table[forest.feature[of_number], bins])
        return replace(forest, threshold=threshold)


def _edges(column: np.ndarray) -> np.ndarray:
    values = np.sort(column[~np.isnan(column)].astype(float))
    distinct = values[np.append(True, values[1:] != values[:-1])] if len(values) else values
    if len(distinct) <= BINS:
        return distinct
    return np.unique(values[np.arange(1, BINS) * len(values) // BINS])


@dataclass(frozen=True)
class GrownBySklearn:
    """A model of binned numbers and how many of its rounds count."""

    model: Any
    rounds: int
    classes: int
    bins: Bins

    def logits(self, X: np.ndarray) -> np.ndarray:
        stages = self.model.staged_decision_function(self.bins.codes(X))
        raw = next(islice(stages, self.rounds - 1, None))
        return per_class(raw, self.model.classes_, self.classes)

    def forest(self) -> Forest:
        binned = from_hist_gradient_boosting(self.model, self.rounds)
        return forest_per_class(self.bins.thresholds(binned), self.model.classes_, self.classes)
