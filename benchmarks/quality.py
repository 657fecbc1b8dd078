"""The built-in models, untreated, against what users would train instead, on many real tables.

    python benchmarks/quality.py [--data FOLDER] [--more] [--rivals NAMES] [--json FILE]

Hours on two cores for all sets: with `--json` each set is kept as it is finished, and the same
command again goes on where it was stopped.

Stratified folds, the same for all. Average precision, log loss and ROC-AUC are means over folds,
then over sets; O/E (observed / expected positives) is pooled over the folds of a set. Seconds are
per fit, everything included; of ours, all folds together divided by their number. A win is a
difference that the corrected resampled t-test finds at 5 %.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

from quality_rivals import RIVALS
from quality_sets import tables
from steelyard import metrics
from steelyard.jobs.folds import make_splits
from steelyard.jobs.job import Job
from steelyard.models.blend import BlendTrainer
from steelyard.models.encoding import tree_columns
from steelyard.models.members import encoded, raw_columns
from steelyard.stats.paired import nadeau_bengio
from steelyard.techniques import get

OURS = ("network", "trees", "blend")
METRICS = ("average_precision", "log_loss", "roc_auc")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, help="folder of tables with a column target")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--rows", type=int, default=10_000, help="larger tables are sampled")
    parser.add_argument("--only", default="", help="names of sets, comma-separated")
    parser.add_argument("--more", action="store_true", help="wide and category-heavy sets, too")
    parser.add_argument(
        "--rivals", default=",".join(RIVALS), help=f"comma-separated, of {', '.join(RIVALS)}"
    )
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    chosen = [name for name in asked.rivals.split(",") if name]
    if unknown := set(chosen) - set(RIVALS):
        parser.error(f"no rival is called {', '.join(unknown)}; there are {', '.join(RIVALS)}")
    rivals = {name: RIVALS[name] for name in chosen}
    how = {"folds": asked.folds, "repeats": asked.repeats, "rows": asked.rows, "rivals": [*rivals]}
    results = finished(asked.json, how)
    only = [name for name in asked.only.split(",") if name]
    for name, table in tables(asked.data, asked.rows, only, more=asked.more):
        if name not in results:
            splits = make_splits(table.y, folds=asked.folds, repeats=asked.repeats, seed=0)
            results[name] = judged(table, splits, rivals)
            keep(asked.json, how, results)
        print_set(name, table, results[name])
    print_summary(results, asked.folds)


def finished(path, how):
    """The sets that an earlier run with the same settings has finished, by name."""
    if path is None or not path.exists():
        return {}
    kept = json.loads(path.read_text())
    if kept["how"] != how:
        raise SystemExit(f"{path} is of a run with {kept['how']}; name another file")
    return kept["sets"]


def keep(path, how, results):
    """Write what is finished; a kill in between leaves the file of before."""
    if path:
        new = path.with_suffix(".new")
        new.write_text(json.dumps({"how": how, "sets": results}, indent=1))
        new.replace(path)


def judged(table, splits, rivals):
    """Per model: a metric per fold, pooled O/E, seconds per fit."""
    folds = {name: [] for name in (*OURS, *rivals)}
    seconds = dict.fromkeys(folds, 0.0)
    keys = {"plain": "blend", "network": "network", "trees": "trees"}
    jobs = [Job(get("plain"), split, 0) for split in splits]
    for outcome in BlendTrainer().for_table(table).run(table, jobs, lambda _: None):
        name = keys[outcome.job.technique.name]
        folds[name].append((table.y[outcome.job.split.test], outcome.uncorrected[:, 1]))
        seconds[name] += outcome.seconds
    for split in splits:
        fitted, _ = encoded(table, split)
        X = tree_columns(fitted, *raw_columns(table))
        categorical = list(range(len(table.schema.numbers), X.shape[1]))
        for name, fit in rivals.items():
            start = time.perf_counter()
            seed = split.repeat * 100 + split.fold
            p = fit(X[split.train], table.y[split.train], X[split.test], categorical, seed)
            seconds[name] += time.perf_counter() - start
            folds[name].append((table.y[split.test], np.asarray(p, float)))
    return {name: metric_values(rows, seconds[name]) for name, rows in folds.items()}


def metric_values(folds, seconds):
    def bounded(p):
        return np.clip(p, 1e-7, 1 - 1e-7)

    observed = sum(y.sum() for y, _ in folds)
    return {
        "average_precision": [metrics.average_precision(y, p, positive=1) for y, p in folds],
        "log_loss": [
            metrics.log_loss(y, np.stack([1 - bounded(p), bounded(p)], 1)) for y, p in folds
        ],
        "roc_auc": [metrics.roc_auc(y, p, positive=1) for y, p in folds],
        "observed_expected": float(observed / sum(p.sum() for _, p in folds)),
        "seconds": seconds / len(folds),
    }


def print_set(name, table, result):
    rows, positives = len(table.y), int(table.y.sum())
    print(f"\n{name}: {rows:,} x {len(table.schema.features)}, {positives:,} positives")
    print(f"  {'':<22}{'AP':>7}{'log loss':>10}{'ROC-AUC':>9}{'O/E':>7}{'s/fit':>8}")
    for model, one in result.items():
        means = [np.mean(one[metric]) for metric in METRICS]
        print(
            f"  {model:<22}{means[0]:>7.3f}{means[1]:>10.4f}{means[2]:>9.4f}"
            f"{one['observed_expected']:>7.2f}{one['seconds']:>8.2f}",
            flush=True,
        )


def print_summary(results, folds):
    models = list(next(iter(results.values())))
    mean = {
        metric: np.array([[np.mean(r[m][metric]) for m in models] for r in results.values()])
        for metric in METRICS
    }
    ranks = {
        metric: np.array([rankdata(row if metric == "log_loss" else -row) for row in mean[metric]])
        for metric in METRICS
    }
    print(f"\nMeans over {len(results)} sets, and mean rank")
    print(
        f"{'':<22}{'AP':>7}{'log loss':>10}{'ROC-AUC':>9}{'rank AP':>9}{'rank LL':>9}{'s/fit':>8}"
    )
    for i, model in enumerate(models):
        seconds = np.mean([r[model]["seconds"] for r in results.values()])
        values = [mean[metric][:, i].mean() for metric in METRICS]
        print(
            f"{model:<22}{values[0]:>7.4f}{values[1]:>10.4f}{values[2]:>9.4f}"
            f"{ranks['average_precision'][:, i].mean():>9.2f}"
            f"{ranks['log_loss'][:, i].mean():>9.2f}{seconds:>8.2f}"
        )
    for ours in ("blend", "network", "trees"):
        print(
            f"\n{ours} against: sets with better AP / log loss; tested wins, ties, losses in each"
        )
        for model in models:
            if model != ours:
                print(f"  {model:<22}{against(results, ours, model, folds)}")


def against(results, ours, theirs, folds):
    text = ""
    for metric, sign in (("average_precision", 1), ("log_loss", -1)):
        gains = [
            sign * (np.array(r[ours][metric]) - np.array(r[theirs][metric]))
            for r in results.values()
        ]
        tests = [nadeau_bengio(gain, 1 / (folds - 1)) for gain in gains]
        won = sum(t.p < 0.05 and t.mean > 0 for t in tests)
        lost = sum(t.p < 0.05 and t.mean < 0 for t in tests)
        better = sum(gain.mean() > 0 for gain in gains)
        text += f"{better:>4} of {len(gains)}  ({won}/{len(gains) - won - lost}/{lost})   "
    return text


if __name__ == "__main__":
    main()
