"""Read CSV and its kin with polars; the types come from the whole file, not from its start."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import polars as pl

from steelyard._memory import is_out_of_memory
from steelyard.errors import DataError
from steelyard.tables.dialect import NOT_UNICODE, Dialect, sniff
from steelyard.tables.names import check_same, pick
from steelyard.tables.number_text import decimal_sign
from steelyard.tables.partitions import NONE, Partitions
from steelyard.tables.plain_numbers import plain_columns, proves_point, unlike_sample
from steelyard.tables.ragged import (
    first_ragged,
    first_stray_quote,
    may_be_ragged,
    quotes_are_odd,
)
from steelyard.tables.records import blocks
from steelyard.tables.text_cleaning import drop_blank_lines, has_blank_lines, needs_cleaning

HAS_COMMA = r"^[-+]?[0-9.]*,[0-9]"


class DelimitedFiles:
    """One or more text files with the same columns.

    Plain numbers are read straight into Float64 where the start of the file shows nothing else;
    should a later value be none, the column is read again as text, so a late word makes a category
    of it and never a crash.
    """

    typed = False

    def __init__(self, files: Sequence[Path], partitions: Partitions = NONE) -> None:
        self.files = list(files)
        self.dialects = [sniff(file) for file in files]
        own = self.dialects[0].names
        values = partitions.as_text().values
        self._partitions = Partitions({k: v for k, v in values.items() if k not in own})
        self.names = [*own, *self._partitions.names]
        self._found: Counter[str] = Counter()
        for dialect in self.dialects:
            check_same(dialect.names, own, str(dialect.path), self.files[0].name)

    @property
    def notes(self) -> list[str]:
        """What a user should know of how the files are read, after they were."""
        several = len(self.files) > 1
        notes = [
            f"{dialect.path.name}: {note}" if several else note
            for dialect in self.dialects
            for note in dialect.notes
        ]
        if self._found["header"]:
            notes.append(f"{self._found['header']:,} copies of the header among the rows left out")
        if self._found["cp1252"] and NOT_UNICODE not in notes:
            notes.append(NOT_UNICODE)
        return notes

    def read(
        self, columns: Sequence[str], *, text: Collection[str] = (), numbers: Collection[str] = ()
    ) -> pl.DataFrame:
        """The columns asked for: Float64 where all values are plain numbers, else String.

        Columns in `text` are left as they are written, those in `numbers` are tried first.
        """
        self._found.clear()
        hoped = (self.number_columns | set(numbers)).intersection(columns) - set(text)
        try:
            frame = self._read_all(columns, hoped)
        except _NotNumbersError:
            frame = _cast_plain(self._read_all(columns, set()), hoped)
        again = unlike_sample(frame, self._sample, comma=self.dialects[0].separator == ",")
        if again:
            as_text = self._read_all(again, set())
            frame = frame.with_columns(as_text[name] for name in again)
        return frame

    def as_written(self, column: str) -> pl.Series:
        """A column as text, words that read as missing among it; null only where nothing stands."""
        inside = self._partitions.inside([column], self.names)
        written = [replace(each, missing=("",)) for each in self.dialects]
        frames = [_read_file(each, inside, set(), Counter()) for each in written]
        parts = (self._partitions.add(f, i, [column]) for i, f in enumerate(frames))
        return pl.concat(parts)[column]

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
        inside = self._partitions.inside(columns, self.names)
        for number, dialect in enumerate(self.dialects):
            for block in blocks(dialect):
                try:
                    frame = _parse(block, dialect, inside, hoped)
                except _NotNumbersError:
                    frame = _parse(block, dialect, inside, set())
                except _NotPlainError as error:  # plain ASCII until here
                    decoded = block.decode(error.encoding).encode()
                    frame = _parse(decoded, dialect, inside, set())
                yield from self._partitions.add(frame, number, columns).iter_slices(rows)

    def with_path_columns(
        self, frame: pl.DataFrame, file: int, columns: Sequence[str]
    ) -> pl.DataFrame:
        """The columns asked for of rows of one of the files, those in its path among them."""
        return pick(self._partitions.add(frame, file, columns), columns)

    @cached_property
    def number_columns(self) -> set[str]:
        """Columns that hold nothing but plain numbers at the start of the first file."""
        comma = self.dialects[0].separator == ","
        return plain_columns(self._sample, comma=comma)

    @cached_property
    def decimal_hint(self) -> str:
        """The decimal sign that the start of the first file proves; "" if none.

        In a file with commas between the fields it is the point, unless commas are proven.
        """
        sample = self._sample
        commas = sample.select(pl.all().str.contains(HAS_COMMA).any())
        written = [sample[name] for name in sample.columns if commas[name][0]]
        sign = decimal_sign(written) if written else ""
        if self.dialects[0].separator == ",":
            return sign or "."
        points = proves_point(sample)
        return "" if sign == "," and points else sign or ("." if points else "")

    @cached_property
    def _sample(self) -> pl.DataFrame:
        """The start of the first file as stripped text."""
        dialect = self.dialects[0]
        sample = drop_blank_lines(dialect.sample.encode(), dialect.quote.encode())
        try:
            frame = _parse(sample, _cleaned(dialect), dialect.names, set())
        except (DataError, _NotPlainError):
            # The full read meets the same defect and says where it is.
            return pl.DataFrame(schema=dict.fromkeys(dialect.names, pl.String))
        return frame.select(pl.all().str.strip_chars())

    def _read_all(self, columns: Sequence[str], hoped: set[str]) -> pl.DataFrame:
        inside = self._partitions.inside(columns, self.names)
        frames = [_read_file(each, inside, hoped, self._found) for each in self.dialects]
        return pl.concat(self._partitions.add(f, i, columns) for i, f in enumerate(frames))


class _NotNumbersError(Exception):
    """A column that was read as numbers holds something else."""


class _NotPlainError(Exception):
    """The file must be decoded, or cleaned, before polars can have it."""

    def __init__(self, encoding: str) -> None:
        super().__init__(encoding)
        self.encoding = encoding


def _cleaned(dialect: Dialect) -> Dialect:
    """The dialect of text whose separators are single by now."""
    return replace(dialect, repeated="")


def _read_file(
    dialect: Dialect, columns: Sequence[str], hoped: set[str], found: Counter[str]
) -> pl.DataFrame:
    if _is_plain(dialect):
        try:
            return _parse(dialect.path, dialect, columns, hoped, skip=1)
        except _NotPlainError as error:
            dialect = replace(dialect, encoding=error.encoding)
            found["cp1252"] += error.encoding == "cp1252"
    here: Counter[str] = Counter()
    frame = _parse(b"".join(blocks(dialect, found=here)), dialect, columns, hoped)
    found.update(here)
    return frame


def _is_plain(dialect: Dialect) -> bool:
    """Whether polars can have the file as it is."""
    if dialect.encoding not in ("utf-8", "utf-8-sig") or dialect.old_mac or dialect.skip_lines > 1:
        return False
    if dialect.path.name.lower().endswith(".gz"):
        return False
    return not needs_cleaning(dialect.path, dialect)


def _cast_plain(frame: pl.DataFrame, hoped: set[str]) -> pl.DataFrame:
    """Float64 for the columns hoped for that hold nothing else; the rest stays text."""
    text = pick(frame, sorted(hoped))
    numbers = text.select(pl.all().str.strip_chars().cast(pl.Float64, strict=False))
    return frame.with_columns(
        numbers[name].fill_nan(None)
        for name in numbers.columns
        if numbers[name].null_count() == frame[name].null_count()
    )


def _parse(
    source: Path | bytes, dialect: Dialect, columns: Sequence[str], hoped: set[str], skip: int = 0
) -> pl.DataFrame:
    """Let polars read the columns; its complaints become one line."""
    names = dialect.names
    if source == b"":
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    # The last column is always read: a row that is too short shows there, as a null.
    place = {name: number for number, name in enumerate(names)}
    wanted = sorted({place[name] for name in columns} | {len(names) - 1})
    try:
        frame = pl.read_csv(
            source,
            has_header=False,
            skip_rows=skip,
            columns=wanted,
            schema={name: pl.Float64 if name in hoped else pl.String for name in names},
            separator=dialect.separator,
            quote_char=dialect.quote or None,
            null_values=list(dialect.missing),
        )
    except pl.exceptions.PolarsError as error:
        if is_out_of_memory(error):
            raise  # not the file's fault
        if isinstance(source, Path) and has_blank_lines(source):
            raise _NotPlainError(dialect.encoding) from error
        raise _explained(error, dialect, hoped) from error
    # Rows too short and blank lines show as nulls; rows too long only where all columns are read.
    unsure = len(wanted) < len(names) or (len(names) > 1 and frame[:, -1].has_nulls())
    if unsure and may_be_ragged(source, dialect, frame.height + skip):
        if isinstance(source, Path) and has_blank_lines(source):
            raise _NotPlainError(dialect.encoding)
        _refuse_ragged(dialect)
    return pick(frame, columns)


def _explained(error: Exception, dialect: Dialect, hoped: set[str]) -> Exception:
    message = str(error)
    if "utf-8" in message and dialect.encoding == "utf-8":
        return _NotPlainError("cp1252")
    unclosed = "not properly escaped" in message
    if hoped and "could not parse" in message and not unclosed:
        return _NotNumbersError()
    stray = first_stray_quote(dialect)
    if stray:
        row, field = stray
        return DataError(
            f"{dialect.path} has a quote inside a field: data row {row:,}, {field!r}; double that "
            "quote and put quotes around the field, or remove it"
        )
    unclosed = unclosed or quotes_are_odd(dialect)
    if not unclosed:
        _refuse_ragged(dialect)
    what = "a quote opens and never closes" if unclosed else "its rows do not fit its header"
    return DataError(
        f"{dialect.path} cannot be read as text with delimiter {dialect.separator!r}: {what}; "
        "mend the file or save it as Parquet"
    )


def _refuse_ragged(dialect: Dialect) -> None:
    ragged = first_ragged(dialect)
    if ragged:
        row, fields = ragged
        raise DataError(
            f"{dialect.path} is ragged: data row {row:,} has {fields} fields, the header has "
            f"{len(dialect.names)} (delimiter {dialect.separator!r}); mend or remove that row"
        )
