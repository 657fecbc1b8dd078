"""Metrics, shares, counts and names as they are shown to people, in terminal and page alike."""

import math
from typing import Any

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
    ('29.8 %', '99.83 %', '0.17 %', '99.6 %', '100 %')
    """
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    if digits is None:
        # Two digits of what is left to the nearer end, so that nothing rounds to 0 or 100 %.
        nearer = 100 * min(abs(share), abs(1 - share))
        digits = max(1, 1 - math.floor(math.log10(nearer))) if nearer else 1
    return f"{100 * share:.{min(digits, 6)}f} %"


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
