"""What the target column of a piece says: classes, counts, and the hash of every row."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.resample.as_written import CsvStyle, style_of
from steelyard.resample.copying import BLOCK_ROWS
from steelyard.resample.pieces import AnyPiece
from steelyard.sampling_plan import key_ids, row_hash
from steelyard.sampling_plan.limits import Chunks, Ranges
from steelyard.tables.delimited import DelimitedFiles
from steelyard.tables.parquet import ParquetFiles
from steelyard.tables.target import MOST_CLASSES, check_number_of_classes, codes_of, raw_values

Ids = NDArray[np.uint64]


@dataclass(frozen=True)
class Wanted:
    """Which columns say what a row is.

    Attributes:
        target: column of the class.
        key: column that names the rows; None: a row's position in the source is its id.
        spool: folder that keeps what was read of them; None: they are read again each time.
    """

    target: str
    key: str | None
    spool: Path | None


@dataclass(frozen=True)
class Counted:
    """What one look at a piece's target column gives.

    Attributes:
        values: distinct raw labels, the first seen first.
        counts: rows of each, shape (values,).
        rows: all rows, those without a label too.
        types: of the columns, where the files tell.
        style: how the files are written, where they are text.
        notes: what a user should know of how they are read.
    """

    values: list[Any]
    counts: NDArray[np.int64]
    rows: int
    types: pl.Schema | None
    style: CsvStyle | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Coded:
    """A piece whose classes are known.

    Attributes:
        offset: rows of the source before it.
        code_of: class code of each distinct raw label of the piece, and -1 for none.
    """

    piece: AnyPiece
    offset: int
    code_of: NDArray[np.int64]


def count(piece: AnyPiece, wanted: Wanted) -> Counted:
    """Count the classes of a piece."""
    numbers: dict[Any, int] = {}
    seen = np.zeros(0, np.int64)
    rows = 0
    for found, _ in _numbered(piece, wanted, numbers):
        seen = np.pad(seen, (0, len(numbers) - len(seen)))
        seen += np.bincount(found[found >= 0], minlength=len(numbers))
        rows += len(found)
    reader = piece.reader
    types = reader.types() if isinstance(reader, ParquetFiles) else None
    style = style_of(reader) if isinstance(reader, DelimitedFiles) else None
    return Counted(list(numbers), seen, rows, types, style, tuple(reader.notes))


def look(
    coded: Coded,
    wanted: Wanted,
    seed: int,
    what: Callable[[Chunks, Ranges], Any],
    ranges: Ranges,
) -> Any:
    """One of the looks of `sampling_plan.limits` at a piece."""
    return what(_hashed(coded, wanted, seed), ranges)


def _hashed(coded: Coded, wanted: Wanted, seed: int) -> Chunks:
    for ids, codes in coded_rows(coded, wanted):
        there = codes >= 0
        yield row_hash(ids[there], seed), codes[there]


def coded_rows(coded: Coded, wanted: Wanted) -> Iterator[tuple[Ids, NDArray[np.int64]]]:
    """Ids and class codes of all rows, -1 without a label, in blocks."""
    at = coded.offset
    for found, ids in _numbered(coded.piece, wanted, {}):
        place = np.arange(at, at + len(found), dtype=np.uint64)
        at += len(found)
        yield (place if ids is None else ids), coded.code_of[found]


def _numbered(
    piece: AnyPiece, wanted: Wanted, numbers: dict[Any, int]
) -> Iterator[tuple[NDArray[np.int64], Ids | None]]:
    """The number of each row's label, -1 for none, and its key; `numbers` grows as they are met."""
    if wanted.spool is None:
        yield from _read(piece, wanted, numbers)
        return
    path = wanted.spool / str(piece.number)
    kind = np.dtype([("label", np.int64)] + [("id", np.uint64)] * (wanted.key is not None))
    if path.exists():
        with path.open("rb") as file:
            while block := file.read(kind.itemsize * BLOCK_ROWS):
                part = np.frombuffer(block, kind)
                yield part["label"], part["id"] if wanted.key is not None else None
        return
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        for found, ids in _read(piece, wanted, numbers):
            part = np.empty(len(found), kind)
            part["label"] = found
            if ids is not None:
                part["id"] = ids
            file.write(part.tobytes())
            yield found, ids
    partial.rename(path)


def _read(
    piece: AnyPiece, wanted: Wanted, numbers: dict[Any, int]
) -> Iterator[tuple[NDArray[np.int64], Ids | None]]:
    target, key = wanted.target, wanted.key
    columns = [target] if key is None else list(dict.fromkeys([target, key]))
    rows = 0
    for frame in piece.reader.batches(columns, text=columns, rows=BLOCK_ROWS):
        values = raw_values(frame[target])
        for value in values.drop_nulls().unique(maintain_order=True):
            numbers.setdefault(value, len(numbers))
        if len(numbers) > MOST_CLASSES:
            check_number_of_classes(list(numbers), rows, target)  # now, not after the last row
        found = codes_of(values, {value: value for value in numbers}, list(numbers))
        rows += frame.height
        yield found, None if key is None else key_ids(frame[key].to_arrow())
