"""What a quick model scores with a suspected leak, and in folds or columns without it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.influence import standard_error
from steelyard.stats.metrics import evaluate
from steelyard.stats.predictions import Predictions

Floats = NDArray[np.float64]
Codes = NDArray[np.integer]
Bools = NDArray[np.bool_]

FOLDS = 5
MOST_ROWS = 30_000
TREES, LEAVES = 60, 8
SURE = 3.0  # standard errors of the difference
LOST = 0.8  # the figure without the leak, at most this share of the figure with it


@dataclass(frozen=True)
class LeakFree:
    """Average precision of a quick model with a leak and without."""

    flattered: float
    free: float
    error: float

    @property
    def found(self) -> bool:
        """The difference is beyond chance and large."""
        gap = self.flattered - self.free
        return gap > SURE * self.error and self.free < LOST * self.flattered


@dataclass(frozen=True)
class QuickTable:
    """Columns for trees: numbers with NaN, codes of categories, and the class of interest.

    Columns and not a matrix, for trees read few of the rows of a large table.

    `owner`: rows that the comparison keeps in one fold anyway, (rows,). `weight`: how many rows
    each stands for.
    """

    columns: tuple[Floats, ...]
    is_category: tuple[bool, ...]
    positive: Bools
    owner: Codes
    weight: Floats

    def without_column(self, column: int) -> "QuickTable":
        """The same table, one column less."""
        kept = [k for k in range(len(self.columns)) if k != column]
        flags = tuple(self.is_category[k] for k in kept)
        columns = tuple(self.columns[k] for k in kept)
        return QuickTable(columns, flags, self.positive, self.owner, self.weight)

    def of(self, rows: Codes) -> Floats:
        """Some rows as a matrix, (rows, columns)."""
        return np.column_stack([values[rows] for values in self.columns])

    def only(self, rows: Any, weight: Floats | None = None) -> "QuickTable":
        """Some of the rows, by mask or positions, with other weights where these are given."""
        weight = self.weight[rows] if weight is None else weight
        columns = tuple(values[rows] for values in self.columns)
        hit, owner = self.positive[rows], self.owner[rows]
        return QuickTable(columns, self.is_category, hit, owner, weight)

    def sampled(self, groups: Codes, seed: int) -> tuple["QuickTable", Codes]:
        """At most `MOST_ROWS` rows, groups whole; those that hold positives are drawn last."""
        rows = len(self.positive)
        if rows <= MOST_ROWS:
            return self, groups
        rng = np.random.default_rng(seed)
        has = np.bincount(groups, self.positive) > 0
        order = rng.permutation(len(has))
        order = np.concatenate([order[has[order]], order[~has[order]]])
        sizes = np.bincount(groups)[order]
        kept_groups = np.zeros(len(has), bool)
        kept_groups[order[np.cumsum(sizes) <= MOST_ROWS]] = True
        kept = kept_groups[groups]
        # Rows of groups without positives stand for those that were left out.
        without = ~has[groups]
        share = np.where(without, without.sum() / max((without & kept).sum(), 1), 1.0)
        few = self.only(kept, (share * self.weight)[kept])
        return few, np.unique(groups[kept], return_inverse=True)[1]


def by_groups(table: QuickTable, groups: Codes, seed: int = 0) -> LeakFree | None:
    """With rows of one group in any fold, and with each group in one; None with too few groups."""
    few, owner = table.sampled(groups, seed)
    together = _joined(few.owner, owner)
    return _compared(few, few, few.owner, together, seed)


def without_column(table: QuickTable, column: int, seed: int = 0) -> LeakFree | None:
    """With a column, and without."""
    few, _ = table.sampled(table.owner, seed)
    return _compared(few, few.without_column(column), few.owner, few.owner, seed)


def _compared(
    first: QuickTable, second: QuickTable, owner: Codes, together: Codes, seed: int
) -> LeakFree | None:
    scored = [_scores(first, owner, seed), _scores(second, together, seed)]
    if scored[0] is None or scored[1] is None:
        return None
    found = [_precision(first, score) for score in scored if score is not None]
    if found[0] is None or found[1] is None:
        return None
    (flattered, one), (free, other) = (value for value in found if value is not None)
    error, _ = standard_error(one - other, np.unique(together, return_inverse=True)[1])
    return LeakFree(flattered, free, error)


def _scores(table: QuickTable, owner: Codes, seed: int) -> Floats | None:
    """Out-of-fold scores, ranked fold by fold; None where a fold would lack the class."""
    from sklearn.model_selection import StratifiedGroupKFold

    groups_with = len(np.unique(owner[table.positive]))
    if groups_with < FOLDS or len(np.unique(owner)) < 2 * FOLDS:
        return None
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    return scores_in_folds(table, list(folds.split(owner, table.positive, owner)), seed)


def scores_in_folds(
    table: QuickTable, folds: Sequence[tuple[Codes, Codes]], seed: int
) -> Floats | None:
    """Scores of the folds' test rows by quick trees, 0 for all others; None where a part lacks
    the class.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    score = np.zeros(len(table.positive))
    if not table.columns:  # nothing to tell rows by: all alike
        return score
    for train, test in folds:
        if not 0 < table.positive[train].sum() < len(train) or not len(test):
            return None
        trees = HistGradientBoostingClassifier(
            max_iter=TREES,
            max_leaf_nodes=LEAVES,
            early_stopping=False,
            # A few positives in a leaf of rows that are else as good as sure would outweigh all.
            l2_regularization=1.0,
            categorical_features=list(table.is_category),
            random_state=seed,
        )
        with threadpool_limits(1, user_api="openmp"):
            trees.fit(table.of(train), table.positive[train])
            score[test] = trees.predict_proba(table.of(test))[:, 1]
    return score if len(folds) else None


def precision_of(table: QuickTable, score: Floats) -> float | None:
    """Average precision of scores of all rows of a table."""
    found = _precision(table, score)
    return None if found is None else found[0]


def _precision(table: QuickTable, score: Floats) -> tuple[float, Floats] | None:
    p = np.column_stack([1.0 - score, score])
    codes = table.positive.astype(np.int64)
    rows = Predictions.of(codes, p, codes, positive=1, weights=_weights(table))
    found = evaluate("average_precision", rows)
    return None if found is None else (found.value, found.influence)


def _weights(table: QuickTable) -> Floats | None:
    return None if (table.weight == 1.0).all() else table.weight


def _joined(*owners: Sequence[int] | Codes) -> Codes:
    """Groups that hold together whatever any of the given groups does."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows = len(owners[0])
    starts, ends = [], []
    for owner in owners:
        codes = np.unique(np.asarray(owner), return_inverse=True)[1]
        first = np.full(int(codes.max()) + 1, rows)
        np.minimum.at(first, codes, np.arange(rows))
        starts.append(np.arange(rows))
        ends.append(first[codes])
    links = (np.ones(rows * len(owners)), (np.concatenate(starts), np.concatenate(ends)))
    return np.asarray(connected_components(coo_matrix(links, shape=(rows, rows)))[1])
