"""Read a later file by the schema that was learned: to predict, or to score labelled rows."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from steelyard.errors import DataError, TargetError
from steelyard.tables.column_types import conform
from steelyard.tables.names import quoted, suggestion
from steelyard.tables.sample_weights import weights_of
from steelyard.tables.schema import Schema
from steelyard.tables.size import check_fits
from steelyard.tables.sources import Reader, as_written, open_table, path_of
from steelyard.tables.split_columns import group_codes
from steelyard.tables.target import (
    check_target,
    codes_of,
    keeps_missing,
    known_labels,
    raw_values,
    with_missing_kept,
)

BATCH_ROWS = 65_536


def read_features(data: Any, schema: Schema, also: Sequence[str] = ()) -> pl.DataFrame:
    """Exactly the schema's features, in its order and form, whatever order they come in.

    `also`: columns of numbers to read besides, which decisions need; they come last. Other columns,
    the target among them, are ignored. Levels never seen are kept as they are.

    Raises: DataError: a column is missing, or holds a value of another kind (the message gives
        the column, the data row counting from 1, and the value).
    """
    reader = open_table(data)
    wanted = _wanted(reader, schema, also)
    check_fits(reader, len(wanted), path_of(data, reader))
    raw = reader.read(wanted, text=_text(schema, wanted), numbers=_plain(schema, wanted))
    return _conform(raw, schema, wanted, 0)


def iter_features(
    data: Any, schema: Schema, also: Sequence[str] = (), *, batch_rows: int = BATCH_ROWS
) -> Iterator[pl.DataFrame]:
    """As `read_features`, in frames of at most `batch_rows` rows, in source order.

    Memory depends on `batch_rows` and the file's blocks, not on the number of rows.
    """
    reader = open_table(data)
    return _batches(reader, schema, _wanted(reader, schema, also), batch_rows)


def iter_columns(
    data: Any, names: Sequence[str] | str, *, batch_rows: int = BATCH_ROWS
) -> tuple[list[str], Iterator[pl.DataFrame]]:
    """Columns as they stand in the source, whatever their role; those of text files as text.

    Args:
        names: column names, or "all".
    Returns: the names, and frames of at most `batch_rows` rows in source order, at least one.
    Raises: DataError: a column that is not there.
    """
    reader = open_table(data)
    wanted = list(reader.names) if names == "all" else list(names)
    absent = [name for name in wanted if name not in reader.names]
    if absent:
        raise DataError(
            f"there is no column {quoted(absent)} to keep; {suggestion(absent[0], reader.names)}"
        )
    text = [] if reader.typed else wanted
    return wanted, _written(reader, wanted, text, batch_rows)


def _written(
    reader: Reader, names: list[str], text: list[str], rows: int
) -> Iterator[pl.DataFrame]:
    any_yet = False
    for frame in reader.batches(names, text=text, numbers=[], rows=rows):
        yield frame
        any_yet = True
    if not any_yet:  # no rows today: the columns all the same
        yield reader.read(names, text=text)


def labels(data: Any, schema: Schema) -> np.ndarray:
    """Class codes of a labelled file, int64, shape (n,), by the schema's classes.

    Raises: TargetError: no target column, a row without label, or a label never learned.
    """
    reader = open_table(data, schema.target)
    target = check_target(schema.target, reader.names, header=not reader.typed)
    if keeps_missing(schema.classes):
        raw = with_missing_kept(as_written(reader, target))
    else:
        raw = raw_values(reader.read([target], text=[target])[target])
    if not len(raw):
        raise TargetError("the table to score has no rows; give rows with labels")
    if raw.has_nulls():
        row = int(raw.is_null().arg_max() or 0)
        raise TargetError(
            f"target {target!r} is missing in {raw.null_count():,} rows (first: data row "
            f"{row + 1:,}); label those rows or leave them out"
        )
    distinct = raw.unique(maintain_order=True).to_list()
    return codes_of(raw, known_labels(distinct, target, schema.classes), schema.classes)


def groups(data: Any, column: str) -> np.ndarray | None:
    """Codes of the group column of a file, int64, shape (n,); None where it has no such column.

    Raises: DataError: a row without a group.
    """
    reader = open_table(data)
    return group_codes(reader.read([column])[column]) if column in reader.names else None


def weights(data: Any, column: str) -> np.ndarray | None:
    """The weight column of a file, float64, shape (n,); None where it has no such column.

    Raises: DataError, WeightError: as `read_table` does.
    """
    reader = open_table(data)
    if column not in reader.names:
        return None
    return weights_of(reader.read([column], text=[column])[column], reader.decimal_hint)


def read_nothing(schema: Schema, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The schema's features, or the columns named, without any row."""
    text, wanted = set(schema.categories), schema.features if columns is None else columns
    kinds = {name: pl.String if name in text else pl.Float64 for name in wanted}
    return pl.DataFrame(schema=kinds)


def _batches(
    reader: Reader, schema: Schema, wanted: list[str], rows: int
) -> Iterator[pl.DataFrame]:
    first_row, any_yet = 0, False
    for raw in reader.batches(
        wanted, text=_text(schema, wanted), numbers=_plain(schema, wanted), rows=rows
    ):
        yield _conform(raw, schema, wanted, first_row)
        first_row, any_yet = first_row + raw.height, True
    if not any_yet:  # no rows today: the columns all the same
        yield read_nothing(schema, wanted)


def _conform(raw: pl.DataFrame, schema: Schema, wanted: list[str], first_row: int) -> pl.DataFrame:
    return pl.DataFrame(
        [
            conform(raw[name].alias(""), schema.column(name), first_row).alias(name)
            for name in wanted
        ]
    )


def _text(schema: Schema, wanted: list[str]) -> list[str]:
    # "3" must stay the level "3" although, in a file without letters, it looks like a number;
    # numbers that were written in a way of their own are read in that way again.
    columns = [schema.column(name) for name in wanted]
    return [column.name for column in columns if column.kind != "number" or column.format]


def _plain(schema: Schema, wanted: list[str]) -> list[str]:
    text, categories = set(_text(schema, wanted)), set(schema.categories)
    return [name for name in wanted if name not in text and name not in categories]


def _wanted(reader: Reader, schema: Schema, also: Sequence[str]) -> list[str]:
    """The features, then what decisions need besides; DataError where one is not there."""
    present = set(reader.names)
    missing = [name for name in schema.features if name not in present]
    if missing:
        raise DataError(
            f"the table to predict lacks the column {quoted(missing)}; "
            f"{suggestion(missing[0], reader.names)}; it needs {len(schema.features):,} columns: "
            f"{quoted(schema.features)}"
        )
    besides = [name for name in dict.fromkeys(also) if name not in set(schema.features)]
    missing = [name for name in besides if name not in present]
    if missing:
        raise DataError(
            f"the table to predict lacks the column {quoted(missing)}, which the decision needs "
            f"besides the features; {suggestion(missing[0], reader.names)}; add it, or retune the "
            "run to a goal without it"
        )
    return [*schema.features, *besides]
