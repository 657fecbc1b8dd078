"""Read Parquet: whole columns with polars, bounded batches with pyarrow."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from steelyard.errors import DataError
from steelyard.tables.names import check_same, check_unique


class ParquetFiles:
    """One or more Parquet files with the same columns; their types say what the columns are."""

    typed = True

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = list(files)
        self.names: list[str] = []
        for file in self.files:
            with _plain_errors(file):
                names = list(pq.read_schema(file).names)
            check_unique(names, str(file))
            self.names = self.names or names
            check_same(names, self.names, str(file), self.files[0].name)

    def read(
        self, columns: Sequence[str], *, text: Collection[str] = (), numbers: Collection[str] = ()
    ) -> pl.DataFrame:
        """The columns asked for, in that order. `text` and `numbers` matter to text files only."""
        del text, numbers
        frames = []
        for file in self.files:
            with _plain_errors(file):
                frames.append(pl.read_parquet(file, columns=list(columns), glob=False))
        _check_same_types(self.files, frames)
        # Relaxed: an integer column may be float in another file, or without type if empty there.
        return pl.concat((frame.select(columns) for frame in frames), how="vertical_relaxed")

    def batches(
        self,
        columns: Sequence[str],
        *,
        text: Collection[str] = (),
        numbers: Collection[str] = (),
        rows: int,
    ) -> Iterator[pl.DataFrame]:
        """As `read`, in frames of at most `rows` rows, in file order, in bounded memory."""
        del text, numbers
        for file in self.files:
            with _plain_errors(file), pq.ParquetFile(file) as parquet:
                for batch in parquet.iter_batches(rows, columns=list(columns)):
                    frame = pl.from_arrow(pa.Table.from_batches([batch]), rechunk=False)
                    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table is never a Series
                    yield frame.select(columns)


@contextmanager
def _plain_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            f"{file} is no readable Parquet file ({str(error).strip().splitlines()[0]}); "
            "write it anew, or give CSV with the ending .csv"
        ) from error


def _check_same_types(files: Sequence[Path], frames: Sequence[pl.DataFrame]) -> None:
    first: dict[str, tuple[Path, pl.DataType]] = {}
    for file, frame in zip(files, frames, strict=True):
        for name, dtype in frame.schema.items():
            if dtype == pl.Null:
                continue
            other, known = first.setdefault(name, (file, dtype))
            if known != dtype and not (known.is_numeric() and dtype.is_numeric()):
                raise DataError(
                    f"column {name!r} is {known} in {other.name} and {dtype} in {file.name}; "
                    "give it one type in all files"
                )
