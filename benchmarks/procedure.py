"""Intervals of these scores against the procedure: another table, another training, another cut.

Each simulation is a whole comparison of a cheap model, its threshold tuned to a goal: the figure
that the leaderboard shows (thresholds cross-fitted) and that of the same rows at the final
calibration and threshold, the chance of prevalence counted, each with its interval, against what
the deployed model does with that threshold on 60,000 fresh rows. How often the interval holds that,
and how many times as far the figure is from it as is stated. Last what it would be with the
interval widened on each side by what the figure is at that end of the threshold's own interval.

    python benchmarks/procedure.py --simulations 95
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
from steelyard.stats.metric_intervals import metric_values
from steelyard.stats.predictions import Predictions

ROWS = {60: 1200, 200: 4000, 1000: 20_000}
FRESH = 60_000
FIGURES = {
    "average_precision": lambda y, p, _: average_precision_score(y, p),
    "observed_expected": lambda y, p, _: y.mean() / p.mean(),
    "recall": lambda y, _, d: recall_score(y, d, zero_division=0.0),
    "precision": lambda y, _, d: precision_score(y, d, zero_division=0.0),
    "f1": lambda y, _, d: f1_score(y, d, zero_division=0.0),
}


TUNED = ("recall", "precision", "f1")


def one(positives, goal, seed):
    """For each figure and way: its distance to fresh rows, the stated error, whether it holds."""
    rng = np.random.default_rng([seed, positives])
    table = make_table(ROWS[positives], positives, rng)
    fresh = make_table(FRESH, FRESH * positives / ROWS[positives], rng)
    splits, (plain,), uncorrected = compared(table, ["plain"], seed=seed)
    protocol = Protocol(table.y, splits, 1, Maximise(goal), "average_precision", seed=seed)
    judged = judge(plain, uncorrected["plain"], protocol)
    predict = RandomUnits().fit(table.numbers(), table.y, np.random.default_rng(seed), "plain")
    p = judged.calibration.apply(predict(fresh.numbers()))
    decided = judged.rule.decide(p)
    seen = judged.calibration.apply(judged.corrected[0])
    rows = Predictions.of(table.y, seen, judged.rule.decide(seen), positive=1)
    at_threshold = metric_values(rows)
    ends = [
        {name: FIGURES[name](table.y, seen[:, 1], seen[:, 1] >= end) for name in TUNED}
        for end in judged.rule_report["interval"]
    ]
    found = []
    for name, figure in FIGURES.items():
        truth, said, at = (
            figure(fresh.y, p[:, 1], decided),
            judged.metrics[name],
            at_threshold[name],
        )
        found.append([against(truth, **one) for one in (said, at, widened(said, at, ends, name))])
    return found


def widened(said, at, ends, name):
    """The interval with what the figure is at both ends of the threshold's own."""
    if name not in TUNED:
        return said
    value, reach = said["value"], [at["value"], *(end[name] for end in ends)]
    down = np.hypot(value - said["low"], at["value"] - min(reach))
    up = np.hypot(said["high"] - value, max(reach) - at["value"])
    return {"value": value, "low": max(value - down, 0.0), "high": min(value + up, 1.0)}


def against(truth, value, low, high):
    return value - truth, (high - low) / 3.92, low <= truth <= high


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=95)
    parser.add_argument("--positives", type=int, nargs="+", default=[60, 200])
    parser.add_argument("--goals", nargs="+", default=["f1", "mcc"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    started, rows = time.process_time(), []
    print("| goal | figure | positives | leaderboard | at the threshold | widened |")
    print("|---|---|---|---|---|---|")
    for goal in options.goals:
        for positives in options.positives:
            seeds = range(options.seed, options.seed + options.simulations)
            found = np.array([one(positives, goal, seed) for seed in seeds], dtype=float)
            for k, name in enumerate(FIGURES):
                gap, error, held = np.moveaxis(found[:, k], -1, 0)
                spread = np.sqrt((gap**2).mean(axis=0) / (error**2).mean(axis=0))
                told = [f"{h:.2f}, {s:.2f}" for h, s in zip(held.mean(axis=0), spread, strict=True)]
                told[2] = told[2] if name in TUNED else "-"
                rows.append({"goal": goal, "figure": name, "positives": positives, "told": told})
                print(f"| {goal} | {name} | {positives} | {' | '.join(told)} |", flush=True)
    print(f"{time.process_time() - started:.0f} CPU seconds, {options.simulations} simulations")
    if options.json:
        options.json.write_text(json.dumps({"seed": options.seed, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
