"""What every sampler here shares: any table in, the same kind out, weights carried along."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import validate_data

from steelyard.errors import DataError, RequestError
from steelyard.resample._asked import asked_counts, tell_difference
from steelyard.resample._cells import as_floats, fitted_matrix
from steelyard.resample._interpolate import Lines
from steelyard.resample._table import Block, Table, as_table, is_pandas
from steelyard.resample._target import Target, take_vector

if TYPE_CHECKING:
    from imblearn.base import BaseSampler as _Theirs
else:
    # Every class here is mixed in front of a sampler of imbalanced-learn.
    _Theirs = object


class AnyTable(_Theirs):
    """Mixin placed before an imbalanced-learn sampler: reads and writes any kind of table.

    `X` may be a numpy array, a scipy sparse matrix, a list of rows, or a pandas, polars or Arrow
    table; `y` the matching kinds, with labels of any type, or one-hot columns. Each comes back
    as the kind, with the column types, that it came as.

    Attributes:
        source_rows_: for each row of the result the row of the input that it is, -1 for a
            synthetic one.
    """

    # Keywords of scikit-learn's `check_array` for the matrix handed to the sampler.
    _checks: ClassVar[dict[str, Any]] = {}

    def fit(self, X: Any, y: Any) -> "AnyTable":
        """Check the data and work out `sampling_strategy_`; use `fit_resample` to resample."""
        table, _ = self._read(X, y)
        self._check(table)
        return self

    def _check(self, table: Table) -> None:
        """Refuse what `fit_resample` would refuse."""
        self._matrix(table)

    def fit_resample(self, X: Any, y: Any, *, sample_weight: Any = None) -> tuple[Any, ...]:
        """Resample a table.

        Args:
            X: table of shape (rows, features): numpy, sparse, list, pandas, polars or Arrow.
            y: one class per row, shape (rows,) or (rows, 1), or one-hot (rows, classes).
            sample_weight: one weight per row; only for samplers that select existing rows.
        Returns: `(X, y)`, or `(X, y, sample_weight)` where weights were given; same kinds as in.
        Raises: RequestError: weights given to a sampler that makes synthetic rows.
            ValueError: what scikit-learn and imbalanced-learn refuse.
        """
        table, target = self._read(X, y)
        if sample_weight is not None:
            self._refuse_weights()
        X_new, y_new, labels = self._resample(table, target)
        self._tell(target.labels, labels)
        return X_new, y_new

    def _resample(self, table: Table, target: Target) -> tuple[Any, Any, np.ndarray]:
        """The new table and target in the kinds that came in, and the labels."""
        rows = self._matrix(table)
        whole = rows.dtype.kind in "iub"
        X_new, y_new = self._fit_resample(as_floats(rows) if whole else rows, target.labels)[:2]
        if whole:
            X_new = fitted_matrix(X_new, rows.dtype)
        self.source_rows_ = then_new(len(target.labels), len(y_new))
        return *aligned(table.replace(X_new), target.replace(y_new)), y_new

    def _tell(self, before: np.ndarray, after: np.ndarray) -> None:
        """Warn where classes did not come out as they were asked for."""
        tell_difference(self.sampling_strategy_, self._sampling_type, before, after)

    def _read(self, X: Any, y: Any) -> tuple[Table, Target]:
        table, target = as_table(X), Target(y)
        self._check_shape(table)
        check_consistent_length(table.native, target.labels)
        # Only the names and number of columns: the samplers check what they compute with.
        validate_data(self, X=X, y=target.labels, reset=True, skip_check_array=True)
        self._validate_params()
        self.sampling_strategy_ = asked_counts(
            self.sampling_strategy, target.labels, self._sampling_type
        )
        return table, target

    def _check_X_y(self, X: Any, y: Any, accept_sparse: Any = None) -> tuple[Any, Any, bool]:  # noqa: ARG002, N802
        """imbalanced-learn's hook for reading the data, which `_read` has done already."""
        return X, y, False

    def _matrix(self, table: Table) -> Any:
        """The numbers of a table, every one of them finite unless `_checks` says otherwise."""
        checks = {"ensure_all_finite": True, **self._checks}
        finite = checks.pop("ensure_all_finite")
        rows = table.matrix(ensure_all_finite=False, ensure_min_samples=1, **checks)
        if finite is True:
            check_finite(rows, _names(table), type(self).__name__)
        return rows

    def _check_shape(self, table: Table) -> None:
        shape = table.shape
        if len(shape) != 2:
            way = (
                "X.reshape(-1, 1) makes one column"
                if len(shape) == 1
                else ("X.reshape(len(X), -1) makes one row of each entry, or use a random sampler")
            )
            raise DataError(
                f"Expected 2D array, got {len(shape)}D array instead: X is a table. {way}"
            )
        for number, what in zip(shape, ("sample(s)", "feature(s)"), strict=True):
            if number == 0:
                raise DataError(
                    f"Found array with 0 {what} (shape={shape}) while a minimum of 1 is required."
                )

    def _refuse_weights(self) -> None:
        raise RequestError(
            f"{type(self).__name__} makes rows that have no weight of their own: drop "
            "sample_weight, or use a sampler that selects rows, such as RandomOverSampler"
        )


class Selecting(AnyTable):
    """A sampler whose result is rows of the input, listed in `sample_indices_`.

    Subclasses write `_select(X, labels)`, which returns the row numbers to keep, in order.
    """

    _select: Callable[[Any, np.ndarray], np.ndarray]

    # Whether a pandas table keeps its row names; imbalanced-learn keeps them in one sampler only.
    _keep_index = False

    def fit_resample(self, X: Any, y: Any, *, sample_weight: Any = None) -> tuple[Any, ...]:
        table, target = self._read(X, y)
        if sample_weight is not None:
            check_consistent_length(table.native, sample_weight)
        self.sample_indices_ = self.source_rows_ = rows = self._rows(table, target.labels)
        result = aligned(table.take(rows), target.take(rows), keep_index=self._keep_index)
        self._tell(target.labels, target.labels[rows])
        return result if sample_weight is None else (*result, take_vector(sample_weight, rows))

    fit_resample.__doc__ = AnyTable.fit_resample.__doc__

    def _rows(self, table: Table, labels: np.ndarray) -> np.ndarray:
        return self._select(self._matrix(table), labels)

    def _select_as_theirs(self, X: Any, labels: np.ndarray) -> np.ndarray:
        """The rows that imbalanced-learn's own code selects: for what ours does not cover."""
        super()._fit_resample(X, labels)
        return self.sample_indices_

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        """imbalanced-learn's hook: the same on plain arrays."""
        self.sample_indices_ = self._select(X, y)
        return X[self.sample_indices_], y[self.sample_indices_]


class Appending(AnyTable):
    """A sampler whose result is the input followed by new rows.

    Subclasses write `_make(X, labels)`, which returns the new rows, and their labels, block by
    block; the input itself is copied once, straight into the result.
    """

    _make: Callable[[Any, np.ndarray], tuple[list[Any], list[np.ndarray]]]

    def _resample(self, table: Table, target: Target) -> tuple[Any, Any, np.ndarray]:
        blocks, labels = self._make(self._matrix(table), target.labels)
        if not blocks:
            self.source_rows_ = everything = np.arange(len(target.labels))
            return *aligned(table.take(everything), target.take(everything)), target.labels
        native, lines = table.native, [block for block in blocks if isinstance(block, Lines)]
        if isinstance(native, np.ndarray) and lines and native.dtype == lines[0].X.dtype:
            grown = _written(native, lines)
        else:
            grown = table.append(_stack([_rows(block) for block in blocks]))
        made = np.concatenate(labels)
        everything = np.concatenate([target.labels, made.astype(target.labels.dtype)])
        self.source_rows_ = then_new(len(target.labels), len(everything))
        return *aligned(grown, target.append(made)), everything

    def _make_as_theirs(self, X: Any, labels: np.ndarray) -> tuple[list[Any], list[np.ndarray]]:
        """The rows that imbalanced-learn's own code makes: for what ours does not cover."""
        whole = X.dtype.kind in "iub"  # an object matrix of categories is none
        X_all, y_all = super()._fit_resample(as_floats(X) if whole else X, labels)
        made = X_all[X.shape[0] :]
        return [fitted_matrix(made, X.dtype) if whole else made], [y_all[len(labels) :]]

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        """imbalanced-learn's hook: the same on plain arrays."""
        return self._resample(as_table(X), Target(y))[:2]


def then_new(here: int, total: int) -> np.ndarray:
    """All rows of the source, then synthetic ones: row numbers, -1 for those."""
    rows = np.arange(total)
    rows[here:] = -1
    return rows


def _written(X: np.ndarray, made: list[Lines]) -> np.ndarray:
    """`X` followed by rows that are computed where they belong: one copy of everything."""
    ends = np.cumsum([len(X), *(len(lines) for lines in made)])
    out = np.empty((ends[-1], X.shape[1]), dtype=X.dtype)
    out[: len(X)] = X
    for lines, start, stop in zip(made, ends, ends[1:], strict=False):
        lines.write(out[start:stop])
    return out


def _rows(block: Block | Lines) -> Block:
    return block.rows() if isinstance(block, Lines) else block


def _stack(blocks: list[Block]) -> Block:
    if len(blocks) == 1:
        return blocks[0]
    if sparse.issparse(blocks[0]):
        return sparse.vstack(blocks)
    if isinstance(blocks[0], np.ndarray):
        return np.concatenate(blocks)
    return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]


def aligned(X: Any, y: Any, *, keep_index: bool = False) -> tuple[Any, Any]:
    """Number pandas rows anew, and give a target the row names of its table."""
    if is_pandas(X, "DataFrame"):
        if not keep_index:
            X = X.reset_index(drop=True)
        if is_pandas(y, "DataFrame", "Series"):
            y = y.set_axis(X.index)
    elif is_pandas(y, "DataFrame", "Series"):
        y = y.reset_index(drop=True)
    return X, y


def _names(table: Table) -> list[Any]:
    return [table.name(position) for position in range(table.shape[1])]


def check_finite(rows: Any, names: list[Any], sampler: str) -> None:
    """Refuse gaps and infinities.

    Args:
        names: the name of each column of `rows`.
    Raises: DataError: naming the first column with such cells.
    """
    values = rows.data if sparse.issparse(rows) else rows
    # A finite sum proves finite terms in one pass; an infinite one may still be an overflow.
    with np.errstate(over="ignore", invalid="ignore"):
        if values.dtype.kind != "f" or np.isfinite(values.sum(dtype=np.float64)):
            return
    bad = ~np.isfinite(values)
    if not bad.any():
        return
    what = "NaN" if np.isnan(values).any() else "infinity"
    where = ""
    if values.ndim == 2:
        position = int(np.argmax(bad.any(axis=0)))
        where = f" ({int(bad[:, position].sum()):,} in column {names[position]!r})"
    raise DataError(
        f"Input X contains {what}{where}, and {sampler} measures distances: fill the gaps, drop "
        "the rows, or use a random sampler, which takes them as they are"
    )
