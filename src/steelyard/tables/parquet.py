"""Read Parquet: whole columns, or bounded batches."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from steelyard._memory import is_out_of_memory
from steelyard.errors import DataError
from steelyard.tables.names import check_same, check_unique, pick
from steelyard.tables.partitions import NONE, Partitions

# A damaged page may end in a panic of polars, which is no Exception.
UNREADABLE = (
    pa.ArrowException,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    OSError,
)
READ_BYTES = 32 << 20  # decoded at once


class ParquetFiles:
    """One or more Parquet files with the same columns; their types say what the columns are.

    Args:
        span: read in batches from this row to that one alone, where there is one file.
        types: of the columns, where these files are some of many; default: as they hold them all.
    """

    typed = True
    decimal_hint = "."  # numbers were read by somebody else
    notes: Sequence[str] = ()

    def __init__(
        self,
        files: Sequence[Path],
        partitions: Partitions = NONE,
        *,
        span: tuple[int, int] | None = None,
        types: Mapping[str, pl.DataType] | None = None,
    ) -> None:
        self.files = list(files)
        self._span, self._known_types = span, types
        self.names: list[str] = []
        self._footers: list[pq.FileMetaData] = []
        for file in self.files:
            with _plain_errors(file):
                self._footers.append(pq.read_metadata(file))
                names = list(self._footers[-1].schema.to_arrow_schema().names)
            check_unique(names, str(file))
            self.names = self.names or names
            check_same(names, self.names, str(file), self.files[0].name)
        self._own = self.names
        values = partitions.values
        self._partitions = Partitions({k: v for k, v in values.items() if k not in self._own})
        self.names = [*self._own, *self._partitions.names]

    @property
    def rows(self) -> int:
        """Rows of all files, from their footers."""
        return sum(found.num_rows for found in self._footers)

    @property
    def unpacked_bytes(self) -> int:
        """Bytes of all files before compression, from their footers."""
        groups = [
            found.row_group(i) for found in self._footers for i in range(found.num_row_groups)
        ]
        return sum(group.total_byte_size for group in groups)

    def read(
        self, columns: Sequence[str], *, text: Collection[str] = (), numbers: Collection[str] = ()
    ) -> pl.DataFrame:
        """The columns asked for, in that order. `text` and `numbers` matter to text files only."""
        del text, numbers
        frames = []
        inside = self._partitions.inside(columns, self._own)
        for number, file in enumerate(self.files):
            with _plain_errors(file):
                scan = pl.scan_parquet(file, glob=False, hive_partitioning=False)
                frame = scan.select(pl.selectors.by_name(*inside)).collect()
            frames.append(self._partitions.add(frame, number, columns))
        _check_same_types(self.files, frames)
        # Relaxed: an integer column may be float in another file, or without type if empty there.
        return pl.concat((pick(frame, columns) for frame in frames), how="vertical_relaxed")

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
        inside = self._partitions.inside(columns, self._own)
        types = self._known_types or self.types(inside)
        for frame in self._as_stored(columns, inside, rows):
            # Series by series: a name such as ^x$ would be a pattern for `cast`.
            yield frame.with_columns(
                column.cast(types[column.name])
                for column in frame.iter_columns()
                if column.dtype != types.get(column.name, column.dtype)
            )

    def types(self, columns: Sequence[str] | None = None) -> pl.Schema:
        """The type of each column, by default of all in the files, that holds all values."""
        found = []
        for file in self.files:
            with _plain_errors(file):
                found.append(pl.Schema(pl.read_parquet_schema(file)))
        return common_types(self.files, found, self._own if columns is None else columns)

    def _as_stored(
        self, columns: Sequence[str], inside: list[str], rows: int
    ) -> Iterator[pl.DataFrame]:
        for number, (file, found) in enumerate(zip(self.files, self._footers, strict=True)):
            with _plain_errors(file):
                step = max(rows, READ_BYTES // _row_bytes(found, inside))
                # Slices, not pyarrow's batches: those hold the row groups around them, which took
                # 0.9 GB of a file with a million rows in each; slices took 0.2 GB.
                scan = pl.scan_parquet(file, glob=False, hive_partitioning=False)
                scan = scan.select(pl.selectors.by_name(*inside))
                first, last = self._span or (0, found.num_rows)
                for start in range(first, last, step):
                    part = pick(scan.slice(start, min(step, last - start)).collect(), inside)
                    yield from self._partitions.add(part, number, columns).iter_slices(rows)


def common_types(
    files: Sequence[Path], schemas: Sequence[pl.Schema], columns: Sequence[str]
) -> pl.Schema:
    """The type of each column that holds the values of files with such schemas.

    Raises: DataError: a column that is numbers in one file and something else in another.
    """
    empty = [pick(pl.DataFrame(schema=schema), columns) for schema in schemas]
    _check_same_types(files, empty)
    return pl.concat(empty, how="vertical_relaxed").schema


def _row_bytes(found: pq.FileMetaData, columns: Sequence[str]) -> int:
    """Bytes of a row of these columns in memory, as the first row group tells."""
    least = 8 * len(columns)
    if not found.num_row_groups or not found.row_group(0).num_rows:
        return least
    group = found.row_group(0)
    chunks = (group.column(i) for i in range(group.num_columns))
    wanted = [c for c in chunks if c.path_in_schema.split(".")[0] in set(columns)]
    return max(least, sum(chunk.total_uncompressed_size for chunk in wanted) // group.num_rows)


@contextmanager
def _plain_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        if is_out_of_memory(error):
            raise  # not the file's fault
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
