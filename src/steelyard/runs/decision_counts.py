"""The counts of a new decision's threshold, put among those that the page is drawn from."""

from typing import Any

import numpy as np

from steelyard.decision import DecisionRule, correct_prior
from steelyard.runs.new_decision import OutOfFold, natural_prior
from steelyard.stats.threshold_table import insert


def with_decision_counts(run: dict[str, Any], known: OutOfFold) -> dict[str, Any]:
    """The run with what its decision's threshold flags of the out-of-fold rows `known`.

    The threshold is for probabilities under the decision's class shares; `natural_threshold` says
    the same under those of the table. A decision by weights or costs is left as it is.
    """
    decision = run["decision"]
    threshold = decision["rule"].get("threshold")
    if threshold is None:
        return run
    prior, natural = np.array(decision["prior"]), natural_prior(run)
    rule = DecisionRule.from_dict(decision["rule"])
    k = int(rule.positive or 0)
    flagged = rule.decide(correct_prior(known.p, natural, prior)) == k
    true = int((flagged & (known.y == k)).sum())
    there = np.where(np.arange(2) == k, threshold, 1 - threshold)
    at = float(correct_prior(there[None], prior, natural)[0, k]) if 0 < threshold < 1 else threshold
    techniques = [
        entry
        | {
            "thresholds": [
                insert(table, at, true, int(flagged.sum()) - true) for table in entry["thresholds"]
            ]
        }
        if entry["name"] == decision["technique"]
        else entry
        for entry in run["techniques"]
    ]
    return run | {"techniques": techniques, "decision": decision | {"natural_threshold": at}}
