"""Metrics, shares, counts and names as they are shown to people, in terminal and page alike."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.cells import cell_len

from steelyard.stats.metrics import BY_NAME


def ranked(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Entries of techniques and baselines, best first by the run's metric."""
    metric = run["protocol"]["metric"]
    entries = [entry | {"baseline": False} for entry in run["techniques"]]
    entries += [entry | {"baseline": True} for entry in run["baselines"]]
    sign = -1 if BY_NAME[metric].better == "higher" else 1

    def key(entry: dict[str, Any]) -> tuple[bool, float]:
        value = entry["metrics"][metric]["value"]
        return (value is None, sign * (value or 0.0))

    return sorted(entries, key=key)


def number(value: float | None, digits: int = 3) -> str:
    """A metric in few characters: .769, 1.02, -.10, 12.3; a dash where there is none."""
    if value is None:
        return "-"
    value = round(value, digits) + 0.0  # no minus sign before a zero
    text = f"{value:.{digits}f}" if abs(value) < 10 else f"{value:.1f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def interval(metric: dict[str, Any], digits: int = 3) -> str:
    """The interval of a metric: .740 to .796."""
    if metric["value"] is None:
        return ""
    return f"{number(metric['low'], digits)} to {number(metric['high'], digits)}"


def with_interval(metric: dict[str, Any], digits: int = 3) -> str:
    """A metric and its interval: .769 (.740 to .796)."""
    if metric["value"] is None:
        return "-"
    return f"{number(metric['value'], digits)} ({interval(metric, digits)})"


def signed(value: float, digits: int = 3) -> str:
    """A difference: +.023, -.009, +1.250.

    >>> signed(0.0231), signed(-0.0088), signed(-0.0)
    ('+.023', '-.009', '+.000')
    """
    text = f"{round(value, digits) + 0.0:+.{digits}f}"
    return text.replace("0.", ".", 1) if text[1] == "0" else text


def signed_interval(found: dict[str, Any]) -> str:
    """The interval of a difference: -.044 to +.026."""
    return f"{signed(found['low'])} to {signed(found['high'])}"


def shown(name: object, width: int = 24) -> str:
    r"""A name on one line: control characters out, cut to `width` cells of the terminal.

    >>> shown("a\tb"), shown("abcdef", 4), shown("")
    ('a b', 'abc…', "''")
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in str(name)).split()) or "''"
    if cell_len(text) <= width:
        return text
    while cell_len(text) > width - 1:
        text = text[:-1]
    return text + "…"


def percent(share: float, digits: int | None = None) -> str:
    """A share in per cent, by default with more digits near 0 and 1, where they matter.

    >>> percent(0.2981), percent(0.99827), percent(0.0017), percent(0.996), percent(1.0)
    ('29.8 %', '99.83 %', '0.17 %', '99.60 %', '100 %')
    """
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    if digits is None:
        digits = max(1, _digits(100 * min(abs(share), abs(1 - share))))
    return f"{100 * share:.{min(digits, 6)}f} %"


def out_of(share: float, whole: int) -> str:
    """A share as a count of `whole`, with decimals within a hundredth of it from either end.

    >>> out_of(0.864, 100), out_of(0.0063, 1000), out_of(0.9995, 1000), out_of(0.0, 100)
    ('86', '6.3', '999.50', '0')
    """
    nearer = whole * min(abs(share), abs(1 - share))
    digits = 0 if nearer >= whole / 100 else min(_digits(nearer), 6)
    return f"{whole * share:.{digits}f}"


def amount(value: float | None) -> str:
    """A quantity of any size, such as a cost: two digits or more.

    >>> amount(1234.5), amount(12.34), amount(0.0432), amount(-3.0), amount(None)
    ('1,234', '12.3', '0.043', '-3.0', '-')
    """
    if value is None:
        return "-"
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{min(max(1, _digits(abs(value))), 6)}f}"


def decimal(value: float) -> str:
    """A threshold in the fewest digits that give it back, never with an exponent.

    >>> decimal(0.0235), decimal(1e-05), decimal(0.5), decimal(1.0)
    ('0.0235', '0.00001', '0.5', '1')
    """
    return np.format_float_positional(value, trim="-")


def positive_word(run: dict[str, Any]) -> str:
    """What to call the class of interest: its given name, its label, or `class 1`."""
    data = run["data"]
    return str(data.get("positive_name") or class_word(data["positive"]))


def class_word(label: Any) -> str:
    """A label in a sentence: words as they are, numbers and truth values as `class 1`.

    >>> class_word("fraud"), class_word(1), class_word(True), class_word("2")
    ('fraud', 'class 1', 'class True', 'class 2')
    """
    words = str(label)
    bare = not isinstance(label, str) or words.replace(".", "").lstrip("-").isdigit()
    return f"class {words}" if bare else words


def rows_and_class(run: dict[str, Any], counts: Sequence[int], unit: str = "") -> str:
    """How many rows a table has and how many of the class of interest, and how many were drawn.

    Args:
        counts: rows of each class in the table.
        unit: what follows the number of rows.
    """
    labels = [entry["label"] for entry in run["data"]["classes"]]
    total, rare = sum(counts), counts[labels.index(run["data"]["positive"])]
    drawn = run["data"]["rows"]
    some = f" ({drawn:,} drawn)" if drawn != total else ""
    return f"{total:,}{unit}{some}, {of_class(rare, run)} ({percent(rare / total)})"


def of_class(count: int, run: dict[str, Any]) -> str:
    """Rows of the class of interest, after the number of all: `260 of them fraud`."""
    return f"{count:,} of them {positive_word(run)}"


def _digits(nearer: float) -> int:
    """Decimals that leave two significant digits of a positive number; 0 from 10 on."""
    # The exponent is read off the decimal digits: a logarithm is off by one near powers of ten.
    return max(0, 1 - int(f"{nearer:.16e}".split("e")[1])) if nearer else 0


def ratio(value: float) -> str:
    """A ratio of at least 1: `1.3`, `42.0`, `1,234`."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def plural(n: int, what: str) -> str:
    """`1 row`, `2 rows`, `1,200 classes`."""
    ending = "" if n == 1 else "es" if what.endswith("s") else "s"
    return f"{n:,} {what}{ending}"


def margin(rows: int) -> float:
    """Largest half-width of the 95 % interval of a share of that many rows."""
    return 0.98 / rows**0.5
