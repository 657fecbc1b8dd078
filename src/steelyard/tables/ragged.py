"""The first row of a text file that does not fit: too few fields, too many, a quote inside one."""

import re
from pathlib import Path

import numpy as np

from steelyard.tables.dialect import Dialect
from steelyard.tables.records import BLOCK, blocks


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
    separator, quote = ord(dialect.separator), ord(dialect.quote or "\0")
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
    if quote and quote in block:
        outside = np.cumsum(data == quote[0], dtype=np.uint8) % 2 == 0
        is_end, is_cut = is_end & outside, is_cut & outside
    ends, cuts = np.flatnonzero(is_end), np.flatnonzero(is_cut)
    return np.diff(np.searchsorted(cuts, ends), prepend=0) + 1


def quotes_are_odd(dialect: Dialect) -> bool:
    """Whether one of the quotes of a text file lacks its partner."""
    quote = dialect.quote.encode()
    return bool(quote) and sum(block.count(quote) for block in blocks(dialect)) % 2 == 1


def first_stray_quote(dialect: Dialect) -> tuple[int, str] | None:
    """The first data row with a quote inside a field without quotes around, and that field."""
    if not dialect.quote:
        return None
    sign, quote = (re.escape(mark.encode()) for mark in (dialect.separator, dialect.quote))
    inside = rb"(?:^|" + sign + rb")([^" + sign + quote + rb"\r\n]+" + quote + rb"[^" + sign
    stray = re.compile(inside + rb"\r\n]*)")
    rows = 0
    for block in blocks(dialect):
        for line in block.removesuffix(b"\n").split(b"\n"):
            rows += 1
            found = stray.search(line) if dialect.quote.encode() in line else None
            if found and line.count(dialect.quote.encode()) % 2:
                return rows, found[1].decode(errors="replace")
    return None
