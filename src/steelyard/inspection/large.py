"""Tables too large to be read whole: exact counts, and a sample to measure the rest on."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.tables import Table
from steelyard.tables.files import find_files
from steelyard.tables.size import most_values, values_in
from steelyard.tables.sources import open_table

# Rows times columns. The largest table that is read whole takes about 3 GB.
MOST_VALUES = 1 << 27
SAMPLE_SHARE = 4  # of what may be read whole, the part that is drawn of a larger table
LEAST_ROWS = 200  # of each class in a sample, as far as it has them


def is_large(data: Any) -> bool:
    """Whether files hold more than may be read whole, which is less below a limit of memory."""
    if not isinstance(data, str | Path):
        return False
    return values_in(open_table(data)) > most_values(MOST_VALUES)


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
    # Samplers, and imbalanced-learn with them, are imported where a table needs them: a second.
    from steelyard.resample.drawn import drawn_table

    columns = len(open_table(find_files(data, partitions=True)[0]).names)
    rows = most_values(MOST_VALUES) // SAMPLE_SHARE // columns
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
