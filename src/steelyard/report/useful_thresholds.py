"""The thresholds people ask for: steelyard's, least cost, best F1, recall of 90 %, one half."""

from typing import Any

import numpy as np

from steelyard.report.figures import moved

BUDGET = 8_000  # thresholds on a page, over all techniques and classes; 12 bytes each


def thinned(table: dict[str, Any], room: int, keep: float | None) -> dict[str, Any]:
    """At most `room` of a table's thresholds: both ends, one half, `keep`, and others between."""
    threshold = np.array(table["threshold"])
    if len(threshold) <= room:
        return table
    chosen = set(np.linspace(0, len(threshold) - 1, room).astype(int).tolist())
    chosen |= set(np.flatnonzero((threshold == 0.5) | (threshold == keep)).tolist())
    index = np.array(sorted(chosen))
    columns = ("threshold", "true_positives", "false_positives")
    return table | {name: np.array(table[name])[index].tolist() for name in columns}


def useful(
    table: dict[str, Any],
    *,
    own: float | None,
    natural: float,
    prevalence: float,
    price: tuple[float, float],
) -> list[tuple[str, str, int]]:
    """Code, name and index of each; those that do not exist are left out.

    Args:
        table: as `stats.threshold_table` makes it.
        own: the technique's own threshold under natural class shares, if it has one.
        natural, prevalence: share of the class among these rows, and where the model is used.
        price: cost of a false alarm and of a miss.
    """
    recall = np.array(table["true_positives"]) / table["positives"]
    alarms = np.array(table["false_positives"]) / table["negatives"]
    caught, false = prevalence * recall, (1 - prevalence) * alarms
    cost = price[1] * (prevalence - caught) + price[0] * false
    f1 = 2 * caught / (prevalence + caught + false)
    shown = [moved(t, natural, prevalence) for t in table["threshold"]]
    found = [
        ("cost", "least cost", int(np.argmin(cost))),
        ("f1", "best F1", int(np.argmax(f1))),
        ("recall", "recall of 90 %", int(np.argmax(recall >= 0.9))),
        ("half", "0.5", int(np.sum(np.array(shown) >= 0.5 - 1e-12)) - 1),
    ]
    if own in table["threshold"]:
        found.insert(0, ("own", "steelyard's choice", table["threshold"].index(own)))
    return [one for one in found if one[2] >= 0]
