"""Any inputs a Keras model takes, as a nest of arrays with rows first, and rows taken from it."""

import math
from collections.abc import Hashable
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from steelyard._keras import keras
from steelyard.errors import DataError, RequestError, TargetError

_ALIGNED_TO = 64  # bytes

Nest = Any  # an array, or a dict or tuple of nests


def as_nest(data: Any, name: str = "X") -> Nest:
    """Inputs as a nest: dicts stay dicts, lists of arrays become tuples, frames a float32 matrix.

    Lists become tuples because tf.data would stack a list into one tensor.

    Raises: DataError: a frame with text columns; nothing with rows.
    """
    if isinstance(data, dict):
        return {key: as_nest(value, f"{name}[{key!r}]") for key, value in data.items()}
    if isinstance(data, (list, tuple)) and data and all(hasattr(part, "shape") for part in data):
        return tuple(as_nest(part, f"{name}[{i}]") for i, part in enumerate(data))
    if hasattr(data, "columns") and hasattr(data, "to_numpy"):
        return _frame_to_matrix(data, name)
    if hasattr(data, "to_numpy"):  # a column of pandas or polars
        data = data.to_numpy()
    if not hasattr(data, "shape") or not hasattr(data, "dtype"):
        data = _to_array(data, name)
    if len(data.shape) == 0:
        raise DataError(f"{name} is {data!r}; give arrays with one row per example")
    return data


def _to_array(data: Any, name: str) -> NDArray[Any]:
    """A list as an array; lists of unequal length are padded at their end, as in `rebalance`."""
    try:
        return np.asarray(data)
    except ValueError as error:
        rows = [np.asarray(row) for row in data]
        if any(row.ndim != 1 for row in rows):
            raise DataError(
                f"{name} has rows of unequal shape ({error}); make them of one shape first, as "
                "keras.utils.pad_sequences does"
            ) from None
    lengths = np.array([row.size for row in rows])
    values = np.concatenate(rows)
    out = np.zeros((len(rows), lengths.max()), values.dtype)
    out[np.arange(out.shape[1]) < lengths[:, None]] = values
    return out


def _frame_to_matrix(frame: Any, name: str) -> NDArray[np.float32]:
    import narwhals as nw

    table = nw.from_native(frame, eager_only=True)
    text = [
        column
        for column, kind in table.schema.items()
        if not (kind.is_numeric() or kind == nw.Boolean)
    ]
    if text:
        raise DataError(
            f"{name} has columns that are not numbers: {', '.join(text[:5])}; give a dict "
            "{column: array} for a model that takes them, or encode them first"
        )
    return np.ascontiguousarray(table.select(nw.all().cast(nw.Float32)).to_numpy())


def row_count(nest: Nest) -> int:
    """Rows of a nest; all its arrays must agree.

    Raises: DataError: they do not.
    """
    sizes = sorted({leaf.shape[0] for leaf in keras.tree.flatten(nest)})
    if len(sizes) != 1:
        raise DataError(
            f"the inputs, labels and weights have {', '.join(f'{n:,}' for n in sizes)} rows; "
            "give each of them one entry per row"
        )
    return int(sizes[0])


def class_codes(y: Any) -> tuple[tuple[Hashable, ...], NDArray[np.int64]]:
    """Labels in sorted order, and the position of each row's label in it; one-hot rows are read.

    Raises: TargetError: missing labels, one class only, or an array that is no label.
    """
    if isinstance(y, dict) or (isinstance(y, list | tuple) and all(hasattr(p, "shape") for p in y)):
        raise TargetError(
            f"there are {len(y)} outputs, so no row has one class; give by=, one class per row to "
            "balance on"
        )
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2:
        if not np.all((labels == 0) | (labels == 1)) or not np.all(labels.sum(axis=1) == 1):
            raise TargetError(
                f"labels of shape {labels.shape} are no one-hot rows, so no row has one class; "
                "give by=, one class per row to balance on"
            )
        return tuple(range(labels.shape[1])), labels.argmax(axis=1)
    if labels.ndim != 1:
        raise TargetError(
            f"labels have shape {labels.shape}; give one per row, or one-hot rows, or by=, one "
            "class per row to balance on"
        )
    if labels.dtype == object:
        missing = np.array([label is None or label != label for label in labels])  # noqa: PLR0124 - NaN
    else:
        missing = np.isnan(labels) if labels.dtype.kind == "f" else np.zeros(1, dtype=bool)
    if missing.any():
        raise TargetError(
            f"{int(missing.sum()):,} of {labels.size:,} labels are missing; drop those rows first"
        )
    classes, codes = np.unique(labels, return_inverse=True)
    if classes.size < 2:
        raise TargetError(
            f"the labels hold one class only ({classes.tolist()}); a feed needs two or more"
        )
    return tuple(classes.tolist()), codes


def numpy_take(leaf: Any, rows: NDArray[np.integer]) -> NDArray[Any]:
    """Rows of one array, or of anything that is indexed like one; sparse rows come out dense.

    Row numbers of any shape; the result has the shape of `rows` followed by that of a row.
    """
    if isinstance(leaf, np.ndarray):
        out = _aligned((*rows.shape, *leaf.shape[1:]), leaf.dtype)
        # Clipped, not checked: the numbers are ours, and looking at each costs 30 %.
        return np.take(leaf, rows, axis=0, mode="clip", out=out)
    flat = rows.reshape(-1)
    if scipy.sparse.issparse(leaf):
        return leaf[flat].toarray().reshape(*rows.shape, leaf.shape[1])
    # HDF5 and the like want rising row numbers without repeats.
    unique, back = np.unique(flat, return_inverse=True)
    return np.asarray(leaf[unique])[back.reshape(rows.shape)]


def _aligned(shape: tuple[int, ...], kind: np.dtype) -> NDArray[Any]:
    """An empty array that starts where TensorFlow wants a tensor to: it need not copy it then."""
    if kind.hasobject:
        return np.empty(shape, kind)
    size = math.prod(shape) * kind.itemsize
    room = np.empty(size + _ALIGNED_TO, np.uint8)
    start = -room.ctypes.data % _ALIGNED_TO
    return room[start : start + size].view(kind).reshape(shape)


def prepare(leaf: Any) -> Any:
    """Make rows of an array cheap to take: compressed rows for sparse matrices, numpy for tensors.

    A tensor in main memory is looked at without a copy; one on an accelerator is copied once.
    """
    if scipy.sparse.issparse(leaf):
        return leaf.tocsr()
    return keras.ops.convert_to_numpy(leaf) if keras.ops.is_tensor(leaf) else leaf


def check_lengths(rows: int, codes: NDArray[np.int64]) -> None:
    """Raise where labels and inputs do not have one length."""
    if rows != codes.size:
        raise RequestError(f"{codes.size:,} labels for {rows:,} rows; give one label per row")
