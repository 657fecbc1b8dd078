"""The verdict: ties go to plain, real gains win, few positives forbid a best; its level holds."""

import numpy as np
import pytest

from steelyard.comparison.verdict import decide
from steelyard.stats.fold_table import FoldTable

OPTIONS = {"metric": "average_precision", "test_train_ratio": 0.25}


def folds(mean, seed):
    """A metric of two repeats of five folds, one row each."""
    parts = mean + 0.01 * np.random.default_rng(seed).normal(size=(2, 5))
    values = parts.mean(axis=1)
    codes = np.tile(np.arange(5), (2, 1))
    return FoldTable(values, (parts - values[:, None]) / 5, codes, None)


@pytest.mark.parametrize(
    ("gain", "positives", "winner", "says"),
    [
        (0.0, 500, "plain", "No treatment beats"),
        (0.1, 500, "smote", "smote is better"),
        (0.1, 20, None, "at least 50"),
        (0.1, 5, None, "at least 10"),
        (-0.1, 500, "plain", "smote did worse"),
    ],
)
def test_shapes(gain, positives, winner, says):
    results = {"plain": folds(0.5, 0), "smote": folds(0.5 + gain, 1)}
    verdict = decide(results, positives=positives, **OPTIONS)
    assert verdict.winner == winner
    assert says in verdict.paragraph


def test_what_did_worse_is_not_called_luck_in_the_same_breath():
    said = {}
    for gain in (-0.4, 0.1):
        results = {"plain": folds(0.5, 0), "smote": folds(0.5 + gain, 1)}
        said[gain] = decide(results, positives=20, **OPTIONS).paragraph
    assert "smote did worse than plain" in said[-0.4]
    assert "luck" not in said[-0.4]
    assert "cannot tell from luck" in said[0.1]


def test_lower_is_better_for_log_loss():
    results = {"plain": folds(0.5, 0), "smote": folds(0.3, 1)}
    assert decide(results, positives=500, **OPTIONS | {"metric": "log_loss"}).winner == "smote"


def test_false_alarms_under_the_null():
    wins = [
        decide(
            {name: folds(0.5, [seed, i]) for i, name in enumerate(("plain", "a", "b", "c"))},
            positives=500,
            **OPTIONS,
        ).winner
        != "plain"
        for seed in range(200)
    ]
    assert np.mean(wins) <= 0.05
