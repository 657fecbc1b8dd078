"""Intervals of these scores against the procedure: another table, another training, another cut.

Each simulation is a whole comparison of a cheap model: the figure that the leaderboard shows, with
its interval, against what the deployed model and its tuned threshold do on 100,000 fresh rows. How
often the interval holds that, and how many times as far the figure is from it as is stated.

    python benchmarks/procedure.py --simulations 100
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from simulated import RandomUnits, compared, make_table
from steelyard.comparison.judging import judge
from steelyard.comparison.protocol import Protocol
from steelyard.decision import Maximise

ROWS = {60: 1200, 200: 4000, 1000: 20_000}
FRESH = 100_000
FIGURES = {
    "average_precision": lambda y, p, _: average_precision_score(y, p),
    "observed_expected": lambda y, p, _: y.mean() / p.mean(),
    "recall": lambda y, _, d: recall_score(y, d, zero_division=0.0),
    "precision": lambda y, _, d: precision_score(y, d, zero_division=0.0),
    "f1": lambda y, _, d: f1_score(y, d, zero_division=0.0),
}


def one(positives, seed):
    """For each figure: its distance to fresh rows, the stated error, whether the interval holds."""
    rng = np.random.default_rng([seed, positives])
    table = make_table(ROWS[positives], positives, rng)
    fresh = make_table(FRESH, FRESH * positives / ROWS[positives], rng)
    splits, (plain,), uncorrected = compared(table, ["plain"], seed=seed)
    protocol = Protocol(table.y, splits, 1, Maximise("f1"), "average_precision", seed=seed)
    judged = judge(plain, uncorrected["plain"], protocol)
    predict = RandomUnits().fit(table.numbers(), table.y, np.random.default_rng(seed), "plain")
    p = judged.calibration.apply(predict(fresh.numbers()))
    decided = judged.rule.decide(p)
    found = []
    for name, figure in FIGURES.items():
        truth, said = figure(fresh.y, p[:, 1], decided), judged.metrics[name]
        error = (said["high"] - said["low"]) / 3.92
        found.append((said["value"] - truth, error, said["low"] <= truth <= said["high"]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=100)
    parser.add_argument("--positives", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    started, rows = time.process_time(), []
    print("| figure | positives | the interval holds fresh rows | spread over what is stated |")
    print("|---|---|---|---|")
    for positives in options.positives:
        seeds = range(options.seed, options.seed + options.simulations)
        found = np.array([one(positives, seed) for seed in seeds], dtype=float)
        for k, name in enumerate(FIGURES):
            gap, error, held = found[:, k].T
            spread = float(np.sqrt(np.mean(gap**2)) / np.sqrt(np.mean(error**2)))
            rows.append(
                {"figure": name, "positives": positives, "held": held.mean(), "spread": spread}
            )
            print(f"| {name} | {positives} | {held.mean():.2f} | {spread:.2f} |", flush=True)
    print(f"{time.process_time() - started:.0f} CPU seconds, {options.simulations} simulations")
    if options.json:
        options.json.write_text(json.dumps({"seed": options.seed, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
