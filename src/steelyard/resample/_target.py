"""Any target in, the same kind of target out: labels, one column, or one-hot columns."""

import sys
from array import array
from collections import deque
from typing import Any

import narwhals as nw
import numpy as np
from imblearn.utils import check_target_type
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets

from steelyard.errors import TargetError
from steelyard.resample._table import is_pandas


class Target:
    """The labels of a target and the way back to the kind that it came as.

    Attributes:
        labels: one label per row, a 1-D numpy array. One-hot columns become column numbers.
    Raises: TargetError: a one-hot row has no class. ValueError: not a classification target.
    """

    def __init__(self, y: Any) -> None:
        if y is None:
            raise TargetError("a sampler requires y to be passed, but the target y is None")
        if isinstance(y, tuple | array | deque):
            y = np.asarray(y)
        self.native = y
        values = _as_array(y)
        self.one_hot = values.ndim == 2 and values.shape[1] > 1
        if values.ndim == 1 and values.dtype.kind in "iub":
            self.labels = values  # nothing to find out
        else:
            if self.one_hot or values.dtype.kind not in "iub":
                check_classification_targets(values)
            self.labels = check_target_type(values)
        if self.one_hot:
            empty = np.flatnonzero(~np.any(values, axis=1))
            if empty.size:
                raise TargetError(
                    f"row {empty[0]} of the one-hot target has no class ({empty.size} such rows): "
                    "give every row one class"
                )
        self.columns = values.shape[1] if values.ndim == 2 else 0
        self.dtype = values.dtype

    def take(self, rows: np.ndarray) -> Any:
        """The target of the given rows, as it came in."""
        if isinstance(self.native, np.ndarray) and not self.one_hot:
            # imbalanced-learn flattens a single column of a numpy array; so do we.
            return self.labels[rows]
        return take_vector(self.native, rows)

    def append(self, labels: np.ndarray) -> Any:
        """The whole target followed by `labels`, as it came in."""
        return self.replace(np.concatenate([self.labels, labels.astype(self.labels.dtype)]))

    def replace(self, labels: np.ndarray) -> Any:
        """`labels` alone, dressed as the target that came in."""
        return self._like(labels)

    def _like(self, labels: np.ndarray) -> Any:
        y = self.native
        values = labels
        if self.one_hot:
            # By column number, so a class without rows keeps its column and two stay two.
            values = np.eye(self.columns, dtype=self.dtype)[labels]
        if is_pandas(y, "DataFrame"):
            return type(y)(values, columns=y.columns).astype(y.dtypes)
        if is_pandas(y, "Series"):
            return type(y)(values, dtype=y.dtype, name=y.name)
        if sparse.issparse(y):
            return sparse.csr_matrix(values).asformat(y.format)
        if _is_arrow_array(y):
            return type(y).from_pandas(values, type=y.type)
        frame = _frame(y)
        if frame is not None:
            return _framed(frame, values)
        return values.tolist() if isinstance(y, list) else values


def _framed(frame: nw.DataFrame | nw.Series, values: np.ndarray) -> Any:
    """Values as a polars or Arrow column, or table of columns, like the given one."""
    backend = frame.implementation
    if isinstance(frame, nw.Series):
        return nw.new_series(frame.name, values.tolist(), frame.dtype, backend=backend).to_native()
    columns = values.reshape(len(values), -1).T
    made = {
        name: nw.new_series(name, column.tolist(), dtype, backend=backend)
        for (name, dtype), column in zip(frame.schema.items(), columns, strict=True)
    }
    return nw.DataFrame.from_dict(made).to_native()


def as_vector(values: Any) -> np.ndarray:
    """A vector of any supported kind as a numpy array."""
    if isinstance(values, tuple | array | deque):
        return np.asarray(values)
    frame = _frame(values)
    return np.asarray(values) if frame is None else frame.to_numpy()


def take_vector(values: Any, rows: np.ndarray) -> Any:
    """The given entries of a vector (or rows of a small table) of any supported kind."""
    if is_pandas(values, "DataFrame", "Series"):
        return values.iloc[rows]
    if isinstance(values, tuple | array | deque):
        return np.asarray(values)[rows]
    if isinstance(values, list):
        return np.asarray(values)[rows].tolist()
    if _is_arrow_array(values):
        return values.take(rows)
    frame = _frame(values)
    return values[rows] if frame is None else frame[rows].to_native()


def _frame(y: Any) -> nw.DataFrame | nw.Series | None:
    """A polars or Arrow target behind narwhals; None for everything else."""
    if isinstance(y, list | np.ndarray) or sparse.issparse(y) or _is_arrow_array(y):
        return None
    found = nw.from_native(y, eager_only=True, allow_series=True, pass_through=True)
    return found if isinstance(found, nw.DataFrame | nw.Series) else None


def _is_arrow_array(values: Any) -> bool:
    """Whether this is one Arrow array, which narwhals knows only as part of a chunked one."""
    arrow = sys.modules.get("pyarrow")
    return arrow is not None and isinstance(values, arrow.Array)


def _as_array(y: Any) -> np.ndarray:
    if sparse.issparse(y):
        return y.toarray()
    frame = _frame(y)
    values = np.asarray(y) if frame is None else frame.to_numpy()
    if _is_arrow_array(y):
        missing = y.null_count > 0
    else:
        missing = isinstance(frame, nw.Series) and frame.is_null().any()
    if missing or (values.dtype.kind == "f" and np.isnan(values).any()):
        raise TargetError("Input y contains NaN: drop the rows without a class, or label them")
    return values
