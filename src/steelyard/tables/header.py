"""Which line of a text file names the columns, and what they are called."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.errors import DataError
from steelyard.tables.names import quoted
from steelyard.tables.number_text import MISSING_WORDS

NUMBER = re.compile(r"\s*[-+]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([eE][-+]?[0-9]+)?\s*$")
NAMELESS = re.compile(r"Unnamed: [0-9]+(\.[0-9]+)?(_level_[0-9]+)?$")  # as pandas calls them
RULE = re.compile(r":?[-=\u2013\u2014]+:?$|$")  # dashes between a header and its rows, or nothing
COMMENT = ("#", "%", "//", "@")


@dataclass(frozen=True)
class Header:
    """The names, the record they stand in, and what was noticed.

    A column without a name is called as pandas calls it: "Unnamed: 0".
    """

    names: tuple[str, ...]
    record: int
    notes: tuple[str, ...] = ()


def find_header(records: Sequence[tuple[int, list[str]]], source: str) -> Header:
    """The header among the first records of a file.

    Args:
        records: the line each ends in, and its fields; at least one.
        source: how messages call the file.
    Raises: DataError: a second header line below the first.
    """
    rows = [fields for _, fields in records]
    width = (
        Counter(len(row) for row in rows).most_common(1)[0][0] if len(rows) > 2 else len(rows[0])
    )
    at = 0
    while at + 1 < len(rows) and _stands_before(rows, at, width):
        at += 1
    notes = []
    if at:
        above = records[at - 1][0]
        lines = "line above it is" if above == 1 else f"{above:,} lines above it are"
        notes.append(f"the header stands in line {records[at][0]:,}; the {lines} left out")
    names = [name.strip() for name in rows[at]]
    below = rows[at + 1 :]
    if below and all(len(row) == len(names) + 1 for row in below):
        if all(not row[-1].strip() for row in below):
            names = [*names, ""]
        else:
            names = ["", *names]
            notes.append(
                "every row has one field more than the header: the first is taken for row names"
            )
    _refuse_second_header(records, at, names, source)
    return Header(_named(names), at, tuple(notes))


def looks_like_data(names: Sequence[str]) -> bool:
    """Whether a header seems to be a row of data: most of its fields are numbers."""
    return 2 * sum(bool(NUMBER.match(name)) for name in names) >= len(names) > 0


def _stands_before(rows: Sequence[list[str]], at: int, width: int) -> bool:
    """Whether a record stands above the header: a title, a licence, a comment."""
    row, later = rows[at], rows[at + 1 :]
    filled = [field for field in row if field.strip()]
    if len(row) == width:
        # A title in a spreadsheet: one field filled, and names below.
        return width > 1 and len(filled) <= max(1, width // 3) and _names_columns(later[0], width)
    if filled and filled[0].lstrip().startswith(COMMENT):
        return True
    below = next((other for other in later if len(other) == width), None)
    if below is None or width == 1:
        return False
    if len(row) == width - 1 and later[0] is below and not _names_columns(below, width):
        return False  # a header that lacks the name of the row names
    return len(row) < width


def _names_columns(row: Sequence[str], width: int) -> bool:
    names = [field.strip() for field in row]
    return len(row) == width == len(set(names)) and all(
        name and not NUMBER.match(name) for name in names
    )


def _refuse_second_header(
    records: Sequence[tuple[int, list[str]]], at: int, names: Sequence[str], source: str
) -> None:
    """Units or a second line of names where all that follows are numbers."""
    below = [fields for _, fields in records[at + 2 :] if len(fields) == len(names)]
    if len(below) < 3:
        return
    second = records[at + 1][1]
    if len(second) != len(names):
        return
    numbers = [
        j for j in range(len(names)) if all(NUMBER.match(row[j]) or not row[j] for row in below)
    ]
    numbers = [j for j in numbers if any(row[j] for row in below)]
    there = [second[j].strip() for j in numbers]
    words = [field for field in there if re.search(r"[^\W\d_]", field)]
    words = [field for field in words if field.lower() not in MISSING_WORDS]
    rules = [field for field in there if RULE.match(field)]
    # One unit among dashes is a line of units; one word among numbers is a gap.
    units = len(words) > 1 or (len(there) > 1 and words and len(words) + len(rules) == len(there))
    ruled = len(there) > 1 and len(rules) == len(there) and max(map(len, rules)) > 2
    if (units or ruled) and not any(NUMBER.match(field) for field in there):
        words += rules
        raise DataError(
            f"{source} seems to have two header lines: line {records[at + 1][0]:,} holds "
            f"{quoted(words, 3)} where numbers follow; remove one of the two"
        )


def _named(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name or f"Unnamed: {j}" for j, name in enumerate(names))
