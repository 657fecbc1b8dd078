"""A delimited text file as blocks of whole records: UTF-8, no header, no blank lines."""

import codecs
import mmap
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from steelyard.errors import DataError
from steelyard.tables.dialect import Dialect, open_bytes, read_bytes, undecodable

BLOCK = 1 << 23
LONGEST_RECORD = 1 << 26
BLANK_LINE = re.compile(rb"^\r?\n", re.MULTILINE)


def blocks(dialect: Dialect, size: int = BLOCK) -> Iterator[bytes]:
    """Whole records of about `size` bytes at a time, so that memory does not grow with the file."""
    quote = dialect.quote.encode()
    header = True
    for block in _whole_records(_utf8(dialect, size), quote, dialect.path):
        if len(dialect.names) > 1 or header:
            # With one column only, an empty line is a missing value.
            block = drop_blank_lines(block, quote)  # noqa: PLW2901 - the same block, cleaned
        if header and block:
            block = block[_first_record_end(block, quote) :]  # noqa: PLW2901 - the same block
            header = False
        if block:
            yield block


def drop_blank_lines(block: bytes, quote: bytes) -> bytes:
    r"""Without empty lines, save those inside quotes.

    >>> drop_blank_lines(b'a,b\n\n1,"x\n\ny"\n', b'"')
    b'a,b\n1,"x\n\ny"\n'
    """
    if not may_have_blank_lines(block):
        return block
    kept, last, quotes = [], 0, 0
    for blank in BLANK_LINE.finditer(block):
        quotes += block.count(quote, last, blank.start())
        kept.append(block[last : blank.end() if quotes % 2 else blank.start()])
        last = blank.end()
    return b"".join([*kept, block[last:]]) if kept else block


def may_have_blank_lines(block: bytes | mmap.mmap) -> bool:
    """A quick look: an empty line, be it inside quotes."""
    if block[:1] in (b"\n", b"\r") or block.find(b"\n\n") >= 0:
        return True
    return block.find(b"\r") >= 0 and block.find(b"\n\r\n") >= 0


def first_ragged(dialect: Dialect) -> tuple[int, int] | None:
    """The first data row (counting from 1) with another number of fields than the header."""
    rows = 0
    for block in blocks(dialect):
        fields = count_fields(block, dialect.separator.encode(), dialect.quote.encode())
        wrong = np.flatnonzero(fields != len(dialect.names))
        if len(wrong):
            return rows + int(wrong[0]) + 1, int(fields[wrong[0]])
        rows += len(fields)
    return None


def may_be_ragged(source: Path | bytes, dialect: Dialect, records: int) -> bool:
    """A quick look before `first_ragged`: False if the number of separators says that all is well.

    With quotes about the number says nothing, as separators inside them count for nothing.
    """
    if isinstance(source, bytes):
        data = np.frombuffer(source, dtype=np.uint8)
    else:
        data = np.memmap(source, dtype=np.uint8, mode="r")
    separator, quote = ord(dialect.separator), ord(dialect.quote)
    found = 0
    for start in range(0, len(data), BLOCK):
        part = data[start : start + BLOCK]
        if (part == quote).any():
            return True
        found += int(np.count_nonzero(part == separator))
    return found != records * (len(dialect.names) - 1)


def count_fields(block: bytes, separator: bytes, quote: bytes) -> np.ndarray:
    r"""Number of fields of each record of a block, shape (records,).

    >>> count_fields(b'1,2\n"a,b",c,d\n', b",", b'"').tolist()
    [2, 3]
    """
    if not block.endswith(b"\n"):
        block += b"\n"
    data = np.frombuffer(block, dtype=np.uint8)
    is_end, is_cut = data == ord("\n"), data == separator[0]
    if quote in block:
        outside = np.cumsum(data == quote[0], dtype=np.uint8) % 2 == 0
        is_end, is_cut = is_end & outside, is_cut & outside
    ends, cuts = np.flatnonzero(is_end), np.flatnonzero(is_cut)
    return np.diff(np.searchsorted(cuts, ends), prepend=0) + 1


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
            if text:
                yield text
            if not data:
                return


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
    while end and data.count(quote, 0, end) % 2:
        # That newline is inside quotes: go back before the quote that opened them.
        end = data.rfind(b"\n", 0, data.rfind(quote, 0, end)) + 1
    return end


def _first_record_end(data: bytes, quote: bytes) -> int:
    end = data.find(b"\n") + 1
    while end and data.count(quote, 0, end) % 2:
        end = data.find(b"\n", end) + 1
    return end or len(data)
