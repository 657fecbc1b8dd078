"""Did the features change, or only how many rows there are of each class? A classifier's answer.

New rows are compared with labelled ones that are made to have the new rows' class shares: were it
only the shares that moved, nothing would be left to see. Scores: `stats.drift`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from steelyard.stats.auc import auc_with_interval
from steelyard.stats.drift import rows_with_shares

Floats = NDArray[np.float64]

ROWS = 4000  # of either side; more rows find differences too small to matter
FEWEST = 50  # of either side
FOLDS = 3
LEVELS = 200  # of a category; scikit-learn's trees take up to 255
TRIFLE = 0.52  # ROC-AUC: one of ten features moved by a fourteenth of its spread


@dataclass(frozen=True)
class FeatureShift:
    """How well a classifier tells new rows from old ones of equal class shares; .5 is not at all.

    `moved`: the 95 % interval lies above `limit`, what is a trifle, or as far below one half: there
    new rows are copies of old ones, which trees have seen with the other answer.
    """

    auc: float
    low: float
    high: float
    moved: bool
    rows: int
    limit: float = TRIFLE

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def feature_shift(
    old: pl.DataFrame,
    y: ArrayLike,
    prior: ArrayLike,
    new: pl.DataFrame,
    *,
    categories: Sequence[str] = (),
    sample_weight: ArrayLike | None = None,
    seed: int = 0,
) -> FeatureShift | None:
    """Classifier two-sample test of labelled rows against new ones; None with too few rows.

    Old rows are drawn without replacement so that their class shares are `prior`. Boosted trees
    learn on two thirds to tell the sides apart and are scored on the rest. A row that stands for
    three counts three times in both: drawn three times it would be known from its own copy.

    Args:
        old: features of labelled rows. y: their codes, shape (rows,).
        prior: class shares of the new rows, shape (classes,).
        new: the same features of new rows.
        categories: the columns that are text; all others are numbers.
        sample_weight: how much each old row counts, shape (rows,); by default alike.
        seed: of what is drawn.
    Source: Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(seed)
    codes = np.asarray(y)
    own = np.ones(len(codes)) if sample_weight is None else np.asarray(sample_weight, float)
    counted = np.flatnonzero(own > 0.0)
    drawn = rows_with_shares(codes[counted], np.asarray(prior, dtype=np.float64), ROWS, rng)
    kept = counted[drawn]
    fresh = rng.permutation(len(new))[:ROWS]
    weight = np.r_[_of_mean_one(own[kept], codes[kept]), np.ones(len(fresh))]
    size = min(round(len(kept) ** 2 / np.sum(weight[: len(kept)] ** 2)), len(fresh))
    if size < FEWEST:
        return None
    X = _matrix(pl.concat([old[kept], new[fresh]], how="vertical_relaxed"), categories)
    is_new = np.repeat([0, 1], [len(kept), len(fresh)])
    score = np.empty(len(X))
    is_category = [name in set(categories) for name in old.columns]
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(X, is_new):
        trees = HistGradientBoostingClassifier(
            max_iter=40,
            max_leaf_nodes=8,
            min_samples_leaf=20,
            early_stopping=False,
            class_weight="balanced",
            categorical_features=is_category,
            random_state=seed,
        )
        # Ranks, since the folds' scores are not on one scale.
        with threadpool_limits(1, user_api="openmp"):  # faster, on tables so small
            trees.fit(X[train], is_new[train], sample_weight=weight[train])
            found = trees.decision_function(X[test])
        score[test] = stats.rankdata(found) / len(test)
    auc, low, high = auc_with_interval([(is_new == 1, score, weight)])
    moved = bool(low > TRIFLE or high < 1.0 - TRIFLE)
    return FeatureShift(auc, low, high, moved, size)


def _of_mean_one(weight: Floats, y: NDArray[Any]) -> Floats:
    """Weights within each class, so that the classes keep the shares that they were drawn in."""
    rows, total = np.bincount(y), np.bincount(y, weight)
    return np.asarray(weight * (rows / np.where(total > 0.0, total, 1.0))[y])


def _matrix(frame: pl.DataFrame, categories: Sequence[str]) -> Floats:
    """Numbers as they are, categories as codes of their frequent levels, gaps as NaN."""
    text = set(categories)
    columns = []
    for column in frame.iter_columns():
        if column.name in text:
            levels = column.drop_nulls().value_counts(sort=True)[column.name].head(LEVELS)
            codes = column.cast(pl.Enum(levels.sort()), strict=False).to_physical()
            columns.append(codes.cast(pl.Float64).fill_null(float("nan")).to_numpy())
        else:
            columns.append(column.cast(pl.Float64).fill_null(float("nan")).to_numpy())
    return np.column_stack(columns)
