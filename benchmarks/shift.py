"""Class shares of 10,000 unlabelled rows after a shift: relative error and interval coverage.

The model learned where 2 % are positive. The estimate is set beside the best there could be, which
is counting the labels of the very same rows: chance alone moves them around the true share.

    python benchmarks/shift.py --simulations 100
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from simulated import RandomUnits, compared, make_table
from steelyard.comparison.judging import judge
from steelyard.comparison.protocol import Protocol
from steelyard.decision import Maximise, estimate_deployed, estimate_prior

SHARES = (0.002, 0.01, 0.1, 0.3)
TRAINED, ROWS, FRESH = 0.02, 20_000, 10_000
DISTANCE = 3.0


def simulate(seed, resamples):
    """For each share: the estimate, its interval, EM without calibration, the labels' own share."""
    rng = np.random.default_rng([seed, 5])
    table = make_table(ROWS, TRAINED * ROWS, rng, distance=DISTANCE)
    splits, (plain,), uncorrected = compared(table, ["plain"], seed=seed, repeats=1)
    protocol = Protocol(table.y, splits, 1, Maximise(), "roc_auc", seed=seed)
    judged = judge(plain, uncorrected["plain"], protocol)
    predict = RandomUnits().fit(table.numbers(), table.y, np.random.default_rng(seed), "plain")
    known = judged.deployed[0].astype(float)
    natural = np.bincount(table.y) / len(table.y)
    found = []
    for share in SHARES:
        fresh = make_table(FRESH, share * FRESH, rng, distance=DISTANCE)
        p = judged.calibration.apply(predict(fresh.numbers()))
        estimate = estimate_deployed(known, table.y, p, seed=seed, resamples=resamples)
        raw = estimate_prior(p, natural).prior[1]
        found.append((estimate.prior[1], estimate.low[1], estimate.high[1], raw, fresh.y.mean()))
    return judged.metrics["roc_auc"]["value"], found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=100)
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    started = time.process_time()
    runs = [simulate(options.seed + n, options.resamples) for n in range(options.simulations)]
    auc = np.mean([run[0] for run in runs])
    found = np.array([run[1] for run in runs])
    print(
        f"trained on {ROWS:,} rows with {TRAINED:.0%}, ROC-AUC {auc:.3f}; {FRESH:,} unlabelled "
        f"rows; {len(runs)} simulations"
    )
    print(f"{'share':>7}{'mean estimate':>15}{'mean |error|':>14}{'median':>8}{'counting':>10}"
          f"{'EM alone':>10}{'coverage':>10}")  # fmt: skip
    rows = []
    for k, share in enumerate(SHARES):
        value, low, high, raw, labels = found[:, k].T
        error = np.abs(value / share - 1)
        row = {
            "share": share,
            "mean_estimate": value.mean(),
            "mean_relative_error": error.mean(),
            "median_relative_error": np.median(error),
            "counting_labels": np.abs(labels / share - 1).mean(),
            "em_without_calibration": np.abs(raw / share - 1).mean(),
            "coverage": np.mean((low <= share) & (share <= high)),
        }
        rows.append({key: float(number) for key, number in row.items()})
        print(f"{share:>7.3f}{value.mean():>15.4f}" + f"{row['mean_relative_error']:>14.3f}"
              f"{row['median_relative_error']:>8.3f}{row['counting_labels']:>10.3f}"
              f"{row['em_without_calibration']:>10.3f}{row['coverage']:>10.3f}")  # fmt: skip
    print(f"{time.process_time() - started:.0f} CPU seconds, seed {options.seed}")
    if options.json:
        options.json.write_text(json.dumps({"seed": options.seed, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
