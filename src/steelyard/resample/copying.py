"""Copy rows of any source to one file, each as often as it is kept, block by block."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.resample.as_written import (
    CsvStyle,
    Records,
    cells_of,
    check_csv,
    header,
    numbers_of,
    records,
    style_of,
)
from steelyard.tables.delimited import DelimitedFiles
from steelyard.tables.sources import Reader
from steelyard.tables.writing import FrameWriter

BLOCK_ROWS = 1 << 16


class Copies(Protocol):
    """How often each row is kept; asked for block after block."""

    def start(self) -> None:
        """Begin again with the first row."""

    def take(self, rows: int) -> NDArray[np.int64]:
        """Copies of the next rows, shape (rows,)."""


def write_copies(
    reader: Reader,
    columns: Sequence[str],
    out: Path,
    copies: Copies,
    style: CsvStyle | None = None,
) -> None:
    """Write the rows in the source's order, copies of a row after each other.

    From text to CSV rows stay byte for byte where all columns stay and all files are written
    alike; else cell for cell. From text to Parquet, columns that hold nothing but numbers become
    Float64.

    Args:
        style: of the text, where these files are some of many; default: as they are written.
    """
    copies.start()
    if not isinstance(reader, DelimitedFiles):
        _write_typed(reader, columns, out, copies)
    elif out.suffix == ".parquet":
        _write_text_as_parquet(reader, columns, out, copies)
    else:
        _write_text(reader, columns, out, copies, style or style_of(reader))


def _write_text(
    reader: DelimitedFiles, columns: Sequence[str], out: Path, copies: Copies, style: CsvStyle
) -> None:
    if style.alike and list(columns) == reader.names:
        with out.open("wb") as file:
            if style.title:
                file.write(header(style, columns))
            for part, chosen in _chosen(reader, copies):
                file.write(part.take(chosen))
        return
    with FrameWriter(out, separator=style.separator, title=style.title) as writer:
        for part, chosen in _chosen(reader, copies):
            writer.add(cells_of(part, reader, columns)[chosen])


def _chosen(reader: DelimitedFiles, copies: Copies) -> Iterator[tuple[Records, NDArray[np.int64]]]:
    for part in records(reader):
        yield part, _numbers(copies.take(len(part)))


def _numbers(copies: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row numbers, each as often as it is kept."""
    # Taken by number, not by a mask: of a hundred rows often only a few stay.
    return np.repeat(np.arange(len(copies)), copies)


def _write_typed(reader: Reader, columns: Sequence[str], out: Path, copies: Copies) -> None:
    with FrameWriter(out) as writer:
        for frame in reader.batches(columns, rows=BLOCK_ROWS):
            if out.suffix == ".csv":
                check_csv(frame.schema)
            writer.add(frame[_numbers(copies.take(frame.height))])


def _write_text_as_parquet(
    reader: DelimitedFiles, columns: Sequence[str], out: Path, copies: Copies
) -> None:
    numbers = set(columns)
    while True:
        copies.start()
        words: set[str] = set()
        with FrameWriter(out) as writer:
            for part, chosen in _chosen(reader, copies):
                frame, words = _with_numbers(cells_of(part, reader, columns), numbers, reader)
                if words:
                    break
                writer.add(frame[chosen])
        if not words:
            return
        # A word, be it a late one after numbers: the column is text, from the first row on.
        numbers -= words


def _with_numbers(
    frame: pl.DataFrame, numbers: set[str], reader: DelimitedFiles
) -> tuple[pl.DataFrame, set[str]]:
    """The frame with these columns as numbers, and those that hold something else."""
    parsed = {name: numbers_of(frame[name], reader) for name in numbers}
    words = {name for name, column in parsed.items() if column is None}
    return frame.with_columns(c for c in parsed.values() if c is not None), words
