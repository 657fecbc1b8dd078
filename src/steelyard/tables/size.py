"""How many bytes a table takes when it has been read, told from its files before reading."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from steelyard.errors import DataError
from steelyard.tables.files import find_files, format_of

COPIES = 2  # as it was read, and as features
UNZIPPED = 6  # times the size of a .gz


def bytes_when_read(path: str | Path) -> int:
    """Bytes of a file, folder or glob in memory; 0 where that cannot be told."""
    try:
        return COPIES * sum(_bytes_of(file) for file in find_files(path))
    except (DataError, OSError, pa.ArrowException):
        return 0  # reading it says what is wrong


def _bytes_of(file: Path) -> int:
    if format_of(file) == "parquet":
        found = pq.read_metadata(file)
        return sum(found.row_group(i).total_byte_size for i in range(found.num_row_groups))
    size = file.stat().st_size
    return UNZIPPED * size if file.suffix == ".gz" else size
