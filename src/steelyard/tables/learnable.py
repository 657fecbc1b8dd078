"""What a comparison must refuse although an inspection can show it."""

import numpy as np
import polars as pl

from steelyard.errors import DataError, TargetError
from steelyard.tables.column_types import LARGEST
from steelyard.tables.names import quoted
from steelyard.tables.reading import Table


def check_learnable(table: Table) -> None:
    """Raise DataError if nothing honest can be learned from the table as it is.

    Refused: one class only, columns without any value, infinite values (or values beyond what
    float32 holds), no feature column left.
    """
    schema = table.schema
    if len(schema.classes) < 2:
        lost = table.dropped_rows
        without = ""
        if lost:
            without = (
                f" ({lost:,} rows, whose label reads as missing, are left out; to make classes of "
                "them: `missing_label=keep`)"
            )
        raise TargetError(
            f"target {schema.target!r} has one class only: {schema.classes[0]!r}{without}; "
            "a comparison needs rows of at least two classes"
        )
    empty = [column.name for column in schema.columns if column.role == "empty"]
    if empty:
        raise DataError(
            f"no value in any row of column {quoted(empty)}; drop it with `drop={empty[:3]}`"
        )
    for name in schema.numbers:
        _check_finite(table, name)
    if not schema.features:
        left_out = "; ".join(f"{c.name!r} {c.note}" for c in schema.columns[:3])
        raise DataError(f"no column is left to learn from ({left_out}); add a feature column")


def _check_finite(table: Table, name: str) -> None:
    column = table.features[name]
    high, low = column.max(), column.min()
    if high is None or (high <= LARGEST and low >= -LARGEST):  # type: ignore[operator]
        return
    beyond = np.flatnonzero((column.abs() > LARGEST).fill_null(value=False).to_numpy())
    row = int(table.row_ids[beyond[0]]) + 1
    raise DataError(
        f"column {name!r} has {len(beyond):,} infinite values or values beyond {LARGEST:.2g} "
        f"(first: data row {row:,}); replace them, leave them empty, or drop the column with "
        f"`drop={[name]}`"
    )


def infinite_values(features: pl.DataFrame) -> dict[str, int]:
    """Number of infinite values by column, of those columns that have any."""
    counts = {
        column.name: int(column.is_infinite().sum())
        for column in features.iter_columns()
        if column.dtype.is_float()
    }
    return {name: count for name, count in counts.items() if count}
