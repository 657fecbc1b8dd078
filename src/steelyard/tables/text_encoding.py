"""The encoding of a text file, told by its first bytes."""

import codecs
import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from steelyard.errors import DataError

SAMPLE = 1 << 18
LONGEST_HEADER = 1 << 26
FEWEST_LINES = 20
CTRL_Z = "\x1a"  # the end of a text file in DOS

MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
OTHER_FORMATS = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "packed by gzip; give it the ending .csv.gz"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd; unpack it first"),
    (b"BZh", "packed by bzip2; unpack it first"),
    (b"\xfd7zXZ", "packed by xz; unpack it first"),
    (b"PAR1", "Parquet; give it the ending .parquet"),
    (b"ARROW1", "an Arrow file; read it with polars.read_ipc"),
)


def open_bytes(path: Path) -> BinaryIO:
    """The file, unpacked if its name ends in .gz."""
    if path.name.lower().endswith(".gz"):
        return cast("BinaryIO", gzip.open(path, "rb"))
    return path.open("rb")


def read_bytes(stream: BinaryIO, size: int, path: Path) -> bytes:
    """Read up to `size` bytes; a damaged .gz becomes one line."""
    try:
        return stream.read(size)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be unpacked ({error}); write it anew or drop the .gz from its name"
        ) from error


def read_start(path: Path) -> tuple[bytes, bool]:
    """The first quarter megabyte, or more where lines are long; whether that is the whole file."""
    with open_bytes(path) as stream:
        head = read_bytes(stream, SAMPLE, path)
        size = SAMPLE
        while len(head) == size and head.count(b"\n") < FEWEST_LINES and size < LONGEST_HEADER:
            if b"\r" in head and b"\n" not in head:
                break  # lines of old Macs end in it
            head += read_bytes(stream, size, path)
            size *= 2
    return head, len(head) < size


def encoding_of(head: bytes, path: Path) -> str:
    """The encoding; text that is not Unicode is taken for Windows-1252.

    Raises: DataError: a binary file, or text with NUL characters.
    """
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding
    for start, what in OTHER_FORMATS:
        if head.startswith(start):
            raise DataError(
                f"{path} is a binary file, not text: {what}; give CSV, or Parquet with the ending "
                ".parquet"
            )
    unmarked = _utf16_without_mark(head)
    if unmarked:
        return unmarked
    _refuse_binary(head, path)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def decode(data: bytes, encoding: str, path: Path, *, final: bool) -> str:
    """Decode, or say in one line which byte does not fit."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final)
    except UnicodeDecodeError as error:
        raise undecodable(path, encoding, error) from error


def undecodable(path: Path, encoding: str, error: UnicodeDecodeError) -> DataError:
    """The error for text in an encoding that cannot be told."""
    byte = error.object[error.start]
    return DataError(
        f"{path} is not text in UTF-8, UTF-16 or Windows-1252 (byte 0x{byte:02x} does not fit "
        f"{encoding}); save it as UTF-8"
    )


def _utf16_without_mark(head: bytes) -> str:
    """Text in European letters has a NUL in every second byte."""
    pairs = max(1, len(head) // 2)
    if head[1::2].count(0) > 0.4 * pairs and not head[::2].count(0):
        return "utf-16-le"
    if head[::2].count(0) > 0.4 * pairs and not head[1::2].count(0):
        return "utf-16-be"
    return ""


def _refuse_binary(head: bytes, path: Path) -> None:
    text = head.rstrip(CTRL_Z.encode())
    # Tab, newline, vertical tab, form feed and return; \x01 is Hive's delimiter.
    odd = sum(text.count(byte) for byte in range(32) if byte not in (1, 9, 10, 11, 12, 13))
    if not odd:
        return
    if odd > 0.01 * len(text) or text.count(0) != odd:
        raise DataError(
            f"{path} is a binary file, not text; give CSV, or Parquet with the ending .parquet"
        )
    line = text[: text.index(0)].count(b"\n") + 1
    raise DataError(
        f"{path} has a NUL character in line {line:,}; remove it (a database export may hold "
        "some), or save the table as Parquet"
    )
