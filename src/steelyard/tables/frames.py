"""Tables that are in memory already: pandas, polars, Arrow, and numpy arrays."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa
from narwhals.exceptions import NarwhalsError

from steelyard._memory import is_out_of_memory
from steelyard.errors import DataError
from steelyard.tables.arrow_columns import from_arrow
from steelyard.tables.names import check_unique, pick

INTEGERS = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)
TAKES = "a path, a pandas or polars frame, an Arrow table, or a tuple (X, y) of numpy arrays"


class Frame:
    """A table in memory, as polars; `kind` says what it was."""

    typed = True
    decimal_hint = "."  # numbers were read by somebody else
    notes: Sequence[str] = ()

    def __init__(self, kind: str, frame: pl.DataFrame) -> None:
        self.kind = kind
        self.frame = frame
        self.names = frame.columns

    def read(
        self, columns: Sequence[str], *, text: Collection[str] = (), numbers: Collection[str] = ()
    ) -> pl.DataFrame:
        """The columns asked for, in that order. `text` and `numbers` matter to text files only."""
        del text, numbers
        return pick(self.frame, columns)

    def batches(
        self,
        columns: Sequence[str],
        *,
        text: Collection[str] = (),
        numbers: Collection[str] = (),
        rows: int,
    ) -> Iterator[pl.DataFrame]:
        """As `read`, in frames of at most `rows` rows."""
        return self.read(columns, text=text, numbers=numbers).iter_slices(rows)


def from_arrays(X: Any, y: Any, target: str) -> Frame:
    """X of shape (n, d) and y of shape (n,) as columns x0, x1, ... and the target."""
    labels = np.ma.asarray(y) if np.ma.isMaskedArray(y) else np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise DataError(
            f"y has shape {labels.shape}; give one label a row, shape (n,), for one-hot rows "
            "y.argmax(axis=1)"
        )
    features = _matrix(X) if isinstance(X, np.ndarray | list) else from_frame(X).frame
    if len(labels) != features.height:
        raise DataError(f"X has {features.height:,} rows and y has {len(labels):,}; give one each")
    check_unique([*features.columns, target], "the table of X and y")
    return Frame("numpy", features.with_columns(_array_column(target, labels)))


def matrix_frame(X: np.ndarray) -> Frame:
    """Rows to predict, without labels: columns x0, x1, ..."""
    return Frame("numpy", _matrix(X))


def from_frame(data: Any) -> Frame:
    """Any eager or lazy frame that narwhals knows."""
    # Arrow and pandas allow two columns of one name, and narwhals would say so in many lines.
    names = getattr(data, "columns" if hasattr(data, "iloc") else "column_names", ())
    check_unique([str(name).strip() for name in names], "the table")
    if isinstance(data, pa.Table | pa.RecordBatch):
        table = data if isinstance(data, pa.Table) else pa.Table.from_batches([data])
        return Frame("pyarrow", _plain(from_arrow(table)))
    try:
        frame = nw.from_native(data)
        if isinstance(frame, nw.LazyFrame):
            frame = frame.collect()
        if frame.implementation.is_pandas_like():
            columns = _from_pandas(frame.to_native())
        else:
            columns = frame.to_polars()
    except TypeError as error:
        what = type(data).__name__
        raise DataError(f"cannot read a table from a {what}; give {TAKES}") from error
    except (NarwhalsError, pl.exceptions.PolarsError, pa.ArrowException) as error:
        if is_out_of_memory(error):
            raise
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"the {type(data).__name__} cannot be read: {reason}") from error
    return Frame(frame.implementation.value, _plain(columns))


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Names without blanks at their ends, as those of text files; whole numbers of 64 bits."""
    names = [name.strip() for name in frame.columns]
    check_unique(names, "the table")
    return pl.DataFrame([_narrow(frame[:, j]).alias(name) for j, name in enumerate(names)])


def _narrow(column: pl.Series) -> pl.Series:
    if not column.dtype.is_integer() or column.dtype in INTEGERS:
        return column
    narrow = column.cast(pl.Int64, strict=False)
    # What does not fit is a code, and is one as text, too.
    return narrow if narrow.null_count() == column.null_count() else column.cast(pl.String)


def sha256_of_frame(frame: pl.DataFrame) -> str:
    """SHA-256 over names, types and values; the layout in memory does not matter."""
    with ThreadPoolExecutor(2) as pool:  # hashlib lets other threads run
        digests = pool.map(_column_digest, frame.iter_columns())
    return hashlib.sha256(b"".join(digests)).hexdigest()


def _column_digest(column: pl.Series) -> bytes:
    digest = hashlib.sha256(f"{column.name}\0{column.dtype}\0{len(column)}\0".encode())
    column = column.alias("")  # polars takes some names for patterns
    digest.update(np.packbits(column.is_null().to_numpy()).tobytes())
    if not column.dtype.is_numeric() or column.dtype.is_decimal():
        text = column if column.dtype == pl.String else _text(column)
        text = text.fill_null("").rechunk()  # older polars cannot join several chunks
        digest.update(text.str.len_bytes().to_numpy().tobytes())
        digest.update(text.str.join("")[0].encode())
    else:
        digest.update(np.ascontiguousarray(column.fill_null(0).to_numpy()).data)
    return digest.digest()


def _text(column: pl.Series) -> pl.Series:
    try:
        return column.cast(pl.String)
    except pl.exceptions.PolarsError:
        return pl.Series(column.name, [None if v is None else repr(v) for v in column], pl.String)


def _matrix(X: Any) -> pl.DataFrame:
    array = np.ma.asarray(X) if np.ma.isMaskedArray(X) else np.asarray(X)
    if array.ndim != 2:
        raise DataError(f"X has shape {array.shape}; give one row an example, shape (n, d)")
    return pl.DataFrame([_array_column(f"x{j}", array[:, j]) for j in range(array.shape[1])])


def _array_column(name: str, array: np.ndarray) -> pl.Series:
    if np.ma.isMaskedArray(array):
        column = _array_column(name, array.data)
        return column.set(pl.Series(np.ma.getmaskarray(array)), None)
    if array.dtype == np.longdouble:
        array = array.astype(np.float64)
    if array.dtype == object or array.dtype.kind in "US":
        return _objects(name, array.tolist())
    return pl.Series(name, np.ascontiguousarray(array))


def _from_pandas(data: Any) -> pl.DataFrame:
    # str() so that columns named 0, 1, ... can be asked for on the command line.
    names = [str(name) for name in data.columns]
    return pl.DataFrame([_pandas_column(name, data.iloc[:, i]) for i, name in enumerate(names)])


def _pandas_column(name: str, column: Any) -> pl.Series:
    if str(column.dtype) == "category":
        # Levels may be numbers; being categories they stay categories.
        text = pl.Series(name, [str(level) for level in column.cat.categories], dtype=pl.String)
        codes = pl.Series(column.cat.codes.to_numpy(), dtype=pl.Int64)
        return text.gather(codes.set(codes < 0, None)).cast(pl.Categorical)
    if hasattr(column, "sparse"):
        column = column.sparse.to_dense()
    if str(column.dtype).startswith(("period", "interval")):
        column = column.astype(str).astype(object).where(column.notna(), None)
    try:
        return pl.Series(name, pl.from_pandas(_narrower(column)))
    except (TypeError, ValueError, NotImplementedError, pl.exceptions.PolarsError):
        # Several types in one column, or a type that Arrow does not have.
        return _objects(name, column.astype(object).where(column.notna(), None))


def _narrower(column: Any) -> Any:
    """Arrow's widest decimals, which polars does not have, as floats."""
    wide = getattr(column.dtype, "pyarrow_dtype", None)
    return column.astype("float64") if wide and pa.types.is_decimal256(wide) else column


def _objects(name: str, items: Iterable[Any]) -> pl.Series:
    """Python objects: one type of column if they are of one type, else as they are written."""
    items = [None if isinstance(v, float) and v != v else v for v in items]  # noqa: PLR0124 - NaN
    try:
        return pl.Series(name, items, strict=True)
    except (TypeError, pl.exceptions.PolarsError):
        pass  # of several types
    if all(v is None or isinstance(v, int | float | np.number) for v in items):
        return pl.Series(name, [None if v is None else float(v) for v in items], pl.Float64)
    return pl.Series(name, [None if v is None else _spelled(v) for v in items], pl.String)


def _spelled(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
