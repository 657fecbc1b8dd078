"""The samplers taken from imbalanced-learn as they are, for any kind of table.

Their time goes into the model that they fit (a forest, an SVM, k-means) or their use is rare; we
add reading and writing of tables and errors that say what to do, and nothing else.
"""

from collections.abc import Hashable, Mapping
from numbers import Integral
from typing import Any, ClassVar

import imblearn.over_sampling
import imblearn.under_sampling
import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from steelyard.errors import TargetError
from steelyard.resample._base import AnyTable, aligned, then_new
from steelyard.resample._classes import require_rows
from steelyard.resample._levels import encode_columns, is_missing
from steelyard.resample._table import Table
from steelyard.resample._target import Target


class SMOTEN(AnyTable, imblearn.over_sampling.SMOTEN):
    """SMOTE for tables of categories only; see `imblearn.over_sampling.SMOTEN`.

    A missing cell is a level of its own, where imbalanced-learn refuses it.
    """

    _checks: ClassVar[dict[str, Any]] = {"dtype": None}

    def _resample(self, table: Table, target: Target) -> tuple[Any, Any, np.ndarray]:
        _check_neighbours(self, self.sampling_strategy_, target.labels)
        own_encoder = self.categorical_encoder is not None or sparse.issparse(table.native)
        if own_encoder or not _has_gaps(table):
            return super()._resample(table, target)
        levels, codes = encode_columns(table, np.arange(table.shape[1]))
        made, labels = self._fit_resample(codes, target.labels)
        columns = [known[made[:, position]] for position, known in enumerate(levels)]
        self.source_rows_ = then_new(len(target.labels), len(labels))
        return *aligned(table.replace(columns), target.replace(labels)), labels


class SVMSMOTE(AnyTable, imblearn.over_sampling.SVMSMOTE):
    """SMOTE from the support vectors of an SVM; see `imblearn.over_sampling.SVMSMOTE`."""

    def _resample(self, table: Table, target: Target) -> tuple[Any, Any, np.ndarray]:
        _check_neighbours(self, self.sampling_strategy_, target.labels)
        return super()._resample(table, target)


class KMeansSMOTE(AnyTable, imblearn.over_sampling.KMeansSMOTE):
    """SMOTE inside clusters of the smaller class; see `imblearn.over_sampling.KMeansSMOTE`."""

    def _resample(self, table: Table, target: Target) -> tuple[Any, Any, np.ndarray]:
        try:
            with threadpool_limits(1):  # sums of several threads differ in their last bit
                return super()._resample(table, target)
        except RuntimeError as error:
            raise ClusterError(str(error)) from error


class ClusterCentroids(AnyTable, imblearn.under_sampling.ClusterCentroids):
    """Replace the larger classes by cluster centres; see imbalanced-learn's class of the name."""

    def _resample(self, table: Table, target: Target) -> tuple[Any, Any, np.ndarray]:
        with threadpool_limits(1):  # sums of several threads differ in their last bit
            X_new, y_new = self._fit_resample(self._matrix(table), target.labels)[:2]
        rows = [
            np.full((y_new == label).sum(), -1)
            if label in self.sampling_strategy_
            else np.flatnonzero(target.labels == label)
            for label in np.unique(target.labels)
        ]
        self.source_rows_ = np.concatenate(rows)
        # Centres of a matrix of whole numbers are fractions, as imbalanced-learn has them.
        return *aligned(table.replace(X_new), target.replace(y_new)), y_new


class ClusterError(TargetError, RuntimeError):
    """No cluster holds enough rows of the class (a RuntimeError in imbalanced-learn)."""


def _check_neighbours(sampler: Any, strategy: Mapping[Hashable, int], labels: np.ndarray) -> None:
    """Refuse a class that is to grow but has too few rows for `k_neighbors`."""
    if not isinstance(sampler.k_neighbors, Integral):
        return
    for label, number in strategy.items():
        have = int((labels == label).sum())
        if number:
            name = type(sampler).__name__
            require_rows(have, name, "k_neighbors", int(sampler.k_neighbors), label=label)


def _has_gaps(table: Table) -> bool:
    columns = range(table.shape[1])
    return any(bool(is_missing(table.column(position)).any()) for position in columns)
