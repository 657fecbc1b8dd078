"""Bagged members grown by scikit-learn's HistGradientBoosting, where LightGBM is not installed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard.layers.forest import Forest
from steelyard.layers.forest_sklearn import from_hist_gradient_boosting
from steelyard.models.growing import (
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


@dataclass(frozen=True)
class HistGradientBoosting:
    """Grows a few rounds at a time and looks at the held-out rows in between."""

    name: str = "scikit-learn"
    focal: bool = False

    def grow(self, rows: Rows) -> "GrownBySklearn":
        from sklearn.ensemble import HistGradientBoostingClassifier

        model = HistGradientBoostingClassifier(
            max_iter=PATIENCE if len(rows.y_held) else UNSTOPPED,
            learning_rate=RATE,
            max_leaf_nodes=LEAVES,
            l2_regularization=LEAF_PENALTY,
            early_stopping=False,
            categorical_features=rows.categorical or None,
            warm_start=True,
            random_state=rows.seed,
        )
        model.fit(rows.X, rows.y, sample_weight=rows.weight)
        if not len(rows.y_held):
            return GrownBySklearn(model, UNSTOPPED, rows.classes)
        best = self._best_round(model, rows)
        # As long as the best round is among the last ones, more may be better still.
        while best > model.n_iter_ - PATIENCE and model.n_iter_ < ROUNDS:
            model.set_params(max_iter=model.n_iter_ + PATIENCE)
            model.fit(rows.X, rows.y, sample_weight=rows.weight)
            best = self._best_round(model, rows)
        return GrownBySklearn(model, best, rows.classes)

    def _best_round(self, model: Any, rows: Rows) -> int:
        losses = [
            log_loss(per_class(raw, model.classes_, rows.classes) + rows.held_shift, rows.y_held)
            for raw in model.staged_decision_function(rows.X_held)
        ]
        return int(np.argmin(losses)) + 1


@dataclass(frozen=True)
class GrownBySklearn:
    """A model and how many of its rounds count."""

    model: Any
    rounds: int
    classes: int

    def logits(self, X: np.ndarray) -> np.ndarray:
        for number, raw in enumerate(self.model.staged_decision_function(X), start=1):
            if number == self.rounds:
                return per_class(raw, self.model.classes_, self.classes)
        raise AssertionError("fewer rounds than were counted")

    def forest(self) -> Forest:
        forest = from_hist_gradient_boosting(self.model, self.rounds)
        return forest_per_class(forest, self.model.classes_, self.classes)
