"""Gradient-boosted trees on the same splits: the column that keeps the networks honest."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from steelyard.models.encoding import MAX_LEVELS
from steelyard.models.jobs import Draw, Job, Outcome
from steelyard.tables import Table
from steelyard.techniques import Technique
from steelyard.techniques.sample import Drawn

TECHNIQUE = Technique(
    name="trees",
    about="gradient-boosted trees on the same folds, untreated",
    source="scikit-learn HistGradientBoostingClassifier",
)


@dataclass(frozen=True)
class TreesBaseline:
    """scikit-learn's HistGradientBoosting on raw columns; a baseline, not shipped as a model."""

    name: str = "trees"

    def run(
        self, table: Table, jobs: Sequence[Job], progress: Callable[[float], None]
    ) -> Iterator[Outcome]:
        from sklearn.ensemble import HistGradientBoostingClassifier

        for job in jobs:
            start = time.perf_counter()
            train, test = job.split.train, job.split.test
            X, categorical = raw_matrix(table, train)
            trees = HistGradientBoostingClassifier(
                max_iter=150,
                learning_rate=0.05,
                max_leaf_nodes=15,
                # Without it a leaf of a rare class divides by a curvature near 0 and the log-odds
                # run away: average precision .25 instead of .82 on card fraud.
                l2_regularization=1.0,
                early_stopping=False,
                categorical_features=categorical,
                random_state=job.seed,
            ).fit(X[train], table.y[train])
            belief = np.zeros((len(test), len(table.schema.classes)), "float32")
            belief[:, trees.classes_] = trees.predict_proba(X[test])
            progress(1.0)
            draw = Draw(Drawn.observed(train), train[:0])
            yield Outcome(job, belief, time.perf_counter() - start, [draw])


def raw_matrix(table: Table, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers as they are, categories as codes of levels frequent in `train`, gaps as NaN."""
    numbers, strings = table.numbers(), table.categories()
    coded = np.full(strings.shape, np.nan, "float32")
    for j, column in enumerate(strings.T):
        levels, code_of = np.unique(column.astype(str), return_inverse=True)
        counts = np.bincount(code_of[train], minlength=len(levels)) * (levels != "")
        kept = np.argsort(-counts, kind="stable")[:MAX_LEVELS]
        slot = np.full(len(levels), np.nan, "float32")
        slot[kept] = np.arange(len(kept))
        slot[counts == 0] = np.nan  # a gap, or not seen in training
        coded[:, j] = slot[code_of]
    categorical = np.arange(numbers.shape[1] + strings.shape[1]) >= numbers.shape[1]
    return np.hstack([numbers, coded]), categorical
