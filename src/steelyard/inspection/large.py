"""Tables too large to be read whole: exact counts, and a sample to measure the rest on."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.resample.drawn import drawn_table
from steelyard.tables import Table
from steelyard.tables.delimited import DelimitedFiles
from steelyard.tables.files import find_files
from steelyard.tables.parquet import ParquetFiles
from steelyard.tables.sources import open_table

# Rows times columns. Reading takes some 25 bytes for each, so the largest table that is read
# whole takes about 3 GB.
MOST_VALUES = 1 << 27
SAMPLE_VALUES = 1 << 25
LEAST_ROWS = 200  # of each class in a sample, as far as it has them
UNPACKED = 4  # bytes of text per byte of a .gz file, about


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
    cluster: Any = None,
    progress: Callable[[float, float, str], None] | None = None,
) -> Table:
    """A sample of files of any size in bounded memory, which knows the exact counts.

    Classes keep their shares, but for a least number of rows that a rare one keeps.
    """
    rows = SAMPLE_VALUES // len(open_table(find_files(data, partitions=True)[0]).names)
    return drawn_table(
        data,
        target,
        lambda counts: sample_counts(counts, rows),
        seed=seed,
        hashed=False,
        cluster=cluster,
        progress=progress,
        drop=drop,
    )


def sample_counts(counts: NDArray[np.int64], rows: int) -> dict[int, int]:
    """Rows to draw of each class: by its share, but at least `LEAST_ROWS` as far as it has them.

    >>> sample_counts(np.array([990_000, 9_950, 50]), 100_000)
    {0: 99000, 1: 995, 2: 50}
    """
    share = min(1.0, rows / counts.sum())
    drawn = np.maximum(np.round(counts * share).astype(int), np.minimum(counts, LEAST_ROWS))
    return dict(enumerate(drawn.tolist()))
