"""Charts as HTML and SVG that fit any width: lines stretch, text and marks keep their size.

A plot is a box whose SVG spans 0 to 1000 both ways and is stretched to the box; labels lie over it
as text. Series differ by dash or shape as well as by colour; colours are the page's, so that they
follow its scheme.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

LABEL = 0.14  # of an axis, what a label needs on a phone
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """A title, where values lie (0 to 1), and labelled ticks."""

    title: str
    place: Callable[[float], float]
    ticks: tuple[tuple[float, str], ...]

    def at(self, value: float) -> float:
        """Position in thousandths, kept inside."""
        return 1000 * min(1.0, max(0.0, self.place(value)))


@dataclass(frozen=True)
class Series:
    """Points in the order drawn, as `line`, `step`, `dots` or `whiskers` (x, low, high)."""

    name: str
    style: str
    points: Sequence[tuple[float, ...]]
    kind: str = "line"


def linear(title: str, low: float, high: float, ticks: Sequence[tuple[float, str]]) -> Axis:
    """An axis of equal steps; all at its start where nothing lies between its ends."""
    span = high - low or 1.0
    return Axis(title, lambda value: (value - low) / span, tuple(ticks))


def logarithmic(title: str, low: float, high: float, ticks: Sequence[tuple[float, str]]) -> Axis:
    """An axis of equal ratios, `low` above 0; all at its start where its ends are the same."""
    span = math.log(high / low) or 1.0
    return Axis(title, lambda value: math.log(max(value, low) / low) / span, tuple(ticks))


def logit_axis(title: str, low: float, high: float) -> Axis:
    """An axis of equal odds ratios, for probabilities from `low` to `high`."""

    def logit(p: float) -> float:
        p = min(max(p, low), high)
        return math.log(p / (1 - p))

    start, span = logit(low), logit(high) - logit(low)
    ticks: list[tuple[float, str]] = []
    for p in (0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999):
        # Labels need room: one that would touch the one before is left out.
        if low <= p <= high and (not ticks or (logit(p) - logit(ticks[-1][0])) / span > LABEL):
            ticks.append((p, f"{100 * p:g} %"))
    return Axis(title, lambda p: (logit(p) - start) / span, tuple(ticks))


def shares(title: str) -> Axis:
    """An axis of shares from 0 to 100 %."""
    return linear(title, 0, 1, [(k / 4, f"{25 * k} %") for k in range(5)])


def plot(title: str, x: Axis, y: Axis, series: Sequence[Series], description: str) -> Markup:
    """The whole figure with its legend; `description` is read out in its place."""
    grid = "".join(f"M{x.at(v):.0f} 0V1000" for v, _ in x.ticks)
    grid += "".join(f"M0 {1000 - y.at(v):.0f}H1000" for v, _ in y.ticks)
    drawn = Markup("").join(_drawn(one, x, y) for one in series)
    across = Markup("").join(
        Markup('<span class="tx" style="left:{:.1f}%">{}</span>').format(x.at(v) / 10, label)
        for v, label in x.ticks
    )
    upward = Markup("").join(
        Markup('<span class="ty" style="bottom:{:.1f}%">{}</span>').format(y.at(v) / 10, label)
        for v, label in y.ticks
    )
    named = [one for one in series if one.name]
    return Markup(
        '<figure class="plot"><figcaption>{}</figcaption><p class="ytitle">{}</p>'
        '<div class="box" role="img" aria-label="{}"><svg viewBox="0 0 1000 1000" '
        'preserveAspectRatio="none" aria-hidden="true"><path class="grid" d="{}"/>{}</svg>'
        "{}{}</div>"
        '<p class="xtitle">{}</p>{}</figure>'
    ).format(title, y.title, description, grid, drawn, across, upward, x.title, legend(named))


def legend(series: Sequence[Series]) -> Markup:
    """Names beside what they look like; nothing for a single series."""
    if len(series) < 2:
        return Markup("")
    items = Markup("").join(
        Markup(
            '<li><svg class="key" viewBox="0 0 28 12" aria-hidden="true">{}</svg>{}</li>'
        ).format(_key(one), one.name)
        for one in series
    )
    return Markup('<ul class="legend">{}</ul>').format(items)


def _key(one: Series) -> Markup:
    if one.kind == "dots":
        return Markup('<path class="dot {}" d="M14 6h0"/>').format(one.style)
    return Markup('<path class="{}" d="M0 6H28"/>').format(one.style)


def _drawn(one: Series, x: Axis, y: Axis) -> Markup:
    style = escape(one.style)
    if one.kind == "whiskers":
        d = "".join(
            f"M{x.at(v):.1f} {1000 - y.at(low):.1f}V{1000 - y.at(high):.1f}"
            for v, low, high in one.points
        )
        return Markup('<path class="{}" d="{}"/>').format(style, d)
    places = [(x.at(a), 1000 - y.at(b)) for a, b in one.points]
    if one.kind == "dots":
        # A line of no length with a round or square end: a mark that does not stretch.
        d = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in places)
        return Markup('<path class="dot {}" d="{}"/>').format(style, d)
    if one.kind == "step":
        d = f"M{places[0][0]:.1f} {places[0][1]:.1f}"
        d += "".join(f"V{b:.1f}H{a:.1f}" for a, b in places[1:])
    else:
        d = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in places)
    return Markup('<path class="{}" d="{}"/>').format(style, d)
