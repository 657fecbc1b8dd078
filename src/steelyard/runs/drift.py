"""Did the rows change, or only how many there are of each class? Two looks at new rows.

Both compare with labelled rows that are made to have the new rows' class shares: were it only the
shares that moved, nothing would be left to see.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from steelyard.stats.intervals import delong_error, placements

Floats = NDArray[np.float64]

ROWS = 4000  # of either side; more rows find differences too small to matter
FEWEST = 50  # of either side
FOLDS = 3
LEVELS = 200  # of a category; scikit-learn's trees take up to 255
TRIFLE = 0.52  # ROC-AUC: one of ten features moved by a fourteenth of its spread
BINS = 10


@dataclass(frozen=True)
class FeatureShift:
    """How well a classifier tells new rows from old ones of equal class shares; .5 is not at all.

    `moved`: the 95 % interval lies above what is a trifle.
    """

    auc: float
    low: float
    high: float
    moved: bool
    rows: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class ScoreShift:
    """Population stability index of the scores, and how large it gets where nothing moved.

    `chance` is the larger of two: what drawing rows gives 19 times in 20, and how far the models of
    the folds are from each other on rows of the same kind.
    """

    psi: float
    chance: float

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
    seed: int = 0,
) -> FeatureShift | None:
    """Classifier two-sample test of labelled rows against new ones; None with too few rows.

    Old rows are drawn without replacement so that their class shares are `prior`. Boosted trees
    learn on two thirds to tell the sides apart and are scored on the rest.

    Args:
        old: features of labelled rows. y: their codes, shape (rows,).
        prior: class shares of the new rows, shape (classes,).
        new: the same features of new rows.
        categories: the columns that are text; all others are numbers.
        seed: of what is drawn.
    Source: Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(seed)
    kept = _with_shares(np.asarray(y), np.asarray(prior, dtype=np.float64), rng)
    fresh = rng.permutation(len(new))[:ROWS]
    size = min(len(kept), len(fresh))
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
            found = trees.fit(X[train], is_new[train]).decision_function(X[test])
        score[test] = stats.rankdata(found) / len(test)
    auc, _ = placements(is_new == 1, score)
    reach = stats.norm.ppf(0.975) * delong_error(is_new == 1, score)
    low, high = max(auc - reach, 0.0), min(auc + reach, 1.0)
    return FeatureShift(auc, float(low), float(high), bool(low > TRIFLE), size)


def score_shift(
    score: ArrayLike, y: ArrayLike, model: ArrayLike, prior: ArrayLike, new: ArrayLike
) -> ScoreShift:
    """Stability index of new scores against labelled ones weighted to the class shares `prior`.

    Ten bins, half of them in the top tenth of the scores: that is where a rare class lives.

    Args:
        score: of labelled rows, shape (rows,), out of fold.
        y: their codes. model: which fold's model scored them, any codes.
        prior: class shares of the new rows, shape (classes,).
        new: scores of the new rows.
    """
    old, codes, by = np.asarray(score), np.asarray(y), np.asarray(model)
    fresh, share = np.asarray(new), np.asarray(prior, dtype=np.float64)
    psi, by_rows = _stability(old, _weights(codes, share), fresh, np.ones(len(fresh)))
    between = 0.0
    for one in np.unique(by):
        mine = by == one
        if not mine.all():
            ours, theirs = _weights(codes[~mine], share), _weights(codes[mine], share)
            between = max(between, _stability(old[~mine], ours, old[mine], theirs)[0])
    return ScoreShift(psi, max(by_rows, between))


def _weights(codes: NDArray[Any], prior: Floats) -> Floats:
    """Weights, summing to 1, under which rows have these class shares."""
    counts = np.bincount(codes, minlength=len(prior))
    weight = (prior / np.maximum(counts, 1))[codes]
    return weight / weight.sum()


def _stability(
    old: Floats, weight: Floats, fresh: Floats, fresh_weight: Floats
) -> tuple[float, float]:
    """Stability index between weighted scores, and its 95 % quantile by chance."""
    fresh_weight = fresh_weight / fresh_weight.sum()
    order = np.argsort(old, kind="stable")
    half = BINS // 2
    levels = np.r_[np.linspace(0, 0.9, half + 1)[1:], np.linspace(0.9, 1, half + 1)[1:-1]]
    at = np.searchsorted(np.cumsum(weight[order]), levels).clip(0, len(old) - 1)
    edges = np.unique(old[order][at])
    bins = len(edges) + 1
    expected = np.bincount(np.searchsorted(edges, old), weights=weight, minlength=bins)
    seen = np.bincount(np.searchsorted(edges, fresh), weights=fresh_weight, minlength=bins)
    # Half a row in every bin: an empty one would be infinitely far away.
    rows, fresh_rows = 1.0 / np.sum(weight**2), 1.0 / np.sum(fresh_weight**2)
    then = (expected * rows + 0.5) / (rows + 0.5 * bins)
    now = (seen * fresh_rows + 0.5) / (fresh_rows + 0.5 * bins)
    psi = float(np.sum((now - then) * np.log(now / then)))
    return psi, float(stats.chi2.ppf(0.95, bins - 1) * (1.0 / fresh_rows + 1.0 / rows))


def _with_shares(y: NDArray[Any], prior: Floats, rng: np.random.Generator) -> NDArray[Any]:
    """Positions of rows, none twice, whose class shares are `prior`: as many as there can be."""
    have = np.bincount(y, minlength=len(prior))
    wanted = prior > 0
    size = min(ROWS, int(np.min(have[wanted] / prior[wanted])))
    shuffled = rng.permutation(len(y))
    parts = [
        shuffled[y[shuffled] == k][: round(size * share)] for k, share in enumerate(prior.tolist())
    ]
    return np.concatenate(parts)


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
