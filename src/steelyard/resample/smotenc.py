"""SMOTENC: SMOTE for tables that mix numbers and categories."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import imblearn.over_sampling
import narwhals as nw
import numpy as np
from scipy import sparse
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import check_array, check_random_state
from sklearn.utils.sparsefuncs import mean_variance_axis

from steelyard.errors import DataError, RequestError
from steelyard.neighbours.mixed import mixed_neighbours
from steelyard.resample._base import Appending, check_finite
from steelyard.resample._classes import require_rows
from steelyard.resample._interpolate import between
from steelyard.resample._levels import encode_columns, is_missing
from steelyard.resample._table import Table, as_table
from steelyard.resample._target import Target
from steelyard.resample.smote import _draw


class SMOTENC(Appending, imblearn.over_sampling.SMOTENC):
    """New rows between neighbours: numbers on the line, categories by vote of the neighbours.

    Parameters, draws and results are those of `imblearn.over_sampling.SMOTENC`; there is no
    one-hot matrix on the way. Categories may be of any type, and missing ones are a category of
    their own. With a `categorical_encoder` of your own, imbalanced-learn's code does the work.

    Source: Chawla et al., "SMOTE: synthetic minority over-sampling technique", JAIR 16, 2002.
    """

    def _read(self, X: Any, y: Any) -> tuple[Table, Target]:
        self._split_columns(as_table(X))
        return super()._read(X, y)

    def _resample(self, table: Table, target: Target) -> tuple[Any, Any, np.ndarray]:
        native = table.native
        if (
            self.categorical_encoder is not None
            or sparse.issparse(native)
            or not isinstance(self.k_neighbors, Integral)
        ):
            blocks, labels = self._make_as_theirs(native, target.labels)
            labels_all = np.concatenate([target.labels, labels[0]])
            return table.append(blocks[0]), target.append(labels[0]), labels_all
        self._validate_estimator()
        return super()._resample(table, target)

    def _matrix(self, table: Table) -> Any:
        return table

    def _split_columns(self, table: Table) -> None:
        """Set which columns are categories and which are numbers."""
        wanted, columns = self.categorical_features, table.shape[1]
        if isinstance(wanted, str):
            categories = [p for p in range(columns) if _is_category(table, p)]
        else:
            categories = _positions(wanted, table)
        self.n_features_ = columns
        self.categorical_features_ = np.array(categories, dtype=int)
        self.continuous_features_ = np.setdiff1d(np.arange(columns), self.categorical_features_)
        for kind, found in (("categorical", categories), ("numerical", self.continuous_features_)):
            if len(found) == columns:
                raise RequestError(
                    f"SMOTE-NC is not designed to work only with {kind} features. It requires some "
                    f"of both: use {'SMOTEN' if kind == 'categorical' else 'SMOTE'} here"
                )

    def _make(self, table: Any, labels: np.ndarray) -> tuple[list[Any], list[np.ndarray]]:
        table = table if hasattr(table, "column") else as_table(table)
        numbers = self._numbers(table)
        levels, codes = encode_columns(table, self.categorical_features_)
        self.categorical_encoder_ = _fitted_encoder(levels)
        self.median_std_: dict[Any, float] = {}
        blocks, made = [], []
        for label, number in self.sampling_strategy_.items():
            if number == 0:
                continue
            members = np.flatnonzero(labels == label)
            require_rows(members.size, "SMOTENC", "k_neighbors", self.k_neighbors, label=label)
            _, variance = mean_variance_axis(sparse.csr_matrix(numbers[members]), axis=0)
            self.median_std_[label] = penalty = float(np.median(np.sqrt(variance)))
            near = mixed_neighbours(numbers[members], codes[members], penalty, self.k_neighbors)
            draw = _draw(self.random_state, near, number)
            random_state = check_random_state(self.random_state)
            new_numbers = between(numbers[members], draw.row, draw.neighbour, draw.steps).rows()
            votes = codes[members][near[draw.row]]
            new_levels = [
                _winners(votes[:, :, column], random_state) for column in range(codes.shape[1])
            ]
            blocks.append(self._columns(table, new_numbers, levels, new_levels))
            made.append(np.full(number, label, dtype=labels.dtype))
        return blocks, made

    def _numbers(self, table: Table) -> np.ndarray:
        columns = [table.column(position) for position in self.continuous_features_]
        for position, values in zip(self.continuous_features_, columns, strict=True):
            if values.dtype.kind not in "biufO" or _is_level(table, position, values):
                raise DataError(
                    f"column {table.name(position)!r} holds no numbers ({values.dtype}) but is not "
                    "among categorical_features: name it there, or turn it into numbers"
                )
        rows = check_array(
            np.column_stack(columns), dtype=[np.float64, np.float32], ensure_all_finite=False
        )
        check_finite(rows, [table.name(p) for p in self.continuous_features_], "SMOTENC")
        return rows

    def _columns(
        self,
        table: Table,
        numbers: np.ndarray,
        levels: list[np.ndarray],
        new_levels: list[np.ndarray],
    ) -> Sequence[np.ndarray]:
        """The new rows column by column, in the order of the table."""
        columns: list[np.ndarray] = [np.empty(0)] * table.shape[1]
        for position, values in zip(self.continuous_features_, numbers.T, strict=True):
            columns[position] = values
        for position, known, code in zip(
            self.categorical_features_, levels, new_levels, strict=True
        ):
            columns[position] = known[code]
        return columns


def _fitted_encoder(levels: list[np.ndarray]) -> OneHotEncoder:
    """The encoder that imbalanced-learn would have fitted, from the levels alone."""
    # scikit-learn takes None for a missing category, but not what pandas puts there.
    categories = [known.copy() for known in levels]
    for known in categories:
        if known.dtype == object:
            known[is_missing(known)] = None
    row = np.empty((1, len(levels)), dtype=object)
    row[0] = [known[0] for known in categories]
    return OneHotEncoder(categories=categories, handle_unknown="ignore").fit(row)


def _winners(votes: np.ndarray, random_state: np.random.RandomState) -> np.ndarray:
    """The most frequent level of each row of votes; ties are broken as imbalanced-learn does.

    It shuffles the list of all (row, level) pairs with most votes and takes the first of each row.
    """
    ordered = np.sort(votes, axis=1)
    counts = (ordered[:, :, None] == ordered[:, None, :]).sum(axis=2)
    first_of_level = np.ones(ordered.shape, dtype=bool)
    first_of_level[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    row, column = np.nonzero(first_of_level & (counts == counts.max(axis=1, keepdims=True)))
    shuffled = random_state.permutation(len(row))
    chosen = np.empty(len(votes), dtype=shuffled.dtype)
    # Of several pairs of a row the last one written stays, so backwards it is the first.
    chosen[row[shuffled[::-1]]] = shuffled[::-1]
    return ordered[row[chosen], column[chosen]]


def _positions(wanted: Any, table: Table) -> list[int]:
    """Column numbers from a mask, numbers or names."""
    wanted = np.asarray(wanted)
    if wanted.dtype == bool:
        return np.flatnonzero(wanted).tolist()
    columns = table.shape[1]
    if wanted.dtype.kind in "iu":
        if wanted.size and (wanted.max() >= columns or wanted.min() < -columns):
            raise RequestError(
                f"all features must be in [0, {columns - 1}] or [-{columns}, 0]: "
                f"categorical_features is {wanted.tolist()}"
            )
        return (wanted % columns).tolist()
    names = [table.name(position) for position in range(columns)]
    unknown = [name for name in wanted.tolist() if name not in names]
    if unknown:
        raise RequestError(
            f"A given column is not a column of the dataframe: {unknown}; columns are {names}"
        )
    return [names.index(name) for name in wanted.tolist()]


def _is_level(table: Table, position: int, values: np.ndarray) -> bool:
    """Whether a column is declared to hold categories, or holds text."""
    if hasattr(table.native, "columns") and _is_category(table, position):
        return True
    return values.dtype == object and any(isinstance(value, str) for value in values)


def _is_category(table: Table, position: int) -> bool:
    if not hasattr(table.native, "columns"):
        raise RequestError(
            "When `categorical_features='auto'`, the input data should be a pandas.DataFrame, or a "
            f"polars or Arrow table. Got {type(table.native)} instead: list the columns."
        )
    frame = nw.from_native(table.native, eager_only=True)
    return frame.schema[frame.columns[position]] in (nw.Categorical, nw.Enum)
