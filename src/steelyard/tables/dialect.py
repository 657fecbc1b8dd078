"""How a delimited text file is written: encoding, delimiter, quotes, decimal sign, header."""

import codecs
import csv
import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from steelyard.errors import DataError
from steelyard.tables.names import check_unique

SAMPLE = 1 << 18
SEPARATORS = (",", ";", "\t", "|")
RECORDS = 200


@dataclass(frozen=True)
class Dialect:
    """What the first quarter megabyte of a file says about the whole."""

    path: Path
    names: tuple[str, ...]
    separator: str
    quote: str
    decimal_comma: bool
    encoding: str
    old_mac: bool
    starts_blank: bool
    sample: str


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


def sniff(path: Path) -> Dialect:
    """Read the start of a file and say how it is written."""
    with open_bytes(path) as stream:
        head = read_bytes(stream, SAMPLE, path)
    encoding = _encoding(head, path)
    text = decode(head, encoding, path, final=len(head) < SAMPLE)
    starts_blank = text[:1] in ("\r", "\n")
    text = text.lstrip("\r\n")
    if not text.strip():
        raise DataError(f"{path} is empty; give a file with a header line and rows")
    old_mac = "\r" in text and "\n" not in text
    if old_mac:
        text = text.replace("\r", "\n")
    lines = text.splitlines(keepends=True)
    if len(head) == SAMPLE and len(lines) > 1:
        lines = lines[:-1]  # cut off somewhere in the middle
    quote = "'" if _all_quoted(lines[0], "'") else '"'
    separator = _separator(lines, quote)
    records = _records(lines, separator, quote)
    names = tuple(name.strip() for name in records[0])
    check_unique(names, f"{path}")
    decimal_comma = separator != "," and _decimal_comma(records[1:])
    return Dialect(
        path,
        names,
        separator,
        quote,
        decimal_comma,
        encoding,
        old_mac,
        starts_blank,
        "".join(lines),
    )


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


def _encoding(head: bytes, path: Path) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    # Tab, newline, form feed and return are the only control characters of a text file.
    if any(head.count(byte) for byte in range(32) if byte not in (9, 10, 12, 13)):
        raise DataError(
            f"{path} is a binary file, not text; give CSV, or Parquet with the ending .parquet"
        )
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _all_quoted(line: str, quote: str) -> bool:
    line = line.strip()
    return len(line) > 2 and line[0] == line[-1] == quote and line.count(quote) % 2 == 0


def _records(lines: list[str], separator: str, quote: str) -> list[list[str]]:
    rows = csv.reader(lines, delimiter=separator, quotechar=quote)
    records = []
    try:
        for row in rows:
            if row:
                records.append(row)
            if len(records) == RECORDS:
                break
    except csv.Error:
        # A field over the csv module's limit: the full reader says what is wrong with it.
        pass
    return records or [[""]]


def _separator(lines: list[str], quote: str) -> str:
    """The candidate that cuts most records into as many fields as the header."""

    def score(separator: str) -> tuple[float, int]:
        records = _records(lines, separator, quote)
        width = len(records[0])
        alike = sum(len(record) == width for record in records) / len(records)
        return (alike if width > 1 else 0.0, width)

    return max(SEPARATORS, key=score)


def _decimal_comma(records: list[list[str]]) -> bool:
    """Whether numbers are written 1,5: some are, and none is written 1.5."""
    fields = [field.strip().lstrip("+-") for record in records for field in record]
    with_comma = sum(_is_decimal(field, ",") for field in fields)
    return with_comma > 0 and not any(_is_decimal(field, ".") for field in fields)


def _is_decimal(field: str, sign: str) -> bool:
    whole, found, part = field.partition(sign)
    return bool(found) and whole.isdigit() and part.isdigit()
