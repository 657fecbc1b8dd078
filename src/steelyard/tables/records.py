"""A delimited text file as blocks of whole records: UTF-8, no header, no blank lines."""

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from steelyard.errors import DataError
from steelyard.tables.dialect import Dialect
from steelyard.tables.text_cleaning import clean_records
from steelyard.tables.text_encoding import CTRL_Z, open_bytes, read_bytes, undecodable

BLOCK = 1 << 23
LONGEST_RECORD = 1 << 26


def blocks(
    dialect: Dialect, size: int = BLOCK, found: Counter[str] | None = None
) -> Iterator[bytes]:
    """Whole records of about `size` bytes at a time, so that memory does not grow with the file.

    `found` counts what is left out on the way: copies of the header.
    """
    found = Counter() if found is None else found
    text = _without_first_lines(_utf8(dialect, size), dialect.skip_lines)
    for block in _whole_records(text, dialect.quote.encode(), dialect.path):
        cleaned = clean_records(block, dialect, found)
        if cleaned:
            yield cleaned


def _utf8(dialect: Dialect, size: int) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(dialect.encoding)()
    is_utf8 = dialect.encoding == "utf-8"
    with open_bytes(dialect.path) as stream:
        while True:
            data = read_bytes(stream, size, dialect.path)
            try:
                text = data if is_utf8 else decoder.decode(data, not data).encode()
            except UnicodeDecodeError as error:
                raise undecodable(dialect.path, dialect.encoding, error) from error
            if dialect.old_mac:
                text = text.replace(b"\r", b"\n")
            if len(data) < size and text.endswith(CTRL_Z.encode()):
                text = text.rstrip(CTRL_Z.encode())
            if text:
                yield text
            if not data:
                return


def _without_first_lines(chunks: Iterable[bytes], lines: int) -> Iterator[bytes]:
    """Leave out so many lines: the header and what stands above it."""
    for chunk in chunks:
        start = 0
        while lines and start < len(chunk):
            end = chunk.find(b"\n", start) + 1
            lines -= bool(end)
            start = end or len(chunk)
        if start < len(chunk):
            yield chunk[start:]


def _whole_records(chunks: Iterable[bytes], quote: bytes, path: Path) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        data = rest + chunk
        end = _last_record_end(data, quote)
        rest = data[end:]
        if len(rest) > LONGEST_RECORD:
            raise DataError(
                f"{path} has a quote ({quote.decode()}) that opens and never closes, "
                "or one record of over 64 MB; mend the quoting"
            )
        if end:
            yield data[:end]
    yield from chain([rest] if rest else [])


def _last_record_end(data: bytes, quote: bytes) -> int:
    end = data.rfind(b"\n") + 1
    while end and quote and data.count(quote, 0, end) % 2:
        # That newline is inside quotes: go back before the quote that opened them.
        end = data.rfind(b"\n", 0, data.rfind(quote, 0, end)) + 1
    return end
