"""What the threshold explorer knows: counts in few characters, and its table without a script."""

from dataclasses import dataclass
from typing import Any

from steelyard.report import figures
from steelyard.report.answer import own_threshold
from steelyard.report.formatting import class_word, decimal, positive_word
from steelyard.report.useful_thresholds import BUDGET, thinned, useful
from steelyard.stats.consequences import Value

MOST_CLASSES = 12  # one against the rest; of more classes, the class of interest alone


@dataclass(frozen=True)
class Row:
    """One of the useful thresholds: its name, the threshold as decided by, what it means."""

    name: str
    threshold: float
    means: dict[str, Value]


def explorer(run: dict[str, Any]) -> dict[str, Any] | None:
    """Plain values for the page's script; None where no threshold can be tried."""
    labels = _labels(run)
    entries = [entry for entry in figures.entries(run) if _can_be_tried(entry)]
    if not entries or not labels:
        return None
    room = max(BUDGET // (len(entries) * len(labels)), 40)
    alarm, miss, given = figures.costs(run, figures.positive_index(run))
    classes = [entry["label"] for entry in run["data"]["classes"]]
    decision = run["decision"]
    return {
        "classes": [
            {
                "name": positive_word(run) if k == figures.positive_index(run) else class_word(x),
                "natural": figures.natural_share(run, k),
                "prevalence": decision["prior"][k],
            }
            for k, x in enumerate(classes)
            if x in labels
        ],
        "class": labels.index(run["data"]["positive"]),
        "techniques": [
            {
                "name": entry["name"],
                "tables": [_packed(_table(run, entry, x, room)) for x in labels],
                "own": _own(run, entry),
            }
            for entry in entries
        ],
        "technique": next(
            i for i, entry in enumerate(entries) if entry["name"] == decision["technique"]
        ),
        "alarm": alarm,
        "miss": miss,
        "costs_given": given,
        "per_thousand": decision["goal"].get("per_thousand"),
        "one_threshold": figures.binary(run),
    }


def rows(run: dict[str, Any]) -> list[Row]:
    """The useful thresholds of the run's technique for the class of interest."""
    entry, k = figures.decided(run), figures.positive_index(run)
    found = explorer(run)
    if found is None:
        return []
    room = max(BUDGET // (len(found["techniques"]) * len(found["classes"])), 40)
    table = _table(run, entry, run["data"]["positive"], room)
    natural, prevalence = figures.natural_share(run, k), run["decision"]["prior"][k]
    price = figures.costs(run, k)[:2]
    chosen = useful(
        table, own=own_threshold(run), natural=natural, prevalence=prevalence, price=price
    )
    return [
        Row(
            name,
            figures.moved(table["threshold"][i], natural, prevalence),
            figures.at_index(table, i, prevalence, price),
        )
        for _, name, i in chosen
    ]


def _labels(run: dict[str, Any]) -> list[Any]:
    """Classes that can be explored, in the order of the table's."""
    known = [one["label"] for one in figures.decided(run)["thresholds"]]
    positive = run["data"]["positive"]
    if positive not in known:
        return []
    return known if len(known) <= MOST_CLASSES else [positive]


def _can_be_tried(entry: dict[str, Any]) -> bool:
    # The constant baseline has one probability a fold: nothing to move.
    return bool(entry["thresholds"]) and entry["name"] != "constant"


def _own(run: dict[str, Any], entry: dict[str, Any]) -> float | None:
    if entry["name"] == run["decision"]["technique"]:
        return own_threshold(run)
    return entry["rule"].get("threshold") if run["decision"]["prior_from"] == "data" else None


def _table(run: dict[str, Any], entry: dict[str, Any], label: Any, room: int) -> dict[str, Any]:
    table = next(one for one in entry["thresholds"] if one["label"] == label)
    return thinned(table, room, _own(run, entry))


def _packed(table: dict[str, Any]) -> dict[str, Any]:
    """Thresholds without their zeros and counts as differences, joined: a third of the size.

    Weighted rows as effective ones: the page asks for shares of either kind.
    """
    ours, rest = table.get("one_row") or (1, 1)
    return {
        "t": " ".join(decimal(t).removeprefix("0") or "0" for t in table["threshold"]),
        "tp": _differences(table["true_positives"], ours),
        "fp": _differences(table["false_positives"], rest),
        "positives": table["positives"] / ours,
        "negatives": table["negatives"] / rest,
        "repeats": table["repeats"],
        "scores": table["scores"],
    }


def _differences(counts: list[int], one_row: float) -> str:
    rows = [count if one_row == 1 else round(count / one_row, 2) for count in counts]
    steps = zip([0, *rows[:-1]], rows, strict=True)
    return " ".join(str(round(b - a, 2)).removesuffix(".0") for a, b in steps)
