"""What a training takes at the least, told before it starts."""

import sys
from pathlib import Path
from typing import Any

from steelyard._memory import TENSORFLOW, check_tensorflow_and, room
from steelyard.tables import Table
from steelyard.tables.size import ADVICE, bytes_when_read, values_in
from steelyard.tables.sources import open_table

COMPILED = 256 << 20  # what the first compilation and the libraries behind it take, once
# Measured: `compare` of one technique, 200,000 rows x 30 numbers, peaked 370 MB above the above.
PER_CELL = 56  # bytes: raw, as the trees take it, encoded, and what is kept of blocks given back
PER_ROW = 192  # bytes: indices, labels and probabilities of some jobs
FEWEST_DRAWN = 10_000


def rows_that_fit(data: Any) -> int | None:
    """How many rows of files there is room for, two digits of it; None: for all, as far as known.

    None, too, where there is room for so few that a limit was set too low: that is refused.
    """
    if not isinstance(data, str | Path):
        return None
    reader = open_table(data)
    values, columns = values_in(reader), max(1, len(reader.names))
    rows = values / columns
    table = bytes_when_read(reader) + rows * (columns * PER_CELL + PER_ROW)
    besides = COMPILED + (0 if "tensorflow" in sys.modules else TENSORFLOW)
    left = room(sys.maxsize, 1.0) - besides
    if not rows or table <= left:
        return None
    fit = int(rows * left / table)
    return None if fit < FEWEST_DRAWN else int(float(f"{fit:.1e}"))


def check_training(table: Table) -> None:
    """Refuse a training that would not fit even with the smallest packs.

    Raises: RequestError: with what it takes and the limit.
    """
    rows, columns = len(table.y), len(table.schema.features)
    size = COMPILED + rows * (columns * PER_CELL + PER_ROW)
    check_tensorflow_and(size, f"training on {rows:,} rows x {columns:,} columns", ADVICE)
