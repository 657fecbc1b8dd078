"""Runs without training: made-up beliefs, judged and written down as `compare` does."""

import numpy as np
import polars as pl

from steelyard.comparison.judging import CONSTANT, Protocol, judge
from steelyard.comparison.record import Origin, predictions, record, verdict_on, with_origin
from steelyard.decision import Maximise
from steelyard.jobs.folds import make_splits
from steelyard.tables import read_table
from steelyard.techniques import get


def made_run(
    y,
    *,
    techniques=("plain", "class-weight", "smote"),
    goal=None,
    repeats=2,
    positive=None,
    positive_name=None,
    target="target",
    columns=("a", "b"),
    path="table.csv",
    seed=0,
):
    """run.json's content and predictions of models that know the classes somewhat."""
    rng = np.random.default_rng(seed)
    features = {name: rng.normal(size=len(y)) for name in columns}
    table = read_table(pl.DataFrame(features | {target: y}), target)
    classes = table.schema.classes
    splits = make_splits(
        table.y, folds=3, repeats=repeats, seed=seed, classes=classes, groups=None, times=None
    )
    rarest = int(np.argmin(table.class_counts)) if positive is None else classes.index(positive)
    protocol = Protocol(
        table.y, splits, rarest, goal or Maximise("balanced_accuracy"), "average_precision"
    )
    strength = dict(zip(techniques, np.linspace(1.6, 1.0, len(techniques)), strict=True))
    judged = [
        judge(get(name), _believed(table, splits, strength[name], rng), protocol)
        for name in techniques
    ]
    natural = {s.key: np.tile(protocol.natural(s), (len(s.test), 1)) for s in splits}
    verdict = verdict_on(judged, protocol)
    chosen = next(one for one in judged if one.technique.name == verdict["recommended"])
    asked = {
        "folds": 3,
        "group": None,
        "time": None,
        "drop": [],
        "target": target,
        "model": "trees (lightgbm)",
        "seed": seed,
    }
    baselines = [judge(CONSTANT, natural, protocol)]
    run = record(table, protocol, judged, baselines, verdict, chosen, {}, asked)
    run["data"] = run["data"] | {"path": path}
    run = with_origin(run | {"left_out": []}, Origin(positive_name, 0.0))
    return run, predictions(table.row_ids, classes, protocol, judged)


def _believed(table, splits, strength, rng):
    """A softmax of noise with a push towards the truth, at natural class shares."""
    prior = np.log(table.class_counts / table.class_counts.sum())
    noise = rng.normal(size=(len(table.y), len(prior)))
    logits = prior + noise + strength * np.eye(len(prior))[table.y]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = (p / p.sum(axis=1, keepdims=True)).astype("float32")
    # Repeats see the rows a little differently, as models trained anew do.
    mixed = [p, 0.98 * p + 0.02 / p.shape[1]]
    return {split.key: mixed[split.repeat % 2][split.test] for split in splits}


def labels(rows, rare, names=("no", "yes"), seed=0):
    """Two labels of which the second occurs `rare` times, shuffled."""
    y = np.array([names[0]] * (rows - rare) + [names[1]] * rare)
    return np.random.default_rng(seed).permutation(y).tolist()
