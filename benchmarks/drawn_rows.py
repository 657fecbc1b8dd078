"""Do figures of drawn rows hold for all rows? Simulation with known truth.

A table is drawn from a population whose metrics are integrals (`coverage.py`); of the table every
positive is kept and a part of the negatives, each weighted by 1 / its chance of being kept, as
`compare(rows=)` does. Counted is how often the nominal 95 % interval holds the population's metric,
beside the same of the whole table.

    python benchmarks/drawn_rows.py --datasets 500 --out drawn_rows.json
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from scipy import stats

from coverage import GOAL, World
from steelyard.resample.drawn import rows_by_class
from steelyard.stats.metric_intervals import metric_values
from steelyard.stats.predictions import Predictions
from steelyard.tables.sample_weights import drawing_weights

NAMES = (*GOAL, "precision", "brier_skill", "f1")
KEPT = 8  # one of so many rows


def found(y, p, decided, weights=None):
    return metric_values(Predictions.of(y, p, decided, positive=1, weights=weights), NAMES)


def both(world, rows, rng):
    """Metrics of a table and of the rows drawn from it."""
    y, p, decided, _ = world.draw(rows, rng)
    counts = np.bincount(y, minlength=2)
    take = rows_by_class(counts, rows // KEPT)
    kept = np.concatenate(
        [rng.choice(np.flatnonzero(y == code), most, replace=False) for code, most in take.items()]
    )
    weights = drawing_weights(y[kept], counts)
    return found(y, p, decided), found(y[kept], p[kept], decided[kept], weights)


def coverage(world, positives, datasets):
    truth = world.truth()
    rng, rows = np.random.default_rng(positives), round(positives / world.prevalence)
    held = {"whole": dict.fromkeys(NAMES, 0), "drawn": dict.fromkeys(NAMES, 0)}
    width = {"whole": dict.fromkeys(NAMES, 0.0), "drawn": dict.fromkeys(NAMES, 0.0)}
    for _ in range(datasets):
        for which, metrics in zip(held, both(world, rows, rng), strict=True):
            for name in NAMES:
                one = metrics[name]
                held[which][name] += one["low"] <= truth[name] <= one["high"]
                width[which][name] += (one["high"] - one["low"]) / datasets
    return {
        name: {
            "coverage_whole": held["whole"][name] / datasets,
            "coverage_drawn": held["drawn"][name] / datasets,
            "width_drawn_to_whole": width["drawn"][name] / width["whole"][name],
        }
        for name in NAMES
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=500)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    start, results = time.process_time(), {}
    for shape in (stats.norm(), stats.logistic()):
        for positives in (50, 200, 1000):
            world = World(shape.dist.name, shape, 2.5, 0.01)
            table = coverage(world, positives, asked.datasets)
            results[f"{world.name}, {positives} positives"] = table
            print(f"\n{world.name}, {positives} positives, 1 of {KEPT} rows drawn")
            for name, line in table.items():
                print(f"  {name:18}", *(f"{key} {value:.3f} " for key, value in line.items()))
    print(f"\n{time.process_time() - start:.0f} CPU seconds")
    if asked.out:
        asked.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
