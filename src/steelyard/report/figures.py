"""A run's figures for the sections of the page, read off its whole counts."""

from typing import Any

from steelyard.stats.consequences import Value, consequences
from steelyard.stats.threshold_table import insert

# Of `consequences`, and where `stats.money` has it, per row.
MONEY = {"cost": "cost_per_row", "cost_of_none": "cost_of_none", "cost_of_all": "cost_of_all"}


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


def table_counts(run: dict[str, Any]) -> list[int]:
    """Rows of each class in the table, also where the run was made on some of them."""
    drawn = [entry["count"] for entry in run["data"]["classes"]]
    return run["data"].get("population") or drawn


def effective_positives(run: dict[str, Any]) -> int:
    """Rows of the class of interest as much as their weights leave of them (Kish)."""
    weights = run["data"].get("weights")
    return int(weights["effective"][positive_index(run)]) if weights else positives(run)


def natural_share(run: dict[str, Any], k: int) -> float:
    """Share of class k among the rows that were compared on."""
    counts = weighted_counts(run)
    return counts[k] / sum(counts)


def weighted_counts(run: dict[str, Any]) -> list[float]:
    """Rows of each class as they count, class by class."""
    weights = run["data"].get("weights")
    return weights["counts"] if weights else [entry["count"] for entry in run["data"]["classes"]]


def costs(run: dict[str, Any], k: int) -> tuple[float, float, bool]:
    """Cost of a false alarm, of a miss, and whether they were given.

    Where none were, both classes weigh alike however rare: a miss then costs as many false alarms
    as there are other rows to one of the class.
    """
    # A threshold chosen by hand later does not make the costs of the comparison unsaid.
    for goal in (run["decision"]["goal"], run["protocol"]["goal"]):
        if goal["kind"] == "costs":
            alarm, miss = (goal["fp"], goal["fn"]) if one_price(goal) else _mean_costs(run)
            return alarm, miss, True
    share = run["decision"]["prior"][k]
    odds = (1 - share) / share
    return 1.0, float(f"{odds:.2g}") if odds >= 1 else 1.0, False


def one_price(goal: dict[str, Any]) -> bool:
    """Whether a goal's costs are the same in every row; those of others are text."""
    return not isinstance(goal["fp"], str) and not isinstance(goal["fn"], str)


def _mean_costs(run: dict[str, Any]) -> tuple[float, float]:
    """Of costs that differ by row, those of the decision, or else of the comparison; four digits,
    as they stand in a form to be changed.
    """
    by_row = run["decision"]["rule"].get("row_costs")
    both = by_row["if_missing"] if by_row else decided(run)["money"]["mean_costs"]
    alarm, miss = (float(f"{cost:.4g}") for cost in both)
    return alarm, miss


def money(run: dict[str, Any]) -> dict[str, Any] | None:
    """What the decision comes to in money, where costs differ by row: None where they do not."""
    if "money" in run["decision"]:
        return run["decision"]["money"]
    return decided(run).get("money")


def saved_on_reference(run: dict[str, Any]) -> dict[str, Value]:
    """By technique, what it saves per 1,000 rows against the reference, where costs differ by row.

    The interval is that of the paired test where techniques are ranked by what they cost, else that
    of the difference; of more rows than those are told for there is none.
    """
    ranked = run["protocol"]["metric"] == "normalized_cost"
    found = {one["name"]: one for one in run["verdict"].get("comparisons", []) if ranked}
    saved: dict[str, Value] = {}
    for entry in entries(run):
        if "money" not in entry:
            return {}
        apart = entry.get("differences", {}).get("normalized_cost")
        if entry["name"] in found:
            gain, low, high = (found[entry["name"]][end] for end in ("gain", "low", "high"))
        elif apart:
            gain, low, high = -apart["value"], -apart["high"], -apart["low"]
        else:
            continue
        trivial = min(entry["money"][way]["value"] for way in ("cost_of_none", "cost_of_all"))
        ends = {"value": gain, "low": low, "high": high}
        saved[entry["name"]] = {end: 1000.0 * trivial * value for end, value in ends.items()}
    return saved


def of_money(found: dict[str, Any], prevalence: float) -> dict[str, Value]:
    """What decisions by row mean per 1,000 rows, their cost apart, from their counts."""
    counts = found["counts"]
    return consequences(
        counts["true_positives"],
        counts["false_positives"],
        counts["positives"],
        counts["negatives"],
        repeats=counts["repeats"],
        prevalence=prevalence,
    ) | {
        name: {end: 1000.0 * value for end, value in found[place].items()}
        for name, place in MONEY.items()
    }


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
    ours, rest = table.get("one_row") or (1, 1)
    return consequences(
        table["true_positives"][i] / ours,
        table["false_positives"][i] / rest,
        table["positives"] / ours,
        table["negatives"] / rest,
        repeats=table["repeats"],
        prevalence=prevalence,
        costs=price,
    )


def _one_row(entry: dict[str, Any], k: int) -> tuple[float, float]:
    """Weight of one effective row of class k, and of the other classes together."""
    each = entry.get("one_row")
    if not each:
        return 1.0, 1.0
    totals = [0.0 if j == k else sum(row) for j, row in enumerate(entry["confusion"])]
    rest = sum(total * one for total, one in zip(totals, each, strict=True)) / sum(totals)
    return each[k], rest


def at_confusion(
    entry: dict[str, Any], k: int, repeats: int, prevalence: float, price: tuple[float, float]
) -> dict[str, Value]:
    """What a technique's own cross-fitted decisions about class k mean per 1,000 rows."""
    counts = entry["confusion"]
    true = counts[k][k]
    of_class = sum(counts[k])
    decided_k = sum(row[k] for row in counts)
    negatives = sum(map(sum, counts)) - of_class
    ours, rest = _one_row(entry, k)
    return consequences(
        true / ours,
        (decided_k - true) / rest,
        of_class / ours,
        negatives / rest,
        repeats=repeats,
        prevalence=prevalence,
        costs=price,
    )
