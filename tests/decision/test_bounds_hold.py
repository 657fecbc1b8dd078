"""A bound that is promised holds on new rows: a small part of `benchmarks/bounds.py`."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom, norm

from steelyard.decision import Alerts, MinPrecision, MinRecall, tune
from steelyard.errors import GoalError

GAP, SHARE, ROWS, DRAWS = 3.0, 0.02, 10_000, 120


def truth(threshold):
    """Recall, precision and share flagged of a threshold, two normal classes `GAP` apart."""
    at = (np.log(threshold / (1 - threshold)) - np.log(SHARE / (1 - SHARE)) + GAP**2 / 2) / GAP
    recall, flagged = norm.sf(at - GAP), SHARE * norm.sf(at - GAP) + (1 - SHARE) * norm.sf(at)
    return recall, SHARE * recall / flagged, flagged


@pytest.mark.parametrize(
    ("goal", "keeps", "useful"),
    [
        (MinPrecision(0.8), lambda r, p, f: p >= 0.8, 0.2),
        (MinRecall(0.8), lambda r, p, f: r >= 0.8, 0.8),
        (Alerts(20), lambda r, p, f: f <= 0.02, 0.5),
    ],
    ids=["precision", "recall", "alerts"],
)
def test_silent_breaks_are_no_more_than_one_in_twenty(goal, keeps, useful):
    rng = np.random.default_rng(0)
    broken, recalls = 0, []
    for _ in range(DRAWS):
        y = (rng.random(ROWS) < SHARE).astype(int)
        x = rng.normal(size=ROWS) + GAP * y
        p = expit(GAP * x - GAP**2 / 2 + np.log(SHARE / (1 - SHARE)))
        try:
            tuned = tune(np.c_[1 - p, p], y, goal, positive=1, interval=False)
        except GoalError:
            continue
        found = truth(tuned.rule.threshold)
        broken += not keeps(*found)
        recalls.append(found[0])
    assert broken <= binom.ppf(0.99, DRAWS, 0.05)
    assert len(recalls) > 0.9 * DRAWS, "refusing is no way to keep a bound"
    assert np.mean(recalls) > useful
