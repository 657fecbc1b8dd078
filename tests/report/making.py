"""Runs without training: made-up beliefs, judged and written down as `compare` does."""

import numpy as np
import polars as pl

from steelyard.comparison.drivers import drivers
from steelyard.comparison.judging import CONSTANT, judge
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.record import Origin, predictions, record, verdict_on, with_origin
from steelyard.comparison.segmented import segmented
from steelyard.decision import Maximise
from steelyard.jobs.folds import make_splits
from steelyard.jobs.job import Fitted, FittedMember
from steelyard.models.raw_rows import raw_rows
from steelyard.tables import read_table
from steelyard.tables.column_parts import segment_parts
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
    more=None,
    seed=0,
):
    """run.json's content and predictions of models that know the classes somewhat."""
    rng = np.random.default_rng(seed)
    features = {name: rng.normal(size=len(y)) for name in columns} | (more or {})
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
    both = [(chosen.technique.name, _fitted(table, 1.0)), ("beside", _fitted(table, 0.5))]
    run["importance"] = drivers(table, protocol, chosen, both, keep_rows=True)
    run["segments"] = segmented(protocol, chosen, segment_parts(table, table.schema.features))
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


def _fitted(table, strength):
    """Four members that each held out a quarter and know a class by the first number."""
    classes = len(table.schema.classes)
    prior = table.class_counts / table.class_counts.sum()

    def shares(numbers, categories):
        odds = strength * np.outer(numbers[:, 0], np.linspace(-1, 1, classes))
        p = prior * np.exp(odds - odds.max(axis=1, keepdims=True))
        return (p / p.sum(axis=1, keepdims=True)).astype("float32")

    quarter = np.arange(len(table.y)) % 4
    members = [FittedMember(np.flatnonzero(quarter == k), shares) for k in range(4)]
    out_of_bag = shares(*raw_rows(table.features, table.schema))
    return Fitted(None, out_of_bag, [], members)


def labels(rows, rare, names=("no", "yes"), seed=0):
    """Two labels of which the second occurs `rare` times, shuffled."""
    y = np.array([names[0]] * (rows - rare) + [names[1]] * rare)
    return np.random.default_rng(seed).permutation(y).tolist()
