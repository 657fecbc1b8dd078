"""Which sign stands between the fields of a text file, and which quotes are around them."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SEPARATORS = (",", ";", "\t", "|")
RARE_SEPARATORS = ("~", "^", "\x01", ":", " ")  # tried where none of the usual ones cuts
RECORDS = 200
HEADER_BONUS = 0.2
Repeated = Literal["", "runs", "doubled"]


@dataclass(frozen=True)
class Delimiter:
    """How fields are parted.

    separator: one character. quote: around fields, "" if quotes mean nothing. repeated: "runs"
    where any number of separators parts two fields, "doubled" where two do.
    """

    separator: str
    quote: str
    repeated: Repeated = ""


def delimiter_of(lines: Sequence[str], separator: str = "") -> Delimiter:
    """Find the delimiter of the first lines of a file, unless `separator` is known."""
    quote = '"'
    if _all_quoted(lines[0], "'"):
        quote = "'" if any(_all_quoted(line, "'") or "'," in line for line in lines[1:20]) else ""
    if not separator:
        scores = {sign: _score(lines, sign, quote) for sign in SEPARATORS}
        separator = max(SEPARATORS, key=lambda sign: scores[sign])
        if scores[separator] < 0.5:
            rare = {sign: _score(lines, sign, quote) for sign in RARE_SEPARATORS}
            likely = max(RARE_SEPARATORS, key=lambda sign: rare[sign])
            separator = likely if rare[likely] > 0.95 else separator
    if quote == '"' and _quotes_mean_nothing(lines, separator):
        quote = ""
    return Delimiter(separator, quote, _repeated(lines, separator))


def split_records(lines: Sequence[str], delimiter: Delimiter) -> list[tuple[int, list[str]]]:
    """The first records that are not blank: the line each ends in (from 1), and its fields."""
    reader = csv.reader(
        [single(line, delimiter) for line in lines],
        delimiter=delimiter.separator,
        quotechar=delimiter.quote or None,
        quoting=csv.QUOTE_MINIMAL if delimiter.quote else csv.QUOTE_NONE,
    )
    records = []
    try:
        for row in reader:
            if row:
                records.append((reader.line_num, row))
            if len(records) == RECORDS:
                break
    except csv.Error:
        # A field over the csv module's limit: the full reader says what is wrong with it.
        pass
    return records or [(1, [""])]


def single(line: str, delimiter: Delimiter) -> str:
    r"""A line in which one separator parts two fields.

    >>> single("  1.5   x\n", Delimiter(" ", '"', "runs"))
    '1.5 x\n'
    """
    sign = delimiter.separator
    if delimiter.repeated == "runs":
        ending = line[len(line.rstrip("\r\n")) :]
        return re.sub(f"{re.escape(sign)}+", sign, line.strip(sign + "\r\n")) + ending
    return line.replace(2 * sign, sign) if delimiter.repeated == "doubled" else line


def _score(lines: Sequence[str], separator: str, quote: str) -> float:
    """Share of the records that have the commonest number of fields, if that is more than one."""
    trial = Delimiter(separator, quote, "runs" if separator == " " else "")
    records = [fields for _, fields in split_records(lines, trial)]
    width = Counter(map(len, records)).most_common(1)[0][0]
    if width == 1:
        return 0.0
    alike = [fields for fields in records if len(fields) == width]
    # Decimal commas cut rows, too, but not the names.
    named = not any(re.match(r"\s*[-+]?[0-9.]", field) for field in alike[0])
    # Among equals the one that makes more fields.
    return len(alike) / len(records) + HEADER_BONUS * named + 1e-9 * width


def _all_quoted(line: str, quote: str) -> bool:
    line = line.strip()
    return len(line) > 2 and line[0] == line[-1] == quote and line.count(quote) % 2 == 0


def _quotes_mean_nothing(lines: Sequence[str], separator: str) -> bool:
    """Whether quotes stand inside fields only, as in 5" pipe."""
    sign = re.escape(separator)
    text = "".join(lines)
    if '"' not in text:
        return False
    around = re.search(rf'(?:^|{sign})\s*"|"\s*(?:{sign}|$)', text, re.MULTILINE)
    return around is None


def _repeated(lines: Sequence[str], separator: str) -> Repeated:
    filled = [line.strip("\r\n") for line in lines[:RECORDS] if line.strip()]
    if separator == " ":
        odd = any("  " in line or line != line.strip() for line in filled)
        return "runs" if odd else ""
    twice = [line.count(2 * separator) for line in filled]
    once = [line.count(separator) for line in filled]
    doubled = once[0] > 0 and all(n == 2 * m for n, m in zip(once, twice, strict=True))
    return "doubled" if doubled and len(filled) > 1 else ""
