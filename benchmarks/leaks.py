"""Up to where visits of a patient are found that no column names: how unlike each other they are.

Tables of 500 patients with five visits, six columns that hardly know the class, 10 % positive.
Visits of a patient differ by `noise` standard deviations of a column, and so many positive visits
are labelled as negative. Beside it what the leak is worth to a quick model, by the true patients,
and what `inspect` says the figure is without it. Then tables drawn by class, as `--rows` does it.

    python benchmarks/leaks.py --seeds 4
"""

import argparse
import time

import numpy as np
import polars as pl

from steelyard.inspection.leak_free import by_groups
from steelyard.inspection.leaks import quick_table
from steelyard.inspection.result import inspect_table
from steelyard.resample.drawn import drawn_table, rows_by_class
from steelyard.tables import read_table

VISITS = [(0.1, 0.0), (0.2, 0.0), (0.3, 0.0), (0.4, 0.0), (0.1, 0.3), (0.1, 0.5), (0.2, 0.3)]
COLUMNS, EACH = 6, 5


def classes(rows, share, signal, rng):
    """Rows of two classes, of which two columns know something, and their class."""
    y = (rng.random(rows) < share).astype(int)
    return rng.normal(size=(rows, COLUMNS)) + signal * y[:, None] * (np.arange(COLUMNS) < 2), y


def table_of(X, y):
    return pl.DataFrame({f"x{j}": X[:, j] for j in range(COLUMNS)} | {"y": y})


def visits(noise, relabelled, seed, patients=500, share=0.1):
    """A table of visits, and the patient of each."""
    rng = np.random.default_rng(seed)
    X, y = classes(patients, share, 0.1, rng)
    patient = rng.permutation(np.repeat(np.arange(patients), EACH))
    X = X[patient] + noise * rng.normal(size=(len(patient), COLUMNS))
    moved = rng.random(len(patient)) < np.where(y[patient] == 1, relabelled, relabelled * share)
    return table_of(X, np.where(moved, 1 - y[patient], y[patient])), patient


def copied(seed, rows=20_000):
    """Positives three times over."""
    rng = np.random.default_rng(seed)
    X, y = classes(rows, 0.02, 0.6, rng)
    kept = rng.permutation(np.r_[np.arange(rows), np.repeat(np.flatnonzero(y), 3)])
    return table_of(X[kept], y[kept])


def leaks_of(table):
    return inspect_table(table).to_dict()["leaks"]


def by_likeness(seeds):
    print("| visits differ by | relabelled | with the leak | without | found | said without |")
    print("|---|---|---|---|---|---|")
    for noise, relabelled in VISITS:
        worth, said = [], []
        for seed in range(seeds):
            frame, patient = visits(noise, relabelled, seed)
            table = read_table(frame, "y")
            true = by_groups(quick_table(table, 1), patient, seed)
            worth.append((true.flattered, true.free))
            said += [one["without"] for one in leaks_of(table)]
        flattered, free = np.mean(worth, axis=0)
        told = f"{np.mean(said):.3f}" if said else "-"
        print(
            f"| {noise} | {relabelled} | {flattered:.3f} | {free:.3f} | {len(said)} of {seeds} "
            f"| {told} |",
            flush=True,
        )


def of_drawn_rows(seeds, rows=5000):
    print("\n| table | found, whole | found, drawn | with and without, drawn |")
    print("|---|---|---|---|")
    tables = {
        "copies": copied,
        "visits": lambda seed: visits(0.1, 0.0, seed, 4000, 0.03)[0],
        "neither": lambda seed: table_of(*classes(20_000, 0.03, 1.0, np.random.default_rng(seed))),
    }
    for name, make in tables.items():
        whole, drawn = [], []
        for seed in range(seeds):
            frame = make(seed)
            whole += leaks_of(read_table(frame, "y"))
            some = drawn_table(frame, "y", lambda counts: rows_by_class(counts, rows), seed=seed)
            drawn += leaks_of(some)
        pairs = [(one["average_precision"], one["without"]) for one in drawn]
        told = " ".join(f"{value:.3f}" for value in np.mean(pairs, axis=0)) if pairs else "-"
        print(f"| {name} | {len(whole)} | {len(drawn)} of {seeds} | {told} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=4)
    options = parser.parse_args()
    started = time.process_time()
    by_likeness(options.seeds)
    of_drawn_rows(options.seeds)
    print(f"{time.process_time() - started:.0f} CPU seconds")


if __name__ == "__main__":
    main()
