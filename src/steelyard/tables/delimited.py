"""Read CSV and its kin with polars; the types come from the whole file, not from its start."""

import mmap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import polars as pl

from steelyard.errors import DataError
from steelyard.tables import values
from steelyard.tables.dialect import Dialect, sniff
from steelyard.tables.names import check_same
from steelyard.tables.records import (
    blocks,
    drop_blank_lines,
    first_ragged,
    may_be_ragged,
    may_have_blank_lines,
)


class DelimitedFiles:
    """One or more text files with the same columns.

    Numbers are read straight into Float64 where the start of the file shows numbers; should a
    later value be none, the column is read again as text, so a late word makes a category of it
    and never a crash.
    """

    typed = False

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = list(files)
        self.dialects = [sniff(file) for file in files]
        self.names = list(self.dialects[0].names)
        for dialect in self.dialects:
            check_same(dialect.names, self.names, str(dialect.path), self.files[0].name)

    def read(
        self, columns: Sequence[str], *, text: Collection[str] = (), numbers: Collection[str] = ()
    ) -> pl.DataFrame:
        """The columns asked for: Float64 where all values are numbers, else String.

        Columns in `text` are left as they are written, those in `numbers` are tried first.
        """
        hoped = (self.number_columns | set(numbers)).intersection(columns) - set(text)
        try:
            frame = self._read_all(columns, hoped)
        except _NotNumbersError:
            frame = self._read_all(columns, set())
        return frame.with_columns(
            parsed
            for name in columns
            if frame[name].dtype == pl.String and name not in text
            if (parsed := self._as_numbers(frame[name], decimal=name in numbers)) is not None
        )

    def batches(
        self,
        columns: Sequence[str],
        *,
        text: Collection[str] = (),
        numbers: Collection[str] = (),
        rows: int,
    ) -> Iterator[pl.DataFrame]:
        """As `read`, in frames of at most `rows` rows, in file order, in bounded memory."""
        hoped = set(numbers) - set(text)
        for dialect in self.dialects:
            for block in blocks(dialect):
                try:
                    frame = _parse(block, dialect, columns, hoped)
                except _NotNumbersError:
                    frame = _parse(block, dialect, columns, set())
                except _NotPlainError as error:  # plain ASCII until here
                    decoded = block.decode(error.encoding).encode()
                    frame = _parse(decoded, dialect, columns, set())
                yield from frame.iter_slices(rows)

    @cached_property
    def number_columns(self) -> set[str]:
        """Columns that hold nothing but numbers at the start of the first file."""
        dialect = self.dialects[0]
        sample = drop_blank_lines(dialect.sample.encode(), dialect.quote.encode())
        try:
            frame = _parse(sample, dialect, self.names, set(), skip=1)
        except DataError:
            return set()  # the full read meets the same defect and says where it is
        return {name for name in self.names if self._as_numbers(frame[name]) is not None}

    def _read_all(self, columns: Sequence[str], hoped: set[str]) -> pl.DataFrame:
        return pl.concat(_read_file(dialect, columns, hoped) for dialect in self.dialects)

    def _as_numbers(self, column: pl.Series, *, decimal: bool = False) -> pl.Series | None:
        if not self.dialects[0].decimal_comma:
            return values.as_numbers(column)
        with_point = column.str.replace(",", ".", literal=True)
        parsed = values.as_numbers(with_point)
        return with_point if parsed is None and decimal else parsed


class _NotNumbersError(Exception):
    """A column that was read as numbers holds something else."""


class _NotPlainError(Exception):
    """The file must be decoded, or rid of blank lines, before polars can have it."""

    def __init__(self, encoding: str) -> None:
        super().__init__(encoding)
        self.encoding = encoding


def _read_file(dialect: Dialect, columns: Sequence[str], hoped: set[str]) -> pl.DataFrame:
    if _is_plain(dialect):
        try:
            return _parse(dialect.path, dialect, columns, hoped, skip=1)
        except _NotPlainError as error:
            dialect = replace(dialect, encoding=error.encoding)
    return _parse(b"".join(blocks(dialect)), dialect, columns, hoped)


def _is_plain(dialect: Dialect) -> bool:
    """Whether polars can have the file as it is, as far as its start tells."""
    if dialect.encoding not in ("utf-8", "utf-8-sig") or dialect.old_mac:
        return False
    return not dialect.starts_blank and not dialect.path.name.lower().endswith(".gz")


def _parse(
    source: Path | bytes, dialect: Dialect, columns: Sequence[str], hoped: set[str], skip: int = 0
) -> pl.DataFrame:
    """Let polars read the columns; its complaints become one line."""
    names = dialect.names
    if source == b"":
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    # The last column is always read: a row that is too short shows there, as a null.
    wanted = sorted({names.index(name) for name in columns} | {len(names) - 1})
    try:
        frame = pl.read_csv(
            source,
            has_header=False,
            skip_rows=skip,
            columns=wanted,
            schema={name: pl.Float64 if name in hoped else pl.String for name in names},
            separator=dialect.separator,
            quote_char=dialect.quote,
            decimal_comma=dialect.decimal_comma,
            null_values=list(values.MISSING),
        )
    except pl.exceptions.PolarsError as error:
        if isinstance(source, Path) and _has_blank_lines(source):
            raise _NotPlainError(dialect.encoding) from error
        raise _explained(error, dialect, hoped) from error
    # Rows too short and blank lines show as nulls; rows too long only where all columns are read.
    unsure = len(wanted) < len(names) or (len(names) > 1 and frame[:, -1].has_nulls())
    if unsure and may_be_ragged(source, dialect, frame.height + skip):
        if isinstance(source, Path) and _has_blank_lines(source):
            raise _NotPlainError(dialect.encoding)
        _refuse_ragged(dialect)
    return frame.select(columns)


def _explained(error: Exception, dialect: Dialect, hoped: set[str]) -> Exception:
    message = str(error)
    if "utf-8" in message and dialect.encoding == "utf-8":
        return _NotPlainError("cp1252")
    unclosed = "not properly escaped" in message
    if hoped and "could not parse" in message and not unclosed:
        return _NotNumbersError()
    _refuse_ragged(dialect)
    what = "a quote opens and never closes" if unclosed else message.splitlines()[0]
    return DataError(
        f"{dialect.path} cannot be read as text with delimiter {dialect.separator!r}: {what}; "
        "mend the file or save it as Parquet"
    )


def _has_blank_lines(path: Path) -> bool:
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return may_have_blank_lines(data)


def _refuse_ragged(dialect: Dialect) -> None:
    ragged = first_ragged(dialect)
    if ragged:
        row, fields = ragged
        raise DataError(
            f"{dialect.path} is ragged: data row {row:,} has {fields} fields, the header has "
            f"{len(dialect.names)} (delimiter {dialect.separator!r}); mend or remove that row"
        )
