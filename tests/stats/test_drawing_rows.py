"""Intervals of rows drawn by class hold what is true of the population that all rows are from."""

import numpy as np
import pytest

from steelyard.stats.metric_intervals import metric_values
from steelyard.stats.predictions import Predictions
from steelyard.tables.sample_weights import drawing_weights

NAMES = ("average_precision", "roc_auc", "log_loss", "precision", "recall", "observed_expected")
PREVALENCE, SHIFT = 0.02, 2.0


def simulated(rows, rng):
    """Normal scores, shifted for the positives; probabilities by Bayes' rule."""
    y = (rng.random(rows) < PREVALENCE).astype(int)
    score = rng.normal(size=rows) + SHIFT * y
    odds = np.exp(SHIFT * score - SHIFT**2 / 2) * PREVALENCE / (1 - PREVALENCE)
    p = odds / (1 + odds)
    return y, np.column_stack([1 - p, p]), (p > 0.1).astype(int)


@pytest.fixture(scope="module")
def truth():
    return metric_values(Predictions.of(*simulated(600_000, np.random.default_rng(1))), NAMES)


def coverage(truth, names, share):
    """How often the interval of drawn rows holds the truth, by metric, in 200 tables."""
    found = dict.fromkeys(names, 0)
    for seed in range(200):
        rng = np.random.default_rng([2, seed])
        y, p, decided = simulated(4_000, rng)
        kept = np.flatnonzero((y == 1) | (rng.permutation(len(y)) < len(y) // share))
        weights = drawing_weights(y[kept], np.bincount(y))
        drawn = Predictions.of(y[kept], p[kept], decided[kept], positive=1, weights=weights)
        for name, entry in metric_values(drawn, names).items():
            found[name] += entry["low"] <= truth[name]["value"] <= entry["high"]
    return {name: count / 200 for name, count in found.items()}


@pytest.fixture(scope="module")
def held(truth):
    return coverage(truth, NAMES, 8)


@pytest.mark.parametrize("name", NAMES)
def test_coverage(name, held):
    # Three standard errors of .95 in 200 tables, and one more below.
    assert 0.90 <= held[name] <= 0.995, held


def test_few_heavy_false_alarms_make_average_precision_no_surer(truth):
    """One row of 40: the best hits stand above every false alarm that was drawn."""
    found = coverage(truth, ("average_precision",), 40)["average_precision"]
    assert 0.90 <= found <= 0.995


def test_a_perfect_ranking_of_few_drawn_rows_is_in_doubt():
    y = np.repeat([1, 0], [50, 50])
    p = np.where(y == 1, 0.9, 0.1)
    for weight, below in ((1.0, 0.95), (100.0, 0.7)):
        rows = Predictions.of(
            y,
            np.column_stack([1 - p, p]),
            y,
            positive=1,
            weights=np.where(y == 1, 1.0, weight),
        )
        entry = metric_values(rows, ("average_precision",))["average_precision"]
        assert (entry["value"], entry["high"]) == (1.0, 1.0)
        assert entry["low"] < below
