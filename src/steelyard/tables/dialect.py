"""How a delimited text file is written: encoding, delimiter, quotes, header."""

import re
from dataclasses import dataclass
from pathlib import Path

from steelyard.errors import DataError
from steelyard.tables.delimiter import Repeated, delimiter_of, split_records
from steelyard.tables.header import find_header, looks_like_data
from steelyard.tables.names import check_unique
from steelyard.tables.text_encoding import CTRL_Z, decode, encoding_of, read_start
from steelyard.tables.values import MISSING

SEP_LINE = re.compile(r"sep=(.)\s*$", re.IGNORECASE)  # what Excel writes for itself


@dataclass(frozen=True)
class Dialect:
    """What the start of a file says about the whole.

    quote: "" where quotes mean nothing. skip_lines: lines up to and with the header. header_line:
    the header as it is written, for copies of it among the rows. sample: the rows of the start.
    notes: what a user should know of how the file is read. missing: cells that are no value.
    """

    path: Path
    names: tuple[str, ...]
    separator: str
    quote: str
    repeated: Repeated
    encoding: str
    old_mac: bool
    skip_lines: int
    header_line: str
    sample: str
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = MISSING


def sniff(path: Path) -> Dialect:
    """Read the start of a file and say how it is written."""
    head, whole = read_start(path)
    encoding = encoding_of(head, path)
    text = decode(head, encoding, path, final=whole).rstrip(CTRL_Z)
    if not text.strip():
        raise DataError(f"{path} is empty; give a file with a header line and rows")
    old_mac = "\r" in text and "\n" not in text
    if old_mac:
        text = text.replace("\r", "\n")
    # Not splitlines(): a name may hold other signs that part lines.
    lines = re.findall(r"[^\n]*\n|[^\n]+$", text)
    if not whole and len(lines) > 1:
        lines = lines[:-1]  # cut off somewhere in the middle
    blank = next(number for number, line in enumerate(lines) if line.strip())
    told = SEP_LINE.match(lines[blank])
    above = blank + bool(told)
    delimiter = delimiter_of(lines[above:] or [""], told[1] if told else "")
    records = split_records(lines[above:] or [""], delimiter)
    _refuse_markup(lines[blank], path)
    header = find_header(records, str(path))
    names = header.names
    if delimiter.quote == "" and names[0][:1] == "'":
        names = tuple(name.strip("'") for name in names)
    check_unique(
        names,
        f"{path}",
        "The first line seems to be data: add a header line of column names."
        if looks_like_data(names)
        else "",
    )
    skip = above + records[header.record][0]
    notes = header.notes
    if encoding == "cp1252":
        notes = (*notes, NOT_UNICODE)
    first = above + (records[header.record - 1][0] if header.record else 0)
    return Dialect(
        path,
        names,
        delimiter.separator,
        delimiter.quote,
        delimiter.repeated,
        encoding,
        old_mac,
        skip,
        "".join(lines[first:skip]).strip("\r\n"),
        "".join(lines[skip:]),
        notes,
    )


NOT_UNICODE = (
    "the text is not in UTF-8 and was read as Windows-1252; where letters come out wrong, save it "
    "as UTF-8"
)


def _refuse_markup(line: str, path: Path) -> None:
    start = line.lstrip().lower()
    if start.startswith(("<!doctype", "<html", "<?xml")):
        raise DataError(f"{path} is a web page, not a table; download the data itself")
    if start.startswith("version https://git-lfs"):
        raise DataError(f"{path} is a pointer of Git LFS, not the data; run `git lfs pull` first")
