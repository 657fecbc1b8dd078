"""The first thing on the page: which technique, which decision, what it is worth."""

from dataclasses import dataclass
from typing import Any

from steelyard.report import figures
from steelyard.report.formatting import (
    amount,
    out_of,
    percent,
    positive_word,
    signed,
    signed_interval,
    with_interval,
)
from steelyard.stats.consequences import Value
from steelyard.stats.metrics import BY_NAME

DESCRIBE_ONLY, ROUGH = 10, 50


@dataclass(frozen=True)
class Tile:
    """A question, its answer in a few words, and what stands behind it."""

    question: str
    headline: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Trust:
    """How far so many positives carry: `tone` is good, few or too-few."""

    tone: str
    words: str


def trust(run: dict[str, Any]) -> Trust:
    """Amber under 50 positives, red under 10, and in words what that means."""
    n = figures.effective_positives(run)
    if n < DESCRIBE_ONLY:
        return Trust(
            "too-few", f"Only {n} positives: the figures describe these rows and no others."
        )
    if n < ROUGH:
        return Trust("few", f"Only {n} positives: read every figure with its interval.")
    return Trust("good", "")


def tiles(run: dict[str, Any]) -> list[Tile]:
    """Technique, decision, value."""
    return [_technique(run), _decision(run), _value(run)]


def _technique(run: dict[str, Any]) -> Tile:
    verdict, said = run["verdict"], []
    rivals = verdict.get("comparisons", [])
    if verdict["reason"] == "not-compared":
        said.append("trained without a comparison")
    elif rivals:
        winner = verdict["winner"] not in (None, verdict["reference"])
        lead = next(r for r in rivals if not winner or r["name"] == verdict["winner"])
        label = BY_NAME[verdict["metric"]].label
        said.append(
            f"{lead['name']} against {verdict['reference']}: {label} {signed(lead['gain'])} "
            f"({signed_interval(lead)})"
        )
        if verdict["tied"]:
            said.append(f"not told apart by these rows: {', '.join(verdict['tied'])}")
        if not winner:
            said.append(f"{verdict['reference']} wins ties because it is simplest")
    else:
        said.append("not compared: too few rows of the class, or nothing to compare with")
    return Tile("Technique", verdict["recommended"], tuple(said))


def _decision(run: dict[str, Any]) -> Tile:
    entry, k = figures.decided(run), figures.positive_index(run)
    prevalence, word = run["decision"]["prior"][k], positive_word(run)
    threshold = run["decision"]["rule"].get("threshold")
    found = consequences_of_decision(run)
    if found is None:
        return Tile("Decision", "not tested", ("no out-of-fold decisions are in this run",))
    if threshold is not None:
        headline = f"flag {word} from {percent(threshold)} on"
    elif run["decision"]["rule"].get("three_way"):
        headline = "pass, review or block"
    elif run["decision"]["rule"].get("row_costs"):
        headline = f"flag {word} from each row's own threshold on"
    else:
        headline = f"choose among {len(entry['confusion'])} classes"
    said = [
        f"finds {share_of(found['recall'], 100)} cases of {word}",
        f"{share_of(found['precision'], 100)} flagged are real",
        f"{per_thousand(found['flagged'])} of 1,000 rows flagged",
    ]
    if run["decision"]["prior_from"] != "data":
        said.append(f"where {percent(prevalence)} of the rows are {word}")
    return Tile("Decision", headline, tuple(said))


def _value(run: dict[str, Any]) -> Tile:
    k = figures.positive_index(run)
    if not figures.binary(run):
        found = figures.decided(run)["metrics"]["normalized_cost"]
        return Tile(
            "Value",
            f"{with_interval(found)} of the cost without a model",
            ("mistakes of all classes, each class weighing alike however rare",),
        )
    found = consequences_of_decision(run)
    alarm, miss, given = figures.costs(run, k)
    if found is None:
        return Tile("Value", "not tested", ())
    said = [
        f"{amount(found['cost_of_none']['value'])} when no row is flagged, "
        f"{amount(found['cost_of_all']['value'])} when every row is"
    ]
    half = _at_half(run)
    if half:
        said.append(f"{amount(half['cost']['value'])} at a threshold of 0.5")
    mean = " on average" if figures.money(run) else ""
    said.append(
        f"a miss costs {miss:.6g}, a false alarm {alarm:.6g}{mean}"
        + ("" if given else ": no costs were given, so both classes weigh alike; type yours below")
    )
    headline = f"costs {_quantity(found['cost'])} per 1,000 rows"
    return Tile("Value", headline, tuple(said))


def consequences_of_decision(run: dict[str, Any]) -> dict[str, Value] | None:
    """What the run's decision means per 1,000 rows where the model is used.

    For two classes at its threshold on all out-of-fold rows, as `retune` counts; for more by the
    decisions of each fold, made without its rows.
    """
    entry, k = figures.decided(run), figures.positive_index(run)
    prevalence, price = run["decision"]["prior"][k], figures.costs(run, k)[:2]
    if not figures.binary(run):
        return figures.at_confusion(entry, k, run["protocol"]["repeats"], prevalence, price)
    by_row = figures.money(run)
    if by_row is not None and run["decision"]["rule"].get("row_costs"):
        return figures.of_money(by_row, prevalence)
    by_row = run["decision"]["rule"].get("row_costs") or run["decision"]["rule"].get("three_way")
    if by_row and "decision_as_compared" not in run:
        return figures.at_confusion(entry, k, run["protocol"]["repeats"], prevalence, price)
    i = own_index(run)
    table = figures.table_of(entry, run["data"]["positive"])
    return None if i is None or table is None else figures.at_index(table, i, prevalence, price)


def own_index(run: dict[str, Any]) -> int | None:
    """Where the decision's threshold stands in its technique's table."""
    table = figures.table_of(figures.decided(run), run["data"]["positive"])
    own = own_threshold(run)
    if table is None or own is None or own not in table["threshold"]:
        return None
    return table["threshold"].index(own)


def own_threshold(run: dict[str, Any]) -> float | None:
    """The decision's threshold on probabilities under the class shares of the rows compared."""
    decision = run["decision"]
    return (decision.get("counts") or decision["rule"]).get("threshold")


def share_of(found: Value, whole: int) -> str:
    """A share in words: `86 of 100 (81 to 90)`."""
    value, low, high = found["value"], found["low"], found["high"]
    if value is None or low is None or high is None:
        return f"- of {whole:,}"
    return f"{out_of(value, whole)} of {whole:,} ({out_of(low, whole)} to {out_of(high, whole)})"


def per_thousand(found: Value) -> str:
    """A value per 1,000 rows as a count of them: `63`."""
    return "-" if found["value"] is None else out_of(found["value"] / 1000, 1000)


def _quantity(found: Value) -> str:
    return f"{amount(found['value'])} ({amount(found['low'])} to {amount(found['high'])})"


def _at_half(run: dict[str, Any]) -> dict[str, Value] | None:
    k = figures.positive_index(run)
    table = figures.table_of(figures.decided(run), run["data"]["positive"])
    prevalence = run["decision"]["prior"][k]
    if table is None or run["decision"]["prior_from"] != "data" or 0.5 not in table["threshold"]:
        return None
    price = figures.costs(run, k)[:2]
    return figures.at_index(table, table["threshold"].index(0.5), prevalence, price)
