"""Tables too large to be read whole: exact counts, and a sample to measure the rest on."""

import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.tables import Table, read_table
from steelyard.tables.delimited import DelimitedFiles
from steelyard.tables.parquet import ParquetFiles
from steelyard.tables.sources import open_table

# Rows times columns. Reading takes some 25 bytes for each, so the largest table that is read
# whole takes about 3 GB.
MOST_VALUES = 1 << 27
SAMPLE_VALUES = 1 << 25
LEAST_ROWS = 200  # of each class in a sample, as far as it has them
UNPACKED = 4  # bytes of text per byte of a .gz file, about


@dataclass(frozen=True)
class Whole:
    """What is known of all rows while the rest is measured on a sample.

    Attributes:
        class_counts: rows of each class code, shape (classes,).
        dropped_rows: rows without a target.
    """

    class_counts: NDArray[np.int64]
    dropped_rows: int


def values_in(data: Any) -> float:
    """About how many values files hold, without reading them; 0 for what is in memory already."""
    if not isinstance(data, str | Path):
        return 0
    reader = open_table(data)
    if isinstance(reader, ParquetFiles):
        return reader.rows * len(reader.names)
    assert isinstance(reader, DelimitedFiles)  # noqa: S101 - the two kinds of files there are
    packed = [UNPACKED if file.name.lower().endswith(".gz") else 1 for file in reader.files]
    size = sum(n * file.stat().st_size for n, file in zip(packed, reader.files, strict=True))
    sample = reader.dialects[0].sample
    return size / len(sample.encode()) * len(sample.splitlines()) * len(reader.names)


def sampled_table(
    data: str | Path,
    target: str,
    *,
    drop: Collection[str] = (),
    seed: int = 0,
    progress: Callable[[float, float, str], None] | None = None,
) -> tuple[Table, Whole]:
    """A sample of files of any size in bounded memory, and the exact counts.

    Classes keep their shares, but for a least number of rows that a rare one keeps. The sampling
    plan draws the rows, so they are the same for a seed however the table is cut into files.
    """
    from steelyard.resample.streamed import write_planned

    reader = open_table(data, target)
    rows = SAMPLE_VALUES // len(reader.names)
    with tempfile.TemporaryDirectory(prefix="steelyard-") as folder:
        # In the source's own format: what its columns are is then found in the same way.
        out = Path(folder) / ("sample.parquet" if reader.typed else "sample.csv")
        written = write_planned(
            data,
            target,
            lambda _, counts: sample_counts(counts, rows),
            out,
            seed=seed,
            progress=progress,
        )
        table = read_table(out, target, drop=drop)
    counts = np.array(written.plan.counts)
    whole = Whole(counts, written.rows - int(counts.sum()))
    source = replace(table.source, path=str(data), rows=written.rows)
    return replace(table, source=source, notes=tuple(reader.notes)), whole


def sample_counts(counts: NDArray[np.int64], rows: int) -> dict[int, int]:
    """Rows to draw of each class: by its share, but at least `LEAST_ROWS` as far as it has them.

    >>> sample_counts(np.array([990_000, 9_950, 50]), 100_000)
    {0: 99000, 1: 995, 2: 50}
    """
    share = min(1.0, rows / counts.sum())
    drawn = np.maximum(np.round(counts * share).astype(int), np.minimum(counts, LEAST_ROWS))
    return dict(enumerate(drawn.tolist()))
