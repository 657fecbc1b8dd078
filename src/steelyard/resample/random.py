"""Random over- and under-sampling: rows are drawn, never looked at, so any column type will do."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import imblearn.over_sampling
import imblearn.under_sampling
import numpy as np
from scipy import sparse
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.sparsefuncs import mean_variance_axis

from steelyard.errors import DataError, RequestError
from steelyard.resample._base import Appending, Selecting
from steelyard.resample._table import ArrayTable, Table
from steelyard.resample._target import as_vector


class AnyRows(Selecting):
    """What looks at the labels only."""

    def _check(self, table: Table) -> None:
        """Any table will do."""

    def _check_shape(self, table: Table) -> None:
        """Rows of any shape: images, windows of a series."""
        if len(table.shape) < 3:
            super()._check_shape(table)

    def _rows(self, table: Table, labels: np.ndarray) -> np.ndarray:  # noqa: ARG002
        return self._select(None, labels)


class RandomUnderSampler(AnyRows, imblearn.under_sampling.RandomUnderSampler):
    """Keep a random part of the larger classes.

    Parameters, results and the rows drawn for a given `random_state` are those of
    `imblearn.under_sampling.RandomUnderSampler`; rows come grouped by class, in drawn order.
    Missing values, text and dates pass through. A pandas table keeps its row names.

    >>> import numpy as np
    >>> X, y = np.arange(10).reshape(-1, 1), np.array([0] * 8 + [1] * 2)
    >>> _, y_new = RandomUnderSampler(random_state=0).fit_resample(X, y)
    >>> np.bincount(y_new).tolist()
    [2, 2]
    """

    _keep_index = True
    _groups: Any = None

    def fit_resample(
        self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None
    ) -> tuple[Any, ...]:
        """Resample a table; see `AnyTable.fit_resample`.

        Args:
            X, y, sample_weight: as there.
            groups: one value per row; rows of one value stay or go together. Then a class may end
                with fewer rows than asked for, by less than one group, and with more where its
                rows share groups with a class that is not reduced.
        """
        self._groups = None if groups is None else as_vector(groups)
        try:
            return super().fit_resample(X, y, sample_weight=sample_weight)
        finally:
            self._groups = None

    def _select(self, X: Any, labels: np.ndarray) -> np.ndarray:  # noqa: ARG002
        random_state = check_random_state(self.random_state)
        if self._groups is not None:
            check_consistent_length(self._groups, labels)
            return _whole_groups(self._groups, labels, self.sampling_strategy_, random_state)
        kept = []
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            if label in self.sampling_strategy_:
                # `choice` of a number draws as `choice` of range(number), which
                # imbalanced-learn asks for, but need not turn the range into an array.
                drawn = random_state.choice(
                    rows.size, size=self.sampling_strategy_[label], replace=self.replacement
                )
                rows = rows[drawn]
            kept.append(rows)
        return np.concatenate(kept)


class RandomOverSampler(AnyRows, Appending, imblearn.over_sampling.RandomOverSampler):
    """Repeat random rows of the smaller classes, with a little noise if `shrinkage` is set.

    Parameters, results and the rows drawn for a given `random_state` are those of
    `imblearn.over_sampling.RandomOverSampler`. With `shrinkage` float32 tables stay float32, arrays
    of whole numbers become float64, and columns of a table keep their type, rounded.

    >>> import numpy as np
    >>> X, y = np.arange(10).reshape(-1, 1), np.array([0] * 8 + [1] * 2)
    >>> _, y_new = RandomOverSampler(random_state=0).fit_resample(X, y)
    >>> np.bincount(y_new).tolist()
    [8, 8]
    """

    def fit_resample(self, X: Any, y: Any, *, sample_weight: Any = None) -> tuple[Any, ...]:
        self.shrinkage_: Mapping | None = None
        if self.shrinkage is None:
            return super().fit_resample(X, y, sample_weight=sample_weight)
        if sample_weight is not None:
            self._refuse_weights()
        table, target = self._read(X, y)
        if isinstance(table, ArrayTable):
            table = table.with_fractions()  # noise is none of whole numbers
        X_new, y_new, labels = self._resample(table, target)
        self._tell(target.labels, labels)
        return X_new, y_new

    fit_resample.__doc__ = Selecting.fit_resample.__doc__

    def _select(self, X: Any, labels: np.ndarray) -> np.ndarray:  # noqa: ARG002
        random_state = check_random_state(self.random_state)
        parts = [np.arange(len(labels))]
        for label, number in self.sampling_strategy_.items():
            parts.append(random_state.choice(np.flatnonzero(labels == label), size=number))
        return np.concatenate(parts)

    def _make(self, X: Any, labels: np.ndarray) -> tuple[list[Any], list[np.ndarray]]:
        """Smoothed bootstrap (Menardi & Torelli 2014): drawn rows plus scaled normal noise."""
        random_state = check_random_state(self.random_state)
        factors = _shrinkage_per_class(self.shrinkage, self.sampling_strategy_)
        self.shrinkage_ = factors
        rows, features = X.shape
        constant = (4 / ((features + 2) * rows)) ** (1 / (features + 4))
        blocks, indices = [], [np.arange(rows)]
        for label, number in self.sampling_strategy_.items():
            of_class = np.flatnonzero(labels == label)
            drawn = random_state.choice(of_class, size=number)
            scale = factors[label] * constant * _spread(X[of_class])
            noise = random_state.randn(number, features) * scale
            made = noise + (X[drawn].toarray() if sparse.issparse(X) else X[drawn])
            blocks.append(made.astype(X.dtype if X.dtype.kind == "f" else made.dtype))
            indices.append(drawn)
        self.sample_indices_ = np.concatenate(indices)
        return blocks, [labels[drawn] for drawn in indices[1:]]

    def _matrix(self, table: Table) -> Any:
        try:
            return super()._matrix(table)
        except ValueError as error:
            raise DataError(
                "When shrinkage is not None, X needs to contain only numerical data, finite and "
                f"without gaps: encode or fill it, or leave shrinkage out ({error})"
            ) from error


def _whole_groups(
    groups: np.ndarray, labels: np.ndarray, strategy: Mapping, random_state: Any
) -> np.ndarray:
    """Rows of groups in random order, as long as no class exceeds its count; in table order."""
    classes, codes = np.unique(labels, return_inverse=True)
    names, group = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), len(classes)), dtype=np.int64)
    np.add.at(counts, (group, codes), 1)
    reduced = np.isin(classes, list(strategy))
    # A group with a row of a class that is not reduced has to stay.
    kept = np.asarray(counts[:, ~reduced].any(axis=1))
    room = np.array([strategy.get(label, 0) for label in classes]) - counts[kept].sum(axis=0)
    order = random_state.permutation(np.flatnonzero(~kept))
    fits = (np.cumsum(counts[order], axis=0) <= room)[:, reduced].all(axis=1)
    kept[order[fits]] = True
    return np.flatnonzero(kept[group])


def _spread(X: Any) -> np.ndarray:
    """Standard deviation of each column."""
    if sparse.issparse(X):
        return np.sqrt(mean_variance_axis(X, axis=0)[1])
    return np.std(X, axis=0)


def _shrinkage_per_class(shrinkage: Real | Mapping, classes: Mapping) -> Mapping:
    factors = shrinkage if isinstance(shrinkage, Mapping) else dict.fromkeys(classes, shrinkage)
    missing = classes.keys() - factors.keys()
    if missing:
        raise RequestError(
            "`shrinkage` should contain a shrinkage factor for each class that will be resampled. "
            f"The missing classes are: {missing!r}"
        )
    for label, factor in factors.items():
        if factor < 0:
            raise RequestError(
                f"The shrinkage factor needs to be >= 0. Got {factor} for class {label}."
            )
    return factors
