"""How much memory a table takes when it is read, told from its files before reading."""

from steelyard._memory import check_need, room, shown
from steelyard.tables.delimited import DelimitedFiles
from steelyard.tables.parquet import ParquetFiles
from steelyard.tables.sources import Reader

PER_VALUE = 25  # bytes, measured: as it was read, as a feature, and what lies between
COPIES = 2  # of the files' bytes, where those are more: long texts
UNPACKED = 5  # bytes of text per byte of a .gz file, about
BLOCK_BYTES = 1 << 29  # of a table that is read in blocks
ADVICE = "give fewer rows or columns, or let it have more (`memory`)"


def values_in(reader: Reader) -> float:
    """About how many values files hold, without reading them; 0 for what is in memory already."""
    if isinstance(reader, ParquetFiles):
        return reader.rows * len(reader.names)
    if not isinstance(reader, DelimitedFiles):
        return 0
    sample = reader.dialects[0].sample
    lines = len(sample.splitlines())
    return _bytes_in(reader) / max(1, len(sample.encode())) * lines * len(reader.names)


def bytes_when_read(reader: Reader, columns: int | None = None) -> int:
    """Bytes that so many of a table's columns (None: all) take in memory."""
    if not isinstance(reader, ParquetFiles | DelimitedFiles) or not reader.names:
        return 0
    size = max(PER_VALUE * values_in(reader), COPIES * _bytes_in(reader))
    return int(size if columns is None else size * columns / len(reader.names))


def check_fits(reader: Reader, columns: int, path: str) -> None:
    """Refuse a table that would not fit when it has been read.

    Raises: RequestError: with what it takes and the limit.
    """
    size = bytes_when_read(reader, columns)
    check_need(size, f"reading {path}, {shown(size)},", ADVICE)


def most_values(most: int) -> int:
    """Values that a table may have to be read whole: at most so many, fewer below a limit.

    A power of two where there are fewer, so that the answer does not depend on every byte in use.
    """
    found = room(most * PER_VALUE, 0.5) // PER_VALUE
    return most if found >= most else 1 << (found.bit_length() - 1)


def rows_at_once(most: int, columns: int) -> int:
    """Rows of a block: at most so many, fewer where they are wide or little memory is left.

    A power of two, so that the blocks do not depend on every byte in use.

    >>> rows_at_once(65_536, columns=30), rows_at_once(65_536, columns=10_000)
    (65536, 1024)
    """
    rows = room(BLOCK_BYTES, 0.25) // (2 * PER_VALUE * max(1, columns))
    return max(256, min(most, 1 << max(0, rows.bit_length() - 1)))


def _bytes_in(reader: ParquetFiles | DelimitedFiles) -> int:
    """Bytes of the files, unpacked."""
    if isinstance(reader, ParquetFiles):
        return reader.unpacked_bytes
    packed = [UNPACKED if file.name.lower().endswith(".gz") else 1 for file in reader.files]
    return sum(n * file.stat().st_size for n, file in zip(packed, reader.files, strict=True))
