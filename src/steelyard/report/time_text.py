"""A comparison in time order: the figures of each block, what the next may show, in few lines."""

import textwrap
from typing import Any

from steelyard.report.formatting import number, out_of, percent

WIDTH = 80


def time_lines(run: dict[str, Any]) -> list[str]:
    """Lines of at most 80 columns; none for a comparison that is not in time order."""
    found = run.get("periods")
    if not found:
        return []
    lines = textwrap.wrap(f"In time. {' '.join(sentences(run))}", WIDTH)
    named = f"{'AP':>7}{'recall':>8}{'prec.':>7}"
    head = f"{'period from':<18}{'rows':>8}{'share':>9}{named}{'flagged':>9}"
    rows = [
        f"{_start(one):<18}{one['rows']:>8,}{percent(one['prevalence']):>9}"
        f"{_value(one, 'average_precision'):>7}{_value(one, 'recall'):>8}"
        f"{_value(one, 'precision'):>7}{percent(one['flagged']):>9}"
        for one in found["rows"]
    ]
    return [*lines, head, *rows, ""]


def sentences(run: dict[str, Any]) -> list[str]:
    """What a random split would have said, and what the next period may show."""
    found, said = run["periods"], []
    quick = found["quick"]
    if quick:
        late = ""
        if quick.get("at_once") is not None:
            late = f", and {number(quick['at_once'], 2)} were every label known at once"
        said.append(
            f"A random split would have said {number(quick['random'], 2)}; in time it is "
            f"{number(quick['in_time'], 2)}{late} (average precision of a quick model on the same "
            "rows)."
        )
    coming = found["next"].get("average_precision")
    if coming and coming["high"] - coming["low"] > ANYTHING:
        fewest, most = (end(one["positives"] for one in found["rows"]) for end in (min, max))
        said.append(
            f"What average precision the next period will have these periods cannot tell: they "
            f"hold {fewest:,} to {most:,} cases each and differed too much."
        )
    elif coming:
        said.append(
            f"The next period's average precision lies between {number(coming['low'], 2)} and "
            f"{number(coming['high'], 2)} (95 %), by how much periods differed so far"
            + _too_narrow(coming["wider"])
            + "."
        )
    return said + _alerts(found)


ANYTHING = 0.9  # an interval so wide says nothing


def _alerts(found: dict[str, Any]) -> list[str]:
    """Rows that the deployed threshold flags, so far and to come."""
    coming = found["next"].get("flagged_as_deployed")
    if not coming:
        return []
    seen = [one["flagged_as_deployed"] for one in found["rows"]]
    so_far, to_come = (
        f"{out_of(low, 1000)} to {out_of(high, 1000)}"
        for low, high in ((min(seen), max(seen)), (coming["low"], coming["high"]))
    )
    return [
        "Recall, precision and rows flagged below are by thresholds tuned on what came before each "
        f"period; the deployed one flags {so_far} of 1,000 rows by period, and {to_come} of 1,000 "
        "to come."
    ]


def _too_narrow(times: float) -> str:
    if times < 1.2:
        return ""
    return f"; an interval that takes the rows alone for chance is {times:.1f} times too narrow"


def _start(one: dict[str, Any]) -> str:
    return one["from"] if isinstance(one["from"], str) else f"{one['from']:.6g}"


def _value(one: dict[str, Any], name: str) -> str:
    metric = one["metrics"].get(name)
    return number(None if metric is None else metric["value"], 2)
