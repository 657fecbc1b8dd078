"""Where a table comes from, and one way to read it whatever it is."""

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from steelyard.tables.delimited import DelimitedFiles
from steelyard.tables.files import find_files, format_of, root_of, sha256_of_files
from steelyard.tables.frames import Frame, from_arrays, from_frame, matrix_frame, sha256_of_frame
from steelyard.tables.parquet import ParquetFiles
from steelyard.tables.partitions import NONE, partitions_of
from steelyard.tables.remote import is_address


@dataclass(frozen=True)
class Source:
    """What was read: the path as given (or 'pandas', 'polars', ...), its content's hash, its size.

    `rows` and `columns` count all of the source: rows without a target and the target itself too.
    """

    path: str
    sha256: str
    rows: int
    columns: int


class Reader(Protocol):
    """A table that can give some of its columns, whole or in batches.

    `typed` is False for text files, whose values are all text until their types are found;
    `decimal_hint` is the decimal sign that such a file proves; `notes` say what a user should know
    of how the table was read.
    """

    typed: bool
    names: list[str]

    @property
    def decimal_hint(self) -> str: ...

    @property
    def notes(self) -> Sequence[str]: ...

    def read(
        self, columns: Sequence[str], *, text: Collection[str] = (), numbers: Collection[str] = ()
    ) -> pl.DataFrame: ...

    def batches(
        self,
        columns: Sequence[str],
        *,
        text: Collection[str] = (),
        numbers: Collection[str] = (),
        rows: int,
    ) -> Iterator[pl.DataFrame]: ...


def open_table(data: Any, target: str | None = None) -> Reader:
    """A reader of a path, folder, glob, frame, matrix, or tuple (X, y); a reader is its own."""
    if isinstance(data, DelimitedFiles | ParquetFiles | Frame):
        return data
    if isinstance(data, str | Path):
        files = find_files(os.fspath(data), partitions=True)
        inside = NONE if is_address(data) else partitions_of(files, root_of(data))
        reader = ParquetFiles if format_of(files[0]) == "parquet" else DelimitedFiles
        return reader(files, inside)
    if isinstance(data, tuple) and len(data) == 2:
        return from_arrays(*data, target=target or "target")
    if isinstance(data, np.ndarray):
        return matrix_frame(data)
    return from_frame(data)


def as_written(reader: Reader, column: str) -> pl.Series:
    """A column without anything read as missing but what is not there."""
    if isinstance(reader, DelimitedFiles):
        return reader.as_written(column)
    return reader.read([column])[column]


def path_of(data: Any, reader: Reader) -> str:
    """The path as the user gave it, or the kind of frame."""
    return reader.kind if isinstance(reader, Frame) else str(data)


def content_hash(reader: Reader) -> str:
    """SHA-256 of the files' bytes or of the frame's values."""
    if isinstance(reader, DelimitedFiles | ParquetFiles):
        return sha256_of_files(reader.files)
    assert isinstance(reader, Frame)  # noqa: S101 - the three readers there are
    return sha256_of_frame(reader.frame)
