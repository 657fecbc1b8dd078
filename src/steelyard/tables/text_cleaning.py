"""What is taken out of the text of a file before it is cut into fields.

Empty lines, copies of the header that joining files leaves behind, byte-order marks at the joints,
backslashes before quotes, repeated separators, and the sign that ends a file in DOS.
"""

import codecs
import mmap
import re
from collections import Counter
from pathlib import Path

from steelyard.tables.dialect import Dialect
from steelyard.tables.text_encoding import CTRL_Z

BLANK_LINE = re.compile(rb"^\r?\n", re.MULTILINE)
ESCAPED = b'\\"'


def needs_cleaning(path: Path, dialect: Dialect) -> bool:
    """Whether a UTF-8 file must be cleaned before an engine can have it; looks at all bytes."""
    if dialect.repeated:
        return True
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[-1:] == CTRL_Z.encode() or data.find(codecs.BOM_UTF8, 3) >= 0:
            return True
        if data.find(ESCAPED) >= 0:
            return True
        first = data.find(_header(dialect))
        return first >= 0 and _copies(dialect) and data.find(b"\n" + _header(dialect), first) >= 0


def has_blank_lines(path: Path) -> bool:
    """A quick look at a file."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return may_have_blank_lines(data)


def clean_records(block: bytes, dialect: Dialect, found: Counter[str]) -> bytes:
    """Whole records in UTF-8, the first lines already left out; `found` counts what was dropped."""
    block = block.replace(b"\n" + codecs.BOM_UTF8, b"\n").removeprefix(codecs.BOM_UTF8)
    quote = dialect.quote.encode()
    if len(dialect.names) > 1:
        # With one column only, an empty line is a missing value.
        block = drop_blank_lines(block, quote)
    if _copies(dialect) and _header(dialect) in block:
        block, copies = re.subn(
            rb"^" + re.escape(_header(dialect)) + rb"\r?(?:\n|\Z)", b"", block, flags=re.MULTILINE
        )
        found["header"] += copies
    if quote and ESCAPED in block:
        block = _double_escaped_quotes(block, dialect)
    if dialect.repeated:
        block = _single_separators(block, dialect)
    return block


def drop_blank_lines(block: bytes, quote: bytes) -> bytes:
    r"""Without empty lines, save those inside quotes.

    >>> drop_blank_lines(b'a,b\n\n1,"x\n\ny"\n', b'"')
    b'a,b\n1,"x\n\ny"\n'
    """
    if not may_have_blank_lines(block):
        return block
    kept, last, quotes = [], 0, 0
    for blank in BLANK_LINE.finditer(block):
        quotes += block.count(quote, last, blank.start()) if quote else 0
        kept.append(block[last : blank.end() if quotes % 2 else blank.start()])
        last = blank.end()
    return b"".join([*kept, block[last:]]) if kept else block


def may_have_blank_lines(block: bytes | mmap.mmap) -> bool:
    """A quick look: an empty line, be it inside quotes."""
    if block[:1] in (b"\n", b"\r") or block.find(b"\n\n") >= 0:
        return True
    return block.find(b"\r") >= 0 and block.find(b"\n\r\n") >= 0


def _header(dialect: Dialect) -> bytes:
    return dialect.header_line.encode()


def _copies(dialect: Dialect) -> bool:
    """Whether a line like the header cannot be a row: in a single column it may be a level."""
    return len(dialect.names) > 1 and bool(dialect.header_line)


def _double_escaped_quotes(block: bytes, dialect: Dialect) -> bytes:
    """Quotes doubled, as CSV has it, where a backslash stands before them inside a field."""
    sign = re.escape(dialect.separator.encode())
    return re.sub(rb'\\"(?!\s*(?:' + sign + rb"|\r?\n|\Z))", b'""', block)


def _single_separators(block: bytes, dialect: Dialect) -> bytes:
    sign = dialect.separator.encode()
    if dialect.repeated == "doubled":
        return block.replace(2 * sign, sign)
    one = re.escape(sign)
    block = re.sub(rb"^" + one + rb"+|" + one + rb"+(?=\r?$)", b"", block, flags=re.MULTILINE)
    return re.sub(rb'("[^"]*")|' + one + rb"+", lambda match: match[1] or sign, block)
