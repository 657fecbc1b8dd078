"""Our samplers beside imbalanced-learn's: seconds, memory, and whether the result is the same.

    python benchmarks/resample.py [--fraud creditcard_fraud.parquet] [--only TEXT ...] [--json FILE]

The fraud file has the class in a column `target`; without it a table of its shape is synthetic.
Both run in processes of their own and take turns; a ratio is the median over pairs of runs. "cpu"
is the ratio of CPU seconds of all threads, which other work on the machine moves less. "~" marks a
metric of theirs that was measured on 2,000 rows of the same query and multiplied, as the whole
query takes minutes; "same" then speaks of those rows. "ties" under "same": other rows on purpose,
see docs/resampling.md.
"""

import argparse
import functools
import hashlib
import inspect
import json
import os
import platform
import tempfile
import warnings
from pathlib import Path

import imblearn.combine
import imblearn.over_sampling
import imblearn.under_sampling
import numpy as np
from sklearn.neighbors import NearestNeighbors

import side_by_side
from resample_cases import CASES
from steelyard import resample

MODULES = (imblearn.over_sampling, imblearn.under_sampling, imblearn.combine)
PRELOAD = ["resample", "pandas", "polars", "pyarrow", "imblearn", "steelyard.resample"]
SLICE = 2000


def sampler_of(job):
    """The sampler of one side, with a seed where it takes one."""
    homes = (resample,) if job["side"] == "ours" else MODULES
    kind = next(getattr(home, job["name"]) for home in homes if hasattr(home, job["name"]))
    arguments = dict(job["arguments"])
    if "random_state" in inspect.signature(kind).parameters:
        arguments["random_state"] = 0
    return kind(**arguments)


def prepare(job):
    """What one run of a job is, how to digest its result, and what to multiply its time with."""
    warnings.simplefilter("ignore")  # NearMiss-3 says that it has fewer rows than asked for
    X, y = (np.load(path) for path in job["paths"])
    few = np.concatenate([np.flatnonzero(y == label)[:120] for label in np.unique(y)])
    sampler = sampler_of(job)
    if job["sliced"] and job["side"] == "theirs":
        rows = slice_rows(y)
        of = len(y) if job["name"] == "TomekLinks" else int((y == 0).sum())
        neighbours = NearestNeighbors(n_neighbors=2 if job["name"] == "TomekLinks" else 4).fit(X)
        neighbours.kneighbors(X[few])
        judge = functools.partial(judged, job["name"], X, y, neighbours)
        run = functools.partial(neighbours.kneighbors, X[rows], return_distance=False)
        return run, lambda found: judge(rows, found), of / len(rows)
    dress = DRESSES[job["form"]]
    refused = job["side"] == "theirs" and job["form"] == "polars"
    sampler.fit_resample(X[few] if refused else dress(X[few]), y[few])
    dressed = dress(X)
    if refused:
        # The way round it is by numpy and back.
        def run():
            X_new, y_new = sampler.fit_resample(dressed.to_numpy(), y)
            return dress(X_new), y_new
    else:
        run = functools.partial(sampler.fit_resample, dressed, y)
    if job["sliced"]:
        return run, lambda _: np.isin(slice_rows(y), sampler.sample_indices_).tobytes(), 1
    return run, digest, 1


def slice_rows(y):
    """Some rows of the majority class."""
    return np.random.default_rng(0).choice(np.flatnonzero(y == 0), SLICE, replace=False)


def judged(name, X, y, neighbours, rows, found):
    """Which rows of the slice imbalanced-learn keeps, from their neighbours."""
    if name == "EditedNearestNeighbours":
        return (y[found[:, 1:]] == y[rows, None]).all(axis=1).tobytes()
    nearest = found[:, 1]
    back = neighbours.kneighbors(X[nearest], return_distance=False)[:, 1]
    return (~((y[nearest] != y[rows]) & (back == rows))).tobytes()


def as_pandas(X):
    import pandas as pd

    return pd.DataFrame(X, columns=[f"c{i}" for i in range(X.shape[1])])


def as_polars(X):
    import polars as pl

    return pl.DataFrame(X, schema=[f"c{i}" for i in range(X.shape[1])])


def as_arrow(X):
    import pyarrow as pa

    return pa.table({f"c{i}": column for i, column in enumerate(X.T)})


DRESSES = {"numpy": lambda X: X, "pandas": as_pandas, "polars": as_polars, "Arrow": as_arrow}


def digest(result):
    """A hash of the values and types of the table and the target, whatever they are dressed in."""
    X, y = result
    if not isinstance(X, np.ndarray):
        columns = X.columns if hasattr(X, "schema") else [X[name] for name in X.columns]
        X = np.column_stack([np.asarray(column) for column in columns])
    hashed = hashlib.blake2b(np.ascontiguousarray(X).data)
    hashed.update(np.ascontiguousarray(y).data)
    return hashed.digest(), str(X.dtype), X.shape


def measure(processes, case, paths, rounds):
    job = {"name": case.sampler, "arguments": case.arguments, "paths": paths,
           "form": case.form, "sliced": case.sliced}  # fmt: skip
    theirs = None if case.alone else job | {"side": "theirs"}
    return side_by_side.compared(
        processes, prepare, job | {"side": "ours"}, theirs, rounds=1 if case.sliced else rounds
    )


HEAD = (
    f"{'':31}{'theirs s':>9}{'ours s':>9}{'ratio':>7}{'cpu':>6}{'MB':>5}{'ours':>5} same{'goal':>5}"
)


def line(case, found):
    """One row of at most 80 characters."""
    if "ours" not in found:
        return f"{case.label:31} failed: {found['errors']['ours']}"
    ours, theirs = found["ours"], found.get("theirs")
    seconds, memory = short(ours["wall"]), f"{ours['mb']:.0f}"
    if theirs is None:
        said = found["errors"].get("theirs", "not run")[:20]
        return f"{case.label:31}{'-':>9}{seconds:>9}{'-':>7}{'-':>6}{'-':>5}{memory:>5} {said}"
    # Of a run that was multiplied, the memory says nothing.
    their_seconds, their_memory = short(theirs["wall"]), f"{theirs['mb']:.0f}"
    if case.sliced:
        their_seconds, their_memory = f"~{their_seconds}", "-"
    same = "yes" if found["same"] else case.differs or "NO"
    goal = f"{case.goal:g}" if case.goal else ""
    return (
        f"{case.label:31}{their_seconds:>9}{seconds:>9}{found['ratio']:>7.3g}"
        f"{found['cpu_ratio']:>6.3g}{their_memory:>5}{memory:>5} {same:4}{goal:>5}"
    )


def short(seconds):
    """Three digits, whatever the size."""
    return f"{seconds:.2g}" if seconds < 0.01 else f"{seconds:.3g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fraud", type=Path, help="Parquet file of the card-fraud table")
    parser.add_argument("--only", nargs="+", default=[""], help="lines with one of these texts")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of runs, at least")
    parser.add_argument("--json", type=Path, help="also write every metric to this file")
    asked = parser.parse_args()
    processes = side_by_side.context(PRELOAD)
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores; ratios by pairs of runs")
    results = []
    for table, cases in CASES:
        wanted = [c for c in cases if any(t in f"{table.title} {c.label}" for t in asked.only)]
        if not wanted:
            continue
        synthetic = table.kind == "fraud" and asked.fraud is None
        print(f"\n{table.title}{' (synthetic)' if synthetic else ''}\n{HEAD}")
        with tempfile.TemporaryDirectory() as folder:
            paths = table.write(folder, asked.fraud)
            for case in wanted:
                found = measure(processes, case, paths, asked.rounds)
                print(line(case, found), flush=True)
                results.append(
                    {"table": table.title, "case": case.label, "goal": case.goal, **found}
                )
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
