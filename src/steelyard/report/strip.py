"""Marks with intervals on one line, as wide as its cell: where each stands, in per cent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

MARKS = {
    "circle": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
    "diamond": "M0 -7L7 0L0 7L-7 0z",
    "square": "M-4.5 -4.5h9v9h-9z",
}


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` over the whole width."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float]) -> "Scale":
        """All values, and a little room at both ends."""
        known = list(values)
        low, high = min(known, default=0.0), max(known, default=1.0)
        room = 0.04 * (high - low or 1.0)
        return cls(low - room, high + room)

    def at(self, value: float) -> float:
        """Position in per cent, kept inside."""
        place = 100 * (value - self.low) / (self.high - self.low)
        return round(min(100.0, max(0.0, place)), 1)


@dataclass(frozen=True)
class Mark:
    """A value with its interval, if it has one: `style` recommended, technique or baseline."""

    value: float
    low: float | None
    high: float | None
    shape: str
    style: str


def strip(scale: Scale, marks: Sequence[Mark], said: str = "", zero: float | None = None) -> Markup:
    """The line; `said` is read out in its place, `zero` is where a thin line stands.

    Without `said` nothing is: the cells beside it say the same.
    """
    line = "" if zero is None else _line("zero", scale.at(zero), scale.at(zero), "0", "100%")
    # Lines one under the other, so that no interval hides another.
    each = 100 / (len(marks) + 1)
    drawn = Markup("").join(
        _mark(scale, one, round(each * (i + 1), 1)) for i, one in enumerate(marks)
    )
    if not said:
        return Markup('<svg class="range" aria-hidden="true">{}{}</svg>').format(line, drawn)
    return Markup('<svg class="range" role="img" aria-label="{}">{}{}</svg>').format(
        said, line, drawn
    )


def shapes() -> Markup:
    """The marks' outlines, once a page, for all lines to use."""
    drawn = Markup("").join(
        Markup('<path id="mark-{}" class="m" d="{}"/>').format(name, d) for name, d in MARKS.items()
    )
    return Markup('<svg class="shapes" aria-hidden="true"><defs>{}</defs></svg>').format(drawn)


def _mark(scale: Scale, one: Mark, height: float) -> Markup:
    whisker = Markup("")
    if one.low is not None and one.high is not None:
        y = f"{height:g}%"
        whisker = _line("whisker", scale.at(one.low), scale.at(one.high), y, y)
    return whisker + Markup('<use href="#mark-{}" x="{:g}%" y="{:g}%" class="{}"/>').format(
        one.shape, scale.at(one.value), height, one.style
    )


def _line(style: str, left: float, right: float, top: str, bottom: str) -> Markup:
    return Markup('<line class="{}" x1="{:g}%" x2="{:g}%" y1="{}" y2="{}"/>').format(
        style, left, right, top, bottom
    )
