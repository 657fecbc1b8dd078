"""Gain, lift and calibration of the run's technique, drawn for the page."""

from typing import Any

from markupsafe import Markup

from steelyard.report import figures
from steelyard.report.comparison import nice_step
from steelyard.report.formatting import number, out_of, percent, positive_word
from steelyard.report.plot import Series, linear, logarithmic, logit_axis, plot, shares
from steelyard.stats.metrics import BY_NAME

THINNED = 120


def gain(run: dict[str, Any]) -> Markup:
    """Share of the class found against share of rows flagged, of technique and reference."""
    curves = _gain_curves(run)
    rate = _rate(run)
    name, points = curves[0]
    found = next((recall for flagged, recall in points if flagged >= 0.1), 1.0)
    series = [
        Series("perfect order", "quiet dotted", [(0, 0), (rate, 1), (1, 1)]),
        Series("at random", "quiet dashed", [(0, 0), (1, 1)]),
        *(Series(n, f"s{i}", p) for i, (n, p) in reversed(list(enumerate(curves)))),
    ]
    said = f"The first 10 % of the rows by {name} hold {out_of(found, 100)} of 100 cases."
    return plot("Gain", shares("Rows flagged"), shares("Cases found"), series, said)


def lift(run: dict[str, Any]) -> Markup:
    """How many times as many cases as at random, against share of rows flagged."""
    curves = _gain_curves(run)
    lifted = [(name, [(f, r / f) for f, r in points if f > 0]) for name, points in curves]
    fewest = min(points[0][0] for _, points in lifted)
    top = max(2.0, *(value for _, points in lifted for _, value in points))
    ticks = [(10.0**-k, f"{100 * 10.0**-k:g} %") for k in (4, 3, 2, 1, 0) if 10.0**-k >= fewest]
    ups = [k for k in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if k <= top]
    x = logarithmic("Rows flagged", fewest, 1.0, ticks)
    y = logarithmic("Lift", 1.0, top, [(k, f"{k}x") for k in ups])
    series = [Series(n, f"s{i}", p) for i, (n, p) in reversed(list(enumerate(lifted)))]
    name, points = lifted[0]
    first, times = points[0]
    said = f"The first {percent(first)} of the rows by {name} hold {times:.1f} times as many."
    return plot("Lift", x, y, series, said)


def calibration(run: dict[str, Any]) -> Markup:
    """Observed share against mean predicted probability, before and after correction."""
    entry = figures.decided(run)
    before, after = entry["calibration_uncorrected"], entry["curves"]["calibration"]
    values = [
        v
        for curve in (before, after)
        for v in (*curve["predicted"], *curve["observed"])
        if 0 < v < 1
    ]
    low = max(1e-5, min([0.01, *values]) / 1.5)
    high = min(1 - 1e-4, max([0.5, *values]) ** 0.5)
    x, y = (
        logit_axis("Mean predicted probability", low, high),
        logit_axis("Observed share", low, high),
    )
    series = [
        Series("true probabilities", "quiet dashed", [(low, low), (high, high)]),
        *_calibration_series("before correction", "s1", before),
        *_calibration_series("as in the model", "s0", after),
    ]
    word = positive_word(run)
    pairs = "; ".join(
        f"predicted {percent(p)}, observed {percent(o)}"
        for p, o in zip(after["predicted"], after["observed"], strict=True)
    )
    return plot(f"Probability of {word}", x, y, series, f"As in the model: {pairs}.")


def _calibration_series(name: str, style: str, curve: dict[str, Any]) -> list[Series]:
    whiskers = list(zip(curve["predicted"], curve["low"], curve["high"], strict=True))
    dots = list(zip(curve["predicted"], curve["observed"], strict=True))
    return [Series("", f"{style} thin", whiskers, "whiskers"), Series(name, style, dots, "dots")]


def precision_recall(run: dict[str, Any]) -> Markup:
    """Precision against recall of technique and reference, in steps."""
    series = []
    for i, (name, table) in reversed(list(enumerate(_tables(run)))):
        points = [
            (true / table["positives"], true / (true + false))
            for true, false in _pairs(table)
            if true
        ]
        series.append(Series(name, f"s{i}", _thin(points), "step"))
    rate = _rate(run)
    chance = Series("flagging at random", "quiet dashed", [(0, rate), (1, rate)])
    said = (
        f"Precision falls as recall rises; flagging at random has a precision of {percent(rate)}."
    )
    return plot(
        "Precision and recall", shares("Recall"), shares("Precision"), [chance, *series], said
    )


def reach(run: dict[str, Any]) -> Markup | None:
    """The gain that would be found against the number of positives, and where this run stands.

    The error of a gain shrinks with the square root of the positives.
    """
    found, here = run["verdict"].get("reach"), figures.positives(run)
    if found is None:
        return None
    needed, seen = found["total"], found["detectable_gain"]
    most = max(2 * here, 1.3 * (needed or 0), 100.0)
    least = max(10.0, here / 8)
    steps = [least * (most / least) ** (i / 40) for i in range(41)]
    curve = [(n, seen * (here / n) ** 0.5) for n in steps]
    top = min(curve[0][1], 4 * seen)
    series = [
        Series("gain that would be found", "quiet", [(n, g) for n, g in curve if g <= top]),
        Series(f"here: {here:,} positives, {number(seen)}", "s0", [(here, seen)], "dots"),
    ]
    if needed:
        name = f"to confirm {found['technique']}: {needed:,} positives, {number(found['gain'])}"
        series.append(Series(name, "s1", [(needed, found["gain"])], "dots"))
    ticks = [
        (n, f"{n:,}")
        for n in (m * 10**k for k in range(1, 8) for m in (1, 2, 5))
        if least <= n <= most
    ]
    x = logarithmic("Positives", least, most, ticks if len(ticks) <= 7 else ticks[::3])
    step = nice_step(top)
    ups = [(i * step, number(i * step)) for i in range(1, 8) if i * step <= top]
    y = linear(BY_NAME[run["verdict"]["metric"]].label, 0, top, ups)
    said = "; ".join(one.name for one in series)
    return plot("Gain that would be found four times in five", x, y, series, said)


def _tables(run: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Of the run's technique, then of the reference or, where that is it, the first baseline."""
    own = figures.decided(run)
    others = [e for e in figures.entries(run) if e["name"] not in (own["name"], "constant")]
    reference = run["verdict"].get("reference")
    others.sort(key=lambda e: (e["name"] != reference, not e["baseline"]))
    label = run["data"]["positive"]
    found = [(e["name"], figures.table_of(e, label)) for e in (own, *others[:1])]
    return [(name, table) for name, table in found if table is not None]


def _gain_curves(run: dict[str, Any]) -> list[tuple[str, list[tuple[float, float]]]]:
    curves = []
    for name, table in _tables(run):
        rows = table["positives"] + table["negatives"]
        points = [
            ((true + false) / rows, true / table["positives"]) for true, false in _pairs(table)
        ]
        curves.append((name, _thin(points)))
    return curves


def _pairs(table: dict[str, Any]) -> list[tuple[int, int]]:
    return list(zip(table["true_positives"], table["false_positives"], strict=True))


def _rate(run: dict[str, Any]) -> float:
    table = figures.table_of(figures.decided(run), run["data"]["positive"]) or {}
    return table["positives"] / (table["positives"] + table["negatives"])


def _thin(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most THINNED points, the first and the last among them."""
    step = max(1, -(-len(points) // THINNED))
    return points[::step] if (len(points) - 1) % step == 0 else [*points[::step], points[-1]]
