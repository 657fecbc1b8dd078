"""What a training takes at the least, told before it starts."""

from steelyard._memory import check_tensorflow_and
from steelyard.tables import Table
from steelyard.tables.size import ADVICE

COMPILED = 256 << 20  # what the first compilation and the libraries behind it take, once
# Measured: `compare` of one technique, 200,000 rows x 30 numbers, peaked 370 MB above the above.
PER_CELL = 56  # bytes: raw, as the trees take it, encoded, and what is kept of blocks given back
PER_ROW = 192  # bytes: indices, labels and probabilities of some jobs


def check_training(table: Table) -> None:
    """Refuse a training that would not fit even with the smallest packs.

    Raises: RequestError: with what it takes and the limit.
    """
    rows, columns = len(table.y), len(table.schema.features)
    size = COMPILED + rows * (columns * PER_CELL + PER_ROW)
    check_tensorflow_and(size, f"training on {rows:,} rows x {columns:,} columns", ADVICE)
