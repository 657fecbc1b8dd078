"""What scikit-learn hands over, as steelyard's table."""

import dataclasses
from collections.abc import Collection, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from steelyard.errors import DataError
from steelyard.tables import Column, Schema, Table, read_features, read_table
from steelyard.tables.column_types import LARGEST
from steelyard.tables.reading import Source

TARGET = "target"


def table_of(
    X: Any,
    codes: np.ndarray,
    classes: np.ndarray,
    names: Sequence[str] | None = None,
    amounts: Collection[str] = (),
) -> Table:
    """A table of a float matrix, or of a frame with text, and class codes.

    `names`: of a matrix's columns, by default x0, x1, ... `amounts`: columns that costs are
    computed from.
    """
    labels = tuple(classes.tolist())
    if isinstance(X, np.ndarray):
        named = [f"x{j}" for j in range(X.shape[1])] if names is None else list(names)
        columns = tuple(Column(name, "number") for name in named)
        return Table(
            features=_numbers(X, named),
            y=codes.astype(np.int64),
            schema=Schema(columns, TARGET, labels),
            groups=None,
            times=None,
            row_ids=np.arange(len(codes)),
            source=Source("arrays", "", len(codes), X.shape[1]),
        )
    frame = nw.from_native(X, eager_only=True)
    target = TARGET
    while target in frame.columns:
        target += "_"
    column = nw.new_series(target, codes.astype(np.int64), backend=frame.implementation)
    if hasattr(X, "index"):
        column = nw.from_native(column.to_native().set_axis(X.index), series_only=True)
    table = read_table(frame.with_columns(column).to_native(), target, amounts=amounts)
    return dataclasses.replace(table, schema=dataclasses.replace(table.schema, classes=labels))


def features_of(X: Any, schema: Schema, besides: Sequence[str] = ()) -> pl.DataFrame:
    """Rows to predict as a canonical frame of the schema's features, and columns besides."""
    if isinstance(X, np.ndarray):
        return _numbers(X, schema.features)
    return read_features(X, schema, besides)


def _numbers(X: np.ndarray, names: Sequence[str]) -> pl.DataFrame:
    beyond = np.argwhere(np.abs(X) > LARGEST)
    if len(beyond):
        row, column = beyond[0].tolist()
        raise DataError(
            f"X holds values beyond {LARGEST:.2g}, which models in float32 cannot "
            f"hold (first: row {row}, column {column}); scale them or replace them by NaN"
        )
    columns = X.T.astype(np.float32)
    return pl.DataFrame(dict(zip(names, columns, strict=True))).fill_nan(None)
