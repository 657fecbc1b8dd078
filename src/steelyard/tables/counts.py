"""Count the classes of a table of any size without reading its other columns."""

from collections import Counter
from typing import Any

import polars as pl

from steelyard.tables.parquet import ParquetFiles
from steelyard.tables.schema import Label
from steelyard.tables.sources import open_table
from steelyard.tables.target import check_number_of_classes, check_target, raw_values, read_labels

BATCH_ROWS = 1 << 18


def count_classes(data: Any, target: str | None) -> dict[Label, int]:
    """Rows of each class, by label in order; rows without a target are not counted.

    Only the target column is read, of Parquet in batches, so memory stays flat.

    Raises: DataError or TargetError, as `read_table`.
    """
    reader = open_table(data, target)
    arrays = isinstance(data, tuple)
    target = check_target(
        "target" if arrays and target is None else target, reader.names, header=not reader.typed
    )
    counts: Counter[Any] = Counter()
    if isinstance(reader, ParquetFiles):
        for batch in reader.batches([target], rows=BATCH_ROWS):
            counts.update(_tally(batch[target]))
    else:
        counts.update(_tally(reader.read([target], text=[target])[target]))
    meaning = read_labels(
        list(counts), target, typed=reader.typed, decimal_hint=reader.decimal_hint
    )
    by_label: Counter[Label] = Counter()
    for value, count in counts.items():
        by_label[meaning[value]] += count
    check_number_of_classes(list(by_label), by_label.total(), target)
    return {label: by_label[label] for label in sorted(by_label)}  # type: ignore[type-var]


def _tally(column: pl.Series) -> dict[Any, int]:
    counted = raw_values(column).drop_nulls().value_counts()
    return dict(counted.iter_rows())
