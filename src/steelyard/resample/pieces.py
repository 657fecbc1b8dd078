"""A table in files, cut into pieces that can be looked at apart: some files, or rows of one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from steelyard.tables.delimited import DelimitedFiles
from steelyard.tables.files import format_of, root_of, source_files
from steelyard.tables.names import check_same
from steelyard.tables.parquet import ParquetFiles
from steelyard.tables.partitions import NONE, Partitions, partitions_of
from steelyard.tables.remote import AnyFile, local
from steelyard.tables.sources import Reader, open_table

# Bytes on disk. Small files share a task, since a task costs some milliseconds whatever it does;
# a large Parquet file is cut at its row groups, so that no worker is left with it at the end.
SMALL, LARGE = 64 << 20, 128 << 20
MOST_FILES = 64


@dataclass(frozen=True)
class Piece:
    """Some rows of a source, in its order.

    Attributes:
        number: place among the pieces.
        files: the files, sorted as the source's.
        partitions: columns that stand in their paths.
        names: columns of the source, which these files must have, too; () for a source itself.
        span: first row, and the one after the last, of a single Parquet file; None for all.
        types: of all columns of the source, once they are known.
    """

    number: int
    files: tuple[AnyFile, ...]
    partitions: Partitions = NONE
    names: tuple[str, ...] = ()
    span: tuple[int, int] | None = None
    types: pl.Schema | None = None

    @cached_property
    def reader(self) -> Reader:
        """What reads these rows; opened where it is asked for."""
        files = local(self.files)
        if format_of(files[0]) != "parquet":
            found: Reader = DelimitedFiles(files, self.partitions)
        else:
            types = None if self.types is None else dict(self.types)
            found = ParquetFiles(files, self.partitions, span=self.span, types=types)
        if self.names:
            check_same(found.names, list(self.names), str(files[0]), "the first file")
        return found

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs, without the open reader."""
        return {name: value for name, value in self.__dict__.items() if name != "reader"}

    def typed_as(self, types: pl.Schema | None) -> "Piece":
        """The same, read with these types."""
        return self if types is None else replace(self, types=types)


@dataclass(frozen=True)
class WholeTable:
    """A table at hand as one piece: what one process does when nobody helps it."""

    reader: Reader
    number: int = 0

    def typed_as(self, types: pl.Schema | None) -> "WholeTable":
        """Its reader knows the types of all of its files."""
        del types
        return self


AnyPiece = Piece | WholeTable


def whole(data: Any, target: str | None) -> WholeTable:
    """All of a table, of whatever kind."""
    return WholeTable(open_table(data, target))


def cut(data: str | Path) -> list[Piece]:
    """The pieces of files, in the order of the rows.

    Only the first file and large ones are opened, so that many files cost little here.
    """
    files = source_files(data)
    here = [file for file in files if isinstance(file, Path)]
    inside = partitions_of(here, root_of(data)) if here else NONE
    first = Piece(0, tuple(files[:1]), _of(inside, range(1)))
    names = tuple(first.reader.names)
    parts = list(_parts(files))
    return [
        Piece(number, tuple(files[i] for i in those), _of(inside, those), names, span)
        for number, (those, span) in enumerate(parts)
    ]


def _of(partitions: Partitions, files: Sequence[int]) -> Partitions:
    return Partitions(
        {name: found.gather(list(files)) for name, found in partitions.values.items()}
    )


def _parts(files: Sequence[AnyFile]) -> Iterator[tuple[list[int], tuple[int, int] | None]]:
    """Places of the files of each piece, and the rows of a single file."""
    waiting: list[int] = []
    size = 0
    for number, file in enumerate(files):
        here = file.stat().st_size if isinstance(file, Path) else file.size
        spans = _spans(file, here)
        if waiting and (spans or size + here > SMALL or len(waiting) == MOST_FILES):
            yield waiting, None
            waiting, size = [], 0
        if spans:
            yield from (([number], span) for span in spans)
        else:
            waiting, size = [*waiting, number], size + here
    if waiting:
        yield waiting, None


def _spans(file: AnyFile, size: int) -> list[tuple[int, int]]:
    """Rows of a large Parquet file from one row group's start to another's end; else none.

    A file elsewhere is fetched whole: cut up it would only be fetched several times.
    """
    if size <= LARGE or not isinstance(file, Path) or format_of(file) != "parquet":
        return []
    found = pq.read_metadata(file)
    ends = list(accumulate(found.row_group(i).num_rows for i in range(found.num_row_groups)))
    most = max(1, found.num_rows * SMALL // size)
    spans, start = [], 0
    for end, following in zip(ends, [*ends[1:], None], strict=True):
        if following is None or following - start > most:
            spans.append((start, end))
            start = end
    return spans
