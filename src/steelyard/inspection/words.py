"""Names and figures as they are shown to people."""

import unicodedata


def shown(name: object, width: int = 24) -> str:
    r"""A name on one line: control characters out, cut to `width` cells of the terminal.

    >>> shown("a\tb"), shown("abcdef", 4), shown("")
    ('a b', 'abc…', "''")
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in str(name)).split()) or "''"
    if cells(text) <= width:
        return text
    while cells(text) > width - 1:
        text = text[:-1]
    return text + "…"


def cells(text: str) -> int:
    """Columns of a terminal the text takes: two for wide characters, none for combining ones."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def percent(share: float, digits: int | None = None) -> str:
    """A share in per cent, by default with more digits near 0 and 1, where they matter.

    >>> percent(0.2981), percent(0.99827), percent(0.0), percent(1.0), percent(0.99827, 1)
    ('29.8 %', '99.827 %', '0 %', '100 %', '99.8 %')
    """
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    if digits is None:
        digits = 1 if 0.01 <= share <= 0.99 else 3
    return f"{100 * share:.{digits}f} %"


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
