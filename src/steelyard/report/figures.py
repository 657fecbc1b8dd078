"""A run's figures for the sections of the page, read off its whole counts."""

from typing import Any

from steelyard.stats.consequences import Value, consequences
from steelyard.stats.threshold_table import insert


def entries(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Techniques, then baselines, each with whether it is one."""
    found = [entry | {"baseline": False} for entry in run["techniques"]]
    return found + [entry | {"baseline": True} for entry in run["baselines"]]


def with_decision(run: dict[str, Any]) -> dict[str, Any]:
    """The run with a retuned decision's threshold among those of its technique."""
    counts = run["decision"].get("counts")
    if not counts:
        return run
    name, places = run["decision"]["technique"], ("threshold", "true_positives", "false_positives")
    new = [counts[place] for place in places]
    return run | {
        "techniques": [
            entry | {"thresholds": [insert(table, *new) for table in entry["thresholds"]]}
            if entry["name"] == name
            else entry
            for entry in run["techniques"]
        ]
    }


def decided(run: dict[str, Any]) -> dict[str, Any]:
    """The entry of the technique that the run's model is."""
    name = run["decision"]["technique"]
    return next(entry for entry in run["techniques"] if entry["name"] == name)


def binary(run: dict[str, Any]) -> bool:
    """Whether there are two classes, so that one threshold decides."""
    return len(run["data"]["classes"]) == 2


def positive_index(run: dict[str, Any]) -> int:
    """Code of the class of interest."""
    return [entry["label"] for entry in run["data"]["classes"]].index(run["data"]["positive"])


def positives(run: dict[str, Any]) -> int:
    """Rows of the class of interest."""
    return run["data"]["classes"][positive_index(run)]["count"]


def natural_share(run: dict[str, Any], k: int) -> float:
    """Share of class k among the rows that were compared on."""
    counts = [entry["count"] for entry in run["data"]["classes"]]
    return counts[k] / sum(counts)


def costs(run: dict[str, Any], k: int) -> tuple[float, float, bool]:
    """Cost of a false alarm, of a miss, and whether they were given.

    Where none were, both classes weigh alike however rare: a miss then costs as many false alarms
    as there are other rows to one of the class.
    """
    # A threshold chosen by hand later does not make the costs of the comparison unsaid.
    for goal in (run["decision"]["goal"], run["protocol"]["goal"]):
        if goal["kind"] == "costs":
            return goal["fp"], goal["fn"], True
    share = run["decision"]["prior"][k]
    odds = (1 - share) / share
    return 1.0, float(f"{odds:.2g}") if odds >= 1 else 1.0, False


def moved(threshold: float, natural: float, there: float) -> float:
    """A probability under natural class shares, under other ones."""
    up, down = there / natural, (1 - there) / (1 - natural)
    return threshold * up / (threshold * up + (1 - threshold) * down)


def table_of(entry: dict[str, Any], label: Any) -> dict[str, Any] | None:
    """A technique's thresholds for a class; None where none could be made."""
    return next((one for one in entry["thresholds"] if one["label"] == label), None)


def at_index(
    table: dict[str, Any], i: int, prevalence: float, price: tuple[float, float]
) -> dict[str, Value]:
    """What the i-th threshold of a table means per 1,000 rows."""
    return consequences(
        table["true_positives"][i],
        table["false_positives"][i],
        table["positives"],
        table["negatives"],
        repeats=table["repeats"],
        prevalence=prevalence,
        costs=price,
    )


def at_confusion(
    entry: dict[str, Any], k: int, repeats: int, prevalence: float, price: tuple[float, float]
) -> dict[str, Value]:
    """What a technique's own cross-fitted decisions about class k mean per 1,000 rows."""
    counts = entry["confusion"]
    true = counts[k][k]
    of_class = sum(counts[k])
    decided_k = sum(row[k] for row in counts)
    everything = sum(map(sum, counts))
    return consequences(
        true,
        decided_k - true,
        of_class,
        everything - of_class,
        repeats=repeats,
        prevalence=prevalence,
        costs=price,
    )
