"""Parquet files in pieces: a row group, or part of a large one, and the classes of each."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from steelyard.errors import DataError, TargetError
from steelyard.feeds.schedule import Ints
from steelyard.tables.files import find_files, format_of

PIECE_ROWS = 1 << 17


@dataclass(frozen=True)
class Pieces:
    """The row groups of Parquet files, in the order of file names; large ones are cut up.

    Only one piece is in memory at a time, and none has more than `PIECE_ROWS` rows, so the memory
    that reading takes does not depend on how the files were written.
    """

    files: tuple[Path, ...]
    schema: pa.Schema
    at: tuple[tuple[int, int], ...]  # (file, first row) of each piece
    rows: Ints

    @classmethod
    def find(cls, path: str | Path) -> "Pieces":
        """The pieces of a file, folder or glob.

        Raises: DataError: no such files, files of another format, or with other columns.
        """
        files = tuple(find_files(path))
        if format_of(files[0]) != "parquet":
            raise DataError(f"{files[0]} is not Parquet; use feeds.from_csv for text")
        at, rows, schema = [], [], None
        for number, file in enumerate(files):
            with _open(file) as parquet:
                schema = schema or parquet.schema_arrow
                _check_names(parquet.schema_arrow, schema, file, files[0])
                start = 0
                for group in range(parquet.num_row_groups):
                    for size in _cut(parquet.metadata.row_group(group).num_rows):
                        at.append((number, start))
                        rows.append(size)
                        start += size
        if not sum(rows) or schema is None:
            raise DataError(f"{path} holds no rows; give files with rows")
        return cls(files, schema, tuple(at), np.array(rows, dtype=np.int64))

    def read(self, piece: int, columns: Sequence[str] | None = None) -> pa.Table:
        """One piece as an Arrow table."""
        file, start = self.at[piece]
        scan = pl.scan_parquet(self.files[file], glob=False)
        if columns is not None:
            scan = scan.select(list(dict.fromkeys(columns)))
        frame = scan.slice(start, int(self.rows[piece])).collect()
        return frame.to_arrow(compat_level=pl.CompatLevel.oldest())

    def tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """All pieces in source order."""
        for piece in range(len(self.at)):
            yield self.read(piece, columns)

    def column(self, name: str) -> pa.Field:
        """A column by name. Raises: DataError: there is none."""
        if name not in self.schema.names:
            raise DataError(
                f"there is no column {name!r}; the columns are {', '.join(self.schema.names[:20])}"
            )
        return self.schema.field(name)


def _cut(rows: int) -> list[int]:
    """Rows of the pieces of a row group, nearly equal."""
    parts = -(-rows // PIECE_ROWS)
    return [(i + 1) * rows // parts - i * rows // parts for i in range(parts)]


def _open(file: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except pa.ArrowInvalid as error:
        raise DataError(f"{file} cannot be read as Parquet ({error}); write it again") from error


def _check_names(schema: pa.Schema, first: pa.Schema, file: Path, first_file: Path) -> None:
    if schema.names != first.names:
        odd = sorted(set(schema.names) ^ set(first.names)) or schema.names
        raise DataError(
            f"{file.name} has other columns than {first_file.name} ({', '.join(odd[:5])}); "
            "give files of one table"
        )


@dataclass(frozen=True)
class ClassTally:
    """Rows of each class in each piece, shape (pieces, classes), and the labels in order."""

    classes: tuple[Hashable, ...]
    by_piece: Ints

    @property
    def counts(self) -> dict[Hashable, int]:
        """Rows of each class."""
        return dict(zip(self.classes, self.by_piece.sum(axis=0).tolist(), strict=True))


class Tally:
    """Class counts of pieces that come one after the other."""

    def __init__(self, target: str) -> None:
        self.target = target
        self._pieces: list[dict[Hashable, int]] = []

    def add(self, column: pa.ChunkedArray | pa.Array) -> None:
        """Count one more piece."""
        if column.null_count:
            raise TargetError(
                f"column {self.target!r} has {column.null_count:,} missing labels in one piece of "
                "the data; drop those rows first"
            )
        counted = pc.value_counts(column)
        labels = counted.field("values").to_pylist()
        self._pieces.append(dict(zip(labels, counted.field("counts").to_pylist(), strict=True)))

    def result(self) -> ClassTally:
        """Labels in sorted order and the counts of every piece."""
        classes = sorted(set().union(*self._pieces))  # type: ignore[type-var]
        table = [[piece.get(label, 0) for label in classes] for piece in self._pieces]
        return ClassTally(tuple(classes), np.array(table, dtype=np.int64).reshape(len(table), -1))


def count_pieces(pieces: Pieces, target: str) -> ClassTally:
    """Count classes reading the target column only.

    Raises: TargetError: missing labels, or fewer than two classes.
    """
    pieces.column(target)
    tally = Tally(target)
    for table in pieces.tables([target]):
        tally.add(table[target])
    result = tally.result()
    if len(result.classes) < 2:
        raise TargetError(
            f"column {target!r} holds one class only ({result.classes[0]!r}); two are needed"
        )
    return result


def codes_of(column: pa.ChunkedArray, classes: Sequence[Hashable]) -> NDArray[np.int32]:
    """Position of each row's label in `classes`, shape (rows,)."""
    values = pa.array(classes, type=column.type)
    codes = pc.index_in(column, value_set=values)
    if codes.null_count:
        raise TargetError("a label appeared that was not counted; the files changed: run again")
    return codes.to_numpy()


def numeric_columns(schema: pa.Schema, target: str, columns: Sequence[str] | None) -> list[str]:
    """Columns that make up a float matrix: those asked for, or all but the target.

    Raises: DataError: one of them is not of numbers.
    """
    names = [name for name in schema.names if name != target] if columns is None else list(columns)
    for name in names:
        if name not in schema.names:
            raise DataError(f"there is no column {name!r} among {', '.join(schema.names[:20])}")
    text = [
        name
        for name in names
        if not (
            pa.types.is_integer(schema.field(name).type)
            or pa.types.is_floating(schema.field(name).type)
            or pa.types.is_boolean(schema.field(name).type)
        )
    ]
    if text:
        raise DataError(
            f"columns {', '.join(text[:5])} are not numbers; name the columns to read with "
            "columns=[...], or encode the others first"
        )
    return names


def to_matrix(table: pa.Table, columns: Sequence[str]) -> NDArray[np.float32]:
    """Rows as a C-ordered float32 matrix, missing values as NaN; never through pandas."""
    frame = pl.from_arrow(table.select(list(columns)))
    if not isinstance(frame, pl.DataFrame):  # pragma: no cover - a table gives a frame
        raise TypeError(type(frame))
    if any(kind != pl.Float32 for kind in frame.dtypes):
        frame = frame.cast(pl.Float32)
    return frame.to_numpy(order="c")
