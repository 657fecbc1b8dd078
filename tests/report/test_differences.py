"""Differences to the reference: those of the leaderboard, for every metric, with their interval."""

import numpy as np
import pytest
from making import labels, made_run
from sklearn.metrics import roc_auc_score


def test_they_are_those_of_the_leaderboard(binary):
    run, _ = binary
    reference, *others = run["techniques"]
    assert reference["differences"] == {}
    for entry in others + run["baselines"]:
        for name, found in entry["differences"].items():
            values = [one["metrics"][name]["value"] for one in (entry, reference)]
            assert found["value"] == pytest.approx(values[0] - values[1], abs=1e-9)
            assert found["low"] <= found["value"] <= found["high"]


def test_an_interval_is_about_as_wide_as_a_paired_bootstrap_of_the_rows():
    run, frame = made_run(labels(3000, 600), repeats=1, techniques=("plain", "smote"))
    both = [frame.filter(technique=name).sort("row") for name in ("plain", "smote")]
    y = (both[0]["truth"] == "yes").to_numpy()
    p = [one["probability_yes"].to_numpy() for one in both]
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(300):
        rows = rng.integers(0, len(y), len(y))
        drawn.append(roc_auc_score(y[rows], p[1][rows]) - roc_auc_score(y[rows], p[0][rows]))
    wide = np.quantile(drawn, 0.975) - np.quantile(drawn, 0.025)
    found = run["techniques"][1]["differences"]["roc_auc"]
    # At least that of the rows; what training does comes on top.
    assert 0.9 * wide <= found["high"] - found["low"] <= 2 * wide


def test_too_few_positives_are_not_compared():
    run, _ = made_run(labels(200, 8))
    assert all(entry["differences"] == {} for entry in run["techniques"])
