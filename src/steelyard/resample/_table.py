"""Any table in, the same kind of table out: numpy, sparse, lists, pandas, polars, Arrow."""

import sys
from collections.abc import Sequence
from typing import Any, Protocol

import narwhals as nw
import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from steelyard.errors import DataError
from steelyard.resample._cells import as_floats, fitted, fitted_matrix

# A block of new rows: a matrix, or one array per column where the columns differ in kind.
Block = Any


class Table(Protocol):
    """What a sampler needs of a table, whatever library it came from."""

    native: Any

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""

    def matrix(self, **checks: Any) -> Any:
        """The rows as a numpy array or CSR/CSC matrix, checked by scikit-learn's `check_array`."""

    def take(self, rows: np.ndarray) -> Any:
        """The given rows, in the given order, as the kind of table that came in."""

    def append(self, block: Block) -> Any:
        """All rows followed by `block`, each column in the type that it came with."""

    def replace(self, block: Block) -> Any:
        """`block` alone, dressed as the kind of table that came in."""

    def column(self, position: int) -> np.ndarray:
        """One column as a 1-D array of its own kind."""

    def name(self, position: int) -> Any:
        """The name of a column, or its number where columns have no names."""


def as_table(X: Any) -> Table:
    """Wrap a table of any supported kind without copying it.

    Raises: DataError: `X` is of a kind that holds no table.
    """
    if isinstance(X, np.ndarray | list) or sparse.issparse(X):
        return ArrayTable(X)
    if is_pandas(X, "DataFrame"):
        return PandasTable(X)
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        return FrameTable(frame)
    if isinstance(nw.from_native(X, pass_through=True), nw.LazyFrame):
        raise DataError("X is a lazy frame, samplers need rows in memory: call .collect() first")
    return ArrayTable(X)


def is_pandas(value: Any, *kinds: str) -> bool:
    """Whether `value` is of one of the pandas classes named, without importing pandas for it."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, tuple(getattr(pandas, kind) for kind in kinds))


class ArrayTable:
    """A numpy array, a scipy sparse matrix, or a list of rows."""

    def __init__(self, X: Any) -> None:
        self.native = X
        self._rows = X if sparse.issparse(X) or isinstance(X, np.ndarray) else None

    @property
    def shape(self) -> tuple[int, int]:
        return tuple(self._any_rows().shape)

    def _any_rows(self) -> Any:
        """The rows as they are: no conversion to numbers, missing values allowed."""
        if self._rows is None or (sparse.issparse(self._rows) and self._rows.format == "coo"):
            try:
                self._rows = check_array(
                    self.native,
                    dtype=None,
                    accept_sparse=["csr", "csc"],
                    ensure_all_finite=False,
                    ensure_2d=False,
                    allow_nd=True,
                )
            except ValueError as error:
                # The message may hold the whole table.
                raise DataError(f"X is no table of rows: {str(error)[:200]}") from error
        return self._rows

    def matrix(self, **checks: Any) -> Any:
        return check_array(self.native, accept_sparse=["csr", "csc"], **checks)

    def with_fractions(self) -> "ArrayTable":
        """The same rows as floats, where they are whole numbers or booleans."""
        data = self._any_rows()
        return ArrayTable(as_floats(data)) if data.dtype.kind in "iub" else self

    def take(self, rows: np.ndarray) -> Any:
        data = self._any_rows()
        if sparse.issparse(data):
            return data.tocsr()[rows].asformat(data.format)
        return self._like(np.take(data, rows, axis=0))

    def append(self, block: Block) -> Any:
        data = self._any_rows()
        if sparse.issparse(data):
            blocks = [data, fitted_matrix(sparse.csr_matrix(block), data.dtype)]
            return sparse.vstack(blocks, format=data.format)
        return self._like(np.concatenate([data, fitted(_one_matrix(block), data.dtype)]))

    def replace(self, block: Block) -> Any:
        if sparse.issparse(block):
            return block.asformat(self._any_rows().format)
        return self._like(_one_matrix(block))

    def column(self, position: int) -> np.ndarray:
        data = self._any_rows()
        values = data[:, [position]].toarray() if sparse.issparse(data) else data[:, [position]]
        return np.asarray(values)[:, 0]

    def name(self, position: int) -> Any:
        return position

    def _like(self, rows: Any) -> Any:
        return rows.tolist() if isinstance(self.native, list) else rows


class PandasTable:
    """A pandas DataFrame; `take` keeps the row names."""

    def __init__(self, X: Any) -> None:
        self.native = X
        self.shape = X.shape

    def matrix(self, **checks: Any) -> Any:
        if checks.get("dtype", "numeric") == "numeric":
            kinds = {name: dtype for name, dtype in self.native.dtypes.items() if _odd(dtype)}
            _only_numbers(kinds)
        return check_array(self.native, accept_sparse=["csr", "csc"], **checks)

    def take(self, rows: np.ndarray) -> Any:
        return self.native.iloc[rows]

    def append(self, block: Block) -> Any:
        import pandas as pd

        return pd.concat([self.native, self.replace(block)], ignore_index=True)

    def replace(self, block: Block) -> Any:
        import pandas as pd

        columns, dtypes = self.native.columns, self.native.dtypes
        if sparse.issparse(block):
            frame = pd.DataFrame.sparse.from_spmatrix(_whole(block, dtypes), columns=columns)
            return frame.astype(dtypes)
        if isinstance(block, np.ndarray) and all(dtype == block.dtype for dtype in dtypes):
            return pd.DataFrame(block, columns=columns)
        parts = block if isinstance(block, Sequence) else np.asarray(block).T
        made = [
            pd.Series(_in_type(values, dtype)).astype(dtype)
            for values, dtype in zip(parts, dtypes, strict=True)
        ]
        return pd.concat(made, axis=1).set_axis(columns, axis=1)

    def column(self, position: int) -> np.ndarray:
        return self.native.iloc[:, position].to_numpy()

    def name(self, position: int) -> Any:
        return self.native.columns[position]


class FrameTable:
    """A polars DataFrame, an Arrow table, or another frame that narwhals knows."""

    def __init__(self, frame: nw.DataFrame) -> None:
        self.frame = frame
        self.native = frame.to_native()
        self.shape = frame.shape

    def matrix(self, **checks: Any) -> Any:
        if checks.get("dtype", "numeric") == "numeric":
            schema = self.frame.schema
            _only_numbers(
                {
                    name: dtype
                    for name, dtype in schema.items()
                    if not (dtype.is_numeric() or dtype == nw.Boolean)
                }
            )
            dtypes = [_numpy_type(self.frame[name]) for name in schema]
            rows = np.empty(self.shape, dtype=np.result_type(*dtypes), order="C")
            for position, name in enumerate(schema):
                rows[:, position] = self.frame[name].to_numpy()
        else:
            rows = np.column_stack(
                [self.frame[name].to_numpy().astype(object) for name in self.frame.columns]
            )
        return check_array(rows, **checks)

    def take(self, rows: np.ndarray) -> Any:
        return self.frame[rows].to_native()

    def append(self, block: Block) -> Any:
        made = nw.from_native(self.replace(block), eager_only=True)
        return nw.concat([self.frame, made]).to_native()

    def replace(self, block: Block) -> Any:
        block = block.toarray() if sparse.issparse(block) else block
        columns = block if isinstance(block, Sequence) else list(np.asarray(block).T)
        series = [
            _series(name, np.ascontiguousarray(values), self.frame[name])
            for name, values in zip(self.frame.columns, columns, strict=True)
        ]
        return nw.DataFrame.from_dict({s.name: s for s in series}).to_native()

    def column(self, position: int) -> np.ndarray:
        values = self.frame[self.frame.columns[position]]
        if values.is_null().any():
            # NumPy's whole numbers and booleans know no gap: floats would make other levels.
            return np.array([*values.to_list(), None], dtype=object)[:-1]
        return values.to_numpy()

    def name(self, position: int) -> Any:
        return self.frame.columns[position]


def _in_type(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Numbers as a pandas type holds them inside, where that is a type of numpy's."""
    inside = getattr(dtype, "numpy_dtype", dtype)  # what Int64 or int64[pyarrow] stand for
    if isinstance(inside, np.dtype) and inside.kind in "iub" and values.dtype.kind == "f":
        return fitted(values, inside)
    return values


def _whole(block: Any, dtypes: Any) -> Any:
    """A sparse matrix rounded where its columns hold whole numbers."""
    inside = np.result_type(*(getattr(dtype, "subtype", dtype) for dtype in dtypes))
    return fitted_matrix(block, inside) if inside.kind in "iub" else block


def _series(name: str, values: np.ndarray, like: nw.Series) -> nw.Series:
    """A column of the type of another, rounded where that holds whole numbers."""
    dtype, backend = like.dtype, like.implementation
    if dtype == nw.Boolean and values.dtype.kind == "f":
        values = fitted(values, np.dtype(bool))
    elif dtype.is_integer() and values.dtype.kind == "f":
        values = fitted(values, np.dtype(str(dtype).lower()))
    if backend.is_pyarrow() and (values.dtype == object or dtype == nw.Categorical):
        import pyarrow as pa

        made = pa.chunked_array([pa.array(values.tolist(), like.to_native().type)])
        return nw.from_native(made, series_only=True).alias(name)
    if values.dtype == object:
        return nw.new_series(name, values.tolist(), dtype, backend=backend)
    return nw.new_series(name, values, backend=backend).cast(dtype)


def _numpy_type(column: nw.Series) -> np.dtype:
    """The numpy type that holds a numeric column; a column with gaps needs floats."""
    return column.to_numpy().dtype if len(column) else np.dtype(np.float64)


def _odd(dtype: Any) -> bool:
    """Whether a pandas column cannot be read as numbers."""
    return dtype.kind in "mMUS" or dtype.name in {"category", "str", "string"}


def _only_numbers(odd: dict[Any, Any]) -> None:
    if odd:
        name, dtype = next(iter(odd.items()))
        raise DataError(
            f"column {name!r} is of type {dtype}, but this sampler measures distances and needs "
            "numbers in every column: encode it, drop it, or use SMOTENC or a random sampler"
        )


def _one_matrix(block: Block) -> np.ndarray:
    """Columns of different kinds become one object matrix; a matrix stays as it is."""
    if isinstance(block, np.ndarray):
        return block
    dtype = np.result_type(*(c.dtype for c in block)) if _alike(block) else np.dtype(object)
    rows = np.empty((len(block[0]), len(block)), dtype=dtype)
    for position, values in enumerate(block):
        rows[:, position] = values
    return rows


def _alike(columns: Sequence[np.ndarray]) -> bool:
    return all(c.dtype.kind in "biuf" for c in columns)
