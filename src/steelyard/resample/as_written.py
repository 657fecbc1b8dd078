"""The records of text files as they were written, so that chosen rows stay byte for byte."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from steelyard.errors import DataError
from steelyard.tables.delimited import DelimitedFiles
from steelyard.tables.dialect import Dialect
from steelyard.tables.number_text import read_numbers
from steelyard.tables.records import blocks
from steelyard.tables.values import clean


@dataclass(frozen=True)
class Records:
    """Whole records of one text file.

    Attributes:
        data: their bytes one after another, each with its line end.
        ends: where each ends in `data`, shape (records,).
        file: number of the file in its reader.
    """

    data: bytes
    ends: NDArray[np.int64]
    dialect: Dialect
    file: int

    def __len__(self) -> int:
        return len(self.ends)

    def take(self, rows: NDArray[np.integer]) -> bytes:
        """The bytes of some records, in the given order, repeats and all."""
        offsets = np.concatenate([[0], self.ends]).astype(np.int64)
        # Arrow gathers pieces of different lengths without a loop over them.
        array = pa.LargeBinaryArray.from_buffers(
            pa.large_binary(), len(self), [None, pa.py_buffer(offsets), pa.py_buffer(self.data)]
        )
        taken = array.take(pa.array(rows, pa.int64()))
        if not len(taken):
            return b""
        _, places, data = taken.buffers()
        end = np.frombuffer(places, np.int64, count=len(taken) + 1)[-1]
        return memoryview(data)[:end].tobytes()

    def followed_by(self, others: "Sequence[Records]") -> "Records":
        """These records and then those of other files of the same layout."""
        parts = [self, *others]
        starts = np.cumsum([0, *(len(part.data) for part in parts[:-1])])
        ends = [part.ends + start for part, start in zip(parts, starts, strict=True)]
        return Records(
            b"".join(p.data for p in parts), np.concatenate(ends), self.dialect, self.file
        )

    def cells(self) -> pl.DataFrame:
        """Every cell as text; null only where nothing is written."""
        dialect = self.dialect
        names = dialect.names
        if not len(self):
            return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
        return pl.read_csv(
            _utf8(self.data),
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            separator=dialect.separator,
            quote_char=dialect.quote or None,
        )


def records(reader: DelimitedFiles) -> Iterator[Records]:
    """All records of the files, some megabytes at a time."""
    for file, dialect in enumerate(reader.dialects):
        for block in blocks(dialect):
            yield split(block, dialect, file)


def split(block: bytes, dialect: Dialect, file: int) -> Records:
    """Find where the records of a block end: at a line end outside quotes."""
    if not block.endswith(b"\n"):
        block += b"\r\n" if b"\r\n" in block[:1024] else b"\n"
    data = np.frombuffer(block, dtype=np.uint8)
    ends = data == ord("\n")
    quote = dialect.quote.encode()
    if quote and quote in block:
        ends &= np.cumsum(data == quote[0], dtype=np.uint8) % 2 == 0
    return Records(block, np.flatnonzero(ends) + 1, dialect, file)


def all_records(reader: DelimitedFiles) -> list[Records]:
    """The records of each file, each file in one piece."""
    return [split(b"".join(blocks(each)), each, i) for i, each in enumerate(reader.dialects)]


def cells_of(part: Records, reader: DelimitedFiles, columns: Sequence[str]) -> pl.DataFrame:
    """Cells of some records as text, those of columns that stand in the path among them."""
    return reader.with_path_columns(part.cells(), part.file, columns)


def all_cells(reader: DelimitedFiles, columns: Sequence[str]) -> pl.DataFrame:
    """The cells of all files as text."""
    return pl.concat(cells_of(part, reader, columns) for part in all_records(reader))


def typed_numbers(frame: pl.DataFrame, reader: DelimitedFiles) -> pl.DataFrame:
    """Text columns that hold nothing but numbers as Float64."""
    text = [column for column in frame.iter_columns() if column.dtype == pl.String]
    parsed = (numbers_of(column, reader) for column in text)
    return frame.with_columns(column for column in parsed if column is not None)


def numbers_of(text: pl.Series, reader: DelimitedFiles) -> pl.Series | None:
    """Float64 where every cell is a number or missing, else None.

    Codes with leading zeros are none, and all rows are looked at: such zeros may start late in a
    file that is sorted downwards.
    """
    cleaned = clean(text)
    if cleaned.null_count() == len(cleaned):
        return cleaned.cast(pl.Float64)
    return read_numbers(cleaned, reader.decimal_hint).values


def one_layout(reader: DelimitedFiles) -> bool:
    """Whether records of all files can stand in one file, and hold all columns."""
    dialects = reader.dialects
    if list(dialects[0].names) != reader.names:
        return False
    layouts = {(d.names, d.separator, d.quote, d.encoding == "cp1252") for d in dialects}
    return len(layouts) == 1


@dataclass(frozen=True)
class CsvStyle:
    """How records of text files are written to one.

    Attributes:
        alike: they are copied as they are, since all files are written alike; else cell by cell.
        title: whether the header comes first.
    """

    separator: str
    quote: str
    names: tuple[str, ...]
    cp1252: bool
    alike: bool
    title: bool = True


def style_of(reader: DelimitedFiles) -> CsvStyle:
    """As the first of the files is written."""
    first = reader.dialects[0]
    alike = one_layout(reader)
    return CsvStyle(first.separator, first.quote, first.names, first.encoding == "cp1252", alike)


def header(dialect: Dialect | CsvStyle, names: Sequence[str]) -> bytes:
    """The header line of a file written like another."""
    line = io.StringIO()
    quote = dialect.quote or '"'
    # That single quotes are quotes shows in the header alone.
    writer = csv.writer(
        line,
        delimiter=dialect.separator,
        quotechar=quote,
        quoting=csv.QUOTE_ALL if quote == "'" else csv.QUOTE_MINIMAL,
        lineterminator="\n",
    )
    writer.writerow(names)
    return line.getvalue().encode()


def check_csv(schema: pl.Schema) -> None:
    """Refuse a table that CSV cannot hold. Raises: DataError: naming the first such column."""
    for name, dtype in schema.items():
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Duration):
            raise DataError(
                f"column {name!r} holds {dtype}, which CSV cannot hold: write Parquet (an output "
                "that ends in .parquet), or drop the column"
            )


def _utf8(data: bytes) -> bytes:
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252").encode()
    return data
