"""Frames one after another into one CSV or Parquet file."""

from pathlib import Path
from typing import Self

import polars as pl
import pyarrow.parquet as pq

GROUP_ROWS = 1 << 17


class FrameWriter:
    """Writes frames of one schema to a file, by the ending of its name, in bounded memory.

    Args:
        separator: between the fields of a CSV file.
        csv_safe: as `spreadsheet_safe`, in a CSV file.
    """

    def __init__(self, path: Path, *, separator: str = ",", csv_safe: bool = False) -> None:
        self.path = path
        self.separator, self.csv_safe = separator, csv_safe
        self._csv = path.open("wb") if path.suffix == ".csv" else None
        self._parquet: pq.ParquetWriter | None = None
        self._started = False
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

    Such begin with = + - @, a tab or a carriage return; numbers stay as they are. Who reads the
    file with a program gets the quote, too: on request only.

    >>> spreadsheet_safe(pl.DataFrame({"=a": ["=1+1", "b"], "n": [-1, 2]})).rows(named=True)
    [{"'=a": "'=1+1", 'n': -1}, {"'=a": 'b', 'n': 2}]
    """
    text = pl.col(pl.String)
    quoted = pl.when(text.str.contains(r"^[=+\-@\t\r]")).then("'" + text).otherwise(text)
    frame = frame.with_columns(quoted.name.keep())
    return frame.rename(lambda name: f"'{name}" if name[:1] in tuple("=+-@\t\r") else name)
