"""What a new decision's threshold flags of the out-of-fold rows, for the page to stand at."""

from typing import Any

import numpy as np

from steelyard.decision import DecisionRule, correct_prior
from steelyard.runs.new_decision import OutOfFold, natural_prior
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
