"""The permutation test: where labels mean nothing, nothing may be found."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

import steelyard
from steelyard.comparison.judging import judge
from steelyard.comparison.protocol import Protocol
from steelyard.decision import Maximise
from steelyard.jobs.folds import make_splits
from steelyard.techniques import get


def test_shuffled_labels_give_a_balanced_accuracy_of_one_half(customers):
    """The whole job, training included, with every kind of sample and loss.

    One shuffle can be lucky for all techniques at once, so each is judged over several: the mean
    distance from one half, in standard errors. Over twelve shuffles these had mean 0 and spread 1.
    """
    frame, seeds = customers(rows=500), (0, 1, 2)
    distances = {}
    for seed in seeds:
        shuffled = np.random.default_rng(seed).permutation(frame["churned"].to_numpy())
        study = steelyard.compare(
            frame.with_columns(churned=shuffled),
            "churned",
            techniques=["plain", "smote", "random-over", "balanced-softmax"],
            folds=4,
            repeats=1,
            seed=seed,
        )
        for entry in study.run["techniques"] + study.run["baselines"]:
            metric = entry["metrics"]["balanced_accuracy"]
            error = (metric["high"] - metric["low"]) / (2 * 1.96)
            if entry["name"] != "constant":
                distances.setdefault(entry["name"], []).append((metric["value"] - 0.5) / error)
        assert study.verdict["recommended"] == "plain"
    assert len(distances) == 6
    for name, found in distances.items():
        assert abs(np.sum(found)) / np.sqrt(len(seeds)) < 4, name


def test_cut_off_tuned_without_the_rows_it_is_scored_on():
    """Noise for probabilities, many times: no optimism, and the interval holds one half."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [270, 30])
    honest, flattered, covered = [], [], []
    for seed in range(40):
        splits = make_splits(y, folds=5, repeats=1, seed=seed, classes=(0, 1))
        noise = rng.beta(1, 9, len(y)).astype("float32")
        p = np.column_stack([1 - noise, noise])
        uncorrected = {split.key: p[split.test] for split in splits}
        goal = Maximise("balanced_accuracy")
        protocol = Protocol(y, splits, positive=1, goal=goal, metric="average_precision")
        metric = judge(get("plain"), uncorrected, protocol).metrics["balanced_accuracy"]
        honest.append(metric["value"])
        covered.append(metric["low"] <= 0.5 <= metric["high"])
        cuts = np.quantile(noise, np.linspace(0, 1, 100))
        flattered.append(max(balanced_accuracy_score(y, noise >= cut) for cut in cuts))
    assert np.mean(honest) == pytest.approx(0.5, abs=0.02)
    assert np.mean(covered) >= 0.9
    assert np.mean(flattered) > 0.54, "the usual way would have shown skill where there is none"
