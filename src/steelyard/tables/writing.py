"""Frames one after another into one CSV or Parquet file."""

import re
import shutil
from pathlib import Path
from typing import Self

import polars as pl
import pyarrow.parquet as pq

GROUP_ROWS = 1 << 17
FORMULA, NUMBER = r"^[=+\-@\t\r]", r"^[+-]?[0-9.][0-9.,]*([eE][+-]?[0-9]+)?$"


class FrameWriter:
    """Writes frames of one schema to a file, by the ending of its name, in bounded memory.

    Args:
        separator: between the fields of a CSV file.
        csv_safe: as `spreadsheet_safe`, in a CSV file.
        title: whether a CSV file begins with the names of the columns.
    """

    def __init__(
        self, path: Path, *, separator: str = ",", csv_safe: bool = False, title: bool = True
    ) -> None:
        self.path = path
        self.separator, self.csv_safe = separator, csv_safe
        self._csv = path.open("wb") if path.suffix == ".csv" else None
        self._parquet: pq.ParquetWriter | None = None
        self._started = not title
        self._waiting: list[pl.DataFrame] = []  # until they make a row group worth reading

    def __enter__(self) -> Self:
        return self

    def add(self, frame: pl.DataFrame) -> None:
        """Write more rows."""
        if self._csv:
            header = not self._started
            frame = spreadsheet_safe(frame) if self.csv_safe else frame
            frame.write_csv(self._csv, include_header=header, separator=self.separator)
        else:
            self._waiting.append(frame)
            if sum(part.height for part in self._waiting) >= GROUP_ROWS:
                self._write_group()
        self._started = True

    def _write_group(self) -> None:
        frame = pl.concat(self._waiting)
        table = frame.to_arrow()
        if self._parquet is None:
            # Numbers seldom repeat; looking for repeats takes as long as all the rest.
            text = [name for name, kind in frame.schema.items() if not kind.is_numeric()]
            self._parquet = pq.ParquetWriter(self.path, table.schema, use_dictionary=text)
        self._parquet.write_table(table, row_group_size=GROUP_ROWS)
        self._waiting = []

    def __exit__(self, *error: object) -> None:
        if self._waiting and not any(error):
            self._write_group()
        for handle in (self._csv, self._parquet):
            if handle:
                handle.close()


def spreadsheet_safe(frame: pl.DataFrame) -> pl.DataFrame:
    """Text cells and names that a spreadsheet would run as a formula, with a quote before them.

    Such begin with = + - @, a tab or a carriage return and are no numbers. Who reads the file with
    a program gets the quote, too: on request only.

    >>> spreadsheet_safe(pl.DataFrame({"=a": ["=1+1", "-1.5"], "n": [-1, 2]})).rows(named=True)
    [{"'=a": "'=1+1", 'n': -1}, {"'=a": '-1.5', 'n': 2}]
    """
    text = pl.col(pl.String)
    runs = text.str.contains(FORMULA) & ~text.str.contains(NUMBER)
    quoted = pl.when(runs).then("'" + text).otherwise(text)
    frame = frame.with_columns(quoted.name.keep())
    return frame.rename(lambda name: f"'{name}" if re.match(FORMULA, name) else name)


def quote_formulas(path: Path) -> None:
    """Make a CSV file `spreadsheet_safe` where it stands."""
    from steelyard.tables.delimited import DelimitedFiles

    reader, safe = DelimitedFiles([path]), path.with_name(f"{path.stem}.safe.csv")
    try:
        with FrameWriter(safe, separator=reader.dialects[0].separator, csv_safe=True) as writer:
            for frame in reader.batches(reader.names, text=reader.names, rows=GROUP_ROWS):
                writer.add(frame)
        shutil.copyfile(safe, path)
    finally:
        safe.unlink(missing_ok=True)
