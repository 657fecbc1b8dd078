"""How much does a tuned threshold flatter itself? Its metric against 100,000 fresh rows.

Three metrics of every simulated comparison: of the deployed threshold on the rows it was tuned on,
the same less the optimism that the run states, and the cross-fitted metric that the leaderboard
shows. All three against the deployed model and threshold on fresh rows.

    python benchmarks/thresholds.py --simulations 40
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import balanced_accuracy_score, f1_score, matthews_corrcoef

from simulated import RandomUnits, compared, make_table
from steelyard.comparison.judging import judge
from steelyard.comparison.protocol import Protocol
from steelyard.decision import Maximise

GOALS = {
    "balanced_accuracy": balanced_accuracy_score,
    "f1": lambda y, d: f1_score(y, d, zero_division=0.0),
    "mcc": matthews_corrcoef,
}
ROWS = {50: 1000, 200: 4000, 1000: 20_000}
FRESH = 100_000


def one(metric, positives, seed):
    """Differences to fresh rows: as tuned, less its optimism, cross-fitted."""
    rng = np.random.default_rng([seed, positives])
    table = make_table(ROWS[positives], positives, rng)
    fresh = make_table(FRESH, FRESH * positives / ROWS[positives], rng)
    splits, (plain,), uncorrected = compared(table, ["plain"], seed=seed)
    protocol = Protocol(table.y, splits, 1, Maximise(metric), "average_precision", seed=seed)
    judged = judge(plain, uncorrected["plain"], protocol)
    predict = RandomUnits().fit(table.numbers(), table.y, np.random.default_rng(seed), "plain")
    decided = judged.rule.decide(judged.calibration.apply(predict(fresh.numbers())))
    truth = GOALS[metric](fresh.y, decided)
    tuned = judged.rule_report
    return (
        tuned["value"] - truth,
        tuned["value"] - tuned["optimism"] - truth,
        judged.metrics[metric]["value"] - truth,
        judged.metrics[metric]["low"] <= truth <= judged.metrics[metric]["high"],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=40)
    parser.add_argument("--positives", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    started, rows = time.process_time(), []
    print(f"metric less metric on {FRESH:,} fresh rows, mean of {options.simulations} simulations")
    print(f"{'goal':<20}{'positives':>9}{'as tuned':>12}{'less optimism':>15}{'cross-fitted':>14}"
          f"{'error':>8}")  # fmt: skip
    for metric in GOALS:
        for positives in options.positives:
            seeds = range(options.seed, options.seed + options.simulations)
            found = np.array([one(metric, positives, seed) for seed in seeds])
            mean, error = found.mean(0), found.std(0, ddof=1) / len(found) ** 0.5
            rows.append(
                {"goal": metric, "positives": positives, "simulations": len(found)}
                | dict(zip(("tuned", "less_optimism", "cross_fitted"), mean.tolist(), strict=False))
                | {"error": error[2], "interval_holds_fresh": mean[3]}
            )
            print(f"{metric:<20}{positives:>9}{mean[0]:>+12.4f}{mean[1]:>+15.4f}{mean[2]:>+14.4f}"
                  f"{error[2]:>8.4f}", flush=True)  # fmt: skip
    print(f"{time.process_time() - started:.0f} CPU seconds, seed {options.seed}")
    if options.json:
        options.json.write_text(json.dumps({"seed": options.seed, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
