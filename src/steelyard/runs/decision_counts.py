"""What a new decision flags of the out-of-fold rows, and what it costs there, for the page."""

from typing import Any

import numpy as np

from steelyard.decision import DecisionRule, correct_prior
from steelyard.runs.new_decision import OutOfFold, natural_prior
from steelyard.stats.money_record import money_record
from steelyard.stats.threshold_table import plain


def decision_counts(
    run: dict[str, Any], decision: dict[str, Any], known: OutOfFold
) -> dict[str, Any] | None:
    """Flagged rows of either kind of the out-of-fold rows `known`, over all repeats.

    Returns: `threshold`, that of the decision carried back to the class shares of the table,
        `true_positives` and `false_positives`; None for a decision by weights or costs.
    """
    threshold = decision["rule"].get("threshold")
    if threshold is None:
        return None
    prior, natural = np.array(decision["prior"]), natural_prior(run)
    rule = DecisionRule.from_dict(decision["rule"])
    k = int(rule.positive or 0)
    flagged = rule.decide(correct_prior(known.p, natural, prior)) == k
    counted = flagged.astype(int) if known.weight is None else flagged * known.weight
    true = counted[known.y == k].sum()
    there = np.where(np.arange(2) == k, threshold, 1 - threshold)
    inside = 0.0 < threshold < 1.0
    at = float(correct_prior(there[None], prior, natural)[0, k]) if inside else threshold
    return {
        "threshold": at,
        "true_positives": plain(true),
        "false_positives": plain(counted.sum() - true),
    }


def decision_money(
    run: dict[str, Any], decision: dict[str, Any], known: OutOfFold
) -> dict[str, Any] | None:
    """`money` of a decision whose costs differ by row; None of any other."""
    rule = DecisionRule.from_dict(decision["rule"])
    if rule.row_costs is None or decision["goal"]["kind"] != "costs":
        return None
    prior, natural = np.array(decision["prior"]), natural_prior(run)
    k, repeats = int(rule.positive or 0), run["protocol"]["repeats"]
    p = correct_prior(known.p, natural, prior)
    rows = len(known.y) // repeats
    truth = known.y[:rows] == k
    flagged = rule.decide(p, known.columns) == k
    first = {name: column[:rows] for name, column in known.columns.items()}
    weight = None if known.weight is None else known.weight[:rows]
    if not np.allclose(prior, natural, atol=1e-12):
        moved = (prior / natural)[known.y[:rows]]
        weight = moved if weight is None else moved * weight
    return money_record(
        rule.row_costs.of(first),
        truth,
        np.split(flagged, repeats),
        np.split(p[:, k], repeats),
        groups=np.unique(known.group[:rows], return_inverse=True)[1],
        weight=weight,
    )
