"""Intervals of rows drawn by class hold what is true of the population that all rows are from."""

import numpy as np
import pytest

from steelyard.stats.metric_intervals import metric_values
from steelyard.stats.predictions import Predictions
from steelyard.tables.sample_weights import drawing_weights

NAMES = ("average_precision", "roc_auc", "log_loss", "precision", "recall", "observed_expected")
KEPT, PREVALENCE, SHIFT = 8, 0.02, 2.0


def simulated(rows, rng):
    """Normal scores, shifted for the positives; probabilities by Bayes' rule."""
    y = (rng.random(rows) < PREVALENCE).astype(int)
    score = rng.normal(size=rows) + SHIFT * y
    odds = np.exp(SHIFT * score - SHIFT**2 / 2) * PREVALENCE / (1 - PREVALENCE)
    p = odds / (1 + odds)
    return y, np.column_stack([1 - p, p]), (p > 0.1).astype(int)


@pytest.fixture(scope="module")
def held():
    """How often the interval of drawn rows holds the truth, by metric, in 200 tables."""
    truth = metric_values(Predictions.of(*simulated(600_000, np.random.default_rng(1))), NAMES)
    found = dict.fromkeys(NAMES, 0)
    for seed in range(200):
        rng = np.random.default_rng([2, seed])
        y, p, decided = simulated(4_000, rng)
        kept = np.flatnonzero((y == 1) | (rng.permutation(len(y)) < len(y) // KEPT))
        weights = drawing_weights(y[kept], np.bincount(y))
        drawn = Predictions.of(y[kept], p[kept], decided[kept], positive=1, weights=weights)
        for name, entry in metric_values(drawn, NAMES).items():
            found[name] += entry["low"] <= truth[name]["value"] <= entry["high"]
    return {name: count / 200 for name, count in found.items()}


@pytest.mark.parametrize("name", NAMES)
def test_coverage(name, held):
    # Three standard errors of .95 in 200 tables, and one more below.
    assert 0.90 <= held[name] <= 0.995, held
