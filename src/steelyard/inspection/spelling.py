"""Labels that look like one another: by case, blanks, dots, signs that cannot be seen."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from steelyard.tables.target import whole_number


def alike(labels: Iterable[Any]) -> list[list[Any]]:
    """Groups of labels that differ in their spelling only.

    >>> alike(["no", "No", "yes", "yes.", "maybe"])
    [['no', 'No'], ['yes', 'yes.']]
    """
    groups: dict[str, list[Any]] = defaultdict(list)
    for label in labels:
        groups[_letters(str(label))].append(label)
    return [group for group in groups.values() if len(group) > 1]


def shown_apart(label: Any) -> str:
    r"""A label in which signs that cannot be seen are written out.

    >>> shown_apart("Fully  Paid"), shown_apart("sante" + chr(0x301))
    ("'Fully  Paid'", "'sante\\u0301'")
    """
    text = str(label)
    hidden = text != unicodedata.normalize("NFC", text)
    return ascii(text) if hidden else repr(text)


def _letters(text: str) -> str:
    """What is left of a label without case, blanks, marks at its end and hidden signs."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc"))
    text = re.sub(r"[\s_-]+", " ", text).strip().casefold()
    stem = text.rstrip(".,;:!* ") or text
    number = whole_number(stem)
    return stem if number is None else str(number)
