"""What unlabelled rows are taken for, where it is known how they moved.

    python benchmarks/drift.py --seeds 20 --out drift.jsonl

A model is trained, its folds' predictions are kept, and new rows come: nothing moved; half or four
times as many positives; a column moved by .3 to 1 of its deviations, each row's probability being
what it was; or both. For each cell: how often which conclusion was drawn, how often a prior was
taken that is wrong by more than a factor of two, and how often the interval of each reading held
the truth. Recall and precision are held against counting the labels of the very rows. A run that
was cut off goes on where it was.
"""

import argparse
import json
import time
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import expit, logit
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from steelyard.decision import check_and_refit
from steelyard.decision.labelled_scores import LabelledScores
from steelyard.runs.shift import Features, read_shift

COLUMNS, DISTANCE, ROWS, SHARE, THRESHOLD = 6, 2.0, 6000, 0.05, 0.2
MOVES = ("none", "half", "times 4", "column", "both")
FRESH = (300, 1000, 10_000)
NAMES = [f"x{j}" for j in range(COLUMNS + 1)]
MEANS = np.full(COLUMNS, DISTANCE / COLUMNS**0.5)
ELSEWHERE = MEANS - np.eye(COLUMNS)[0] * 1.5 * DISTANCE  # a third of the positives


class Boosted:
    """As the built-in trees: a mean of members that each stop on an eighth that they hold out."""

    def __init__(self, seed):
        self.seed = seed

    def fit(self, X, y):
        """Four members."""
        self.members = [
            HistGradientBoostingClassifier(
                early_stopping=True,
                validation_fraction=1 / 8,
                n_iter_no_change=8,
                max_leaf_nodes=8,
                max_iter=200,
                random_state=1000 * self.seed + member,
            ).fit(X, y)
            for member in range(4)
        ]
        return self

    def predict_proba(self, X):
        """Their mean."""
        return np.mean([one.predict_proba(X) for one in self.members], axis=0)


MODELS = {
    "linear": lambda seed: LogisticRegression(C=0.3, max_iter=300, random_state=seed),
    "boosted": Boosted,
    "bagged": lambda seed: RandomForestClassifier(30, min_samples_leaf=2, random_state=seed),
}


def features(y, rng):
    """Normal classes; a third of the positives lies on the other side of the first column."""
    X = rng.normal(size=(len(y), COLUMNS + 1))
    means = np.where((rng.random(len(y)) < 1 / 3)[:, None], ELSEWHERE, MEANS)
    X[:, :COLUMNS] += y[:, None] * means
    return X


def truth(X):
    """The probability of each row where `SHARE` are positive."""
    there = [X[:, :COLUMNS] @ mean - mean @ mean / 2 for mean in (MEANS, ELSEWHERE)]
    return expit(np.log(2 / 3 * np.exp(there[0]) + 1 / 3 * np.exp(there[1])) + logit(SHARE))


def new_rows(move, rows, rng):
    """Features, labels and the share of positives in the population."""
    share = SHARE * {"half": 0.5, "times 4": 4.0, "both": 4.0}.get(move, 1.0)
    y = (rng.random(rows) < share).astype(int)
    X = features(y, rng)
    if move in ("column", "both"):
        column, step = rng.integers(COLUMNS), rng.choice([-1, 1]) * rng.uniform(0.3, 1.0)
        X[:, column] += step
        if move == "column":
            p = truth(X)
            y = (rng.random(rows) < p).astype(int)
            many = features((rng.random(100_000) < SHARE).astype(int), rng)
            many[:, column] += step
            share = float(truth(many).mean())
    return X, y, share


def trained(model, seed):
    """Labelled rows with their folds' predictions in two repeats, and the deployed model."""
    rng = np.random.default_rng([seed, 1])
    y = (rng.random(ROWS) < SHARE).astype(int)
    X = features(y, rng)
    p, fold = np.zeros((2, ROWS, 2)), np.zeros((2, ROWS), int)
    for repeat in range(2):
        folds = StratifiedKFold(5, shuffle=True, random_state=seed + repeat).split(X, y)
        for number, (train, test) in enumerate(folds):
            fitted = MODELS[model](seed + 100 * repeat + number).fit(X[train], y[train])
            p[repeat, test], fold[repeat, test] = fitted.predict_proba(X[test]), number
    final = MODELS[model](seed).fit(X, y)
    calibration = check_and_refit(p[0], y, stratified=True)[0]
    p = np.stack([calibration.apply(one) for one in p])
    known = LabelledScores.of(p, y, model=fold)
    return known, pl.DataFrame(X, schema=NAMES), lambda Z: calibration.apply(final.predict_proba(Z))


def cells(model, seed, fresh, resamples, moves=MOVES):
    """A line for each of the moves and number of new rows."""
    known, old, score = trained(model, seed)
    rng = np.random.default_rng([seed, 2])
    for move, rows in product(MOVES, fresh):
        X, y, share = new_rows(move, rows, rng)  # drawn whether asked for or not: the same rows
        if move not in moves:
            continue
        p = score(X)
        flagged = p[:, 1] >= THRESHOLD
        found = read_shift(
            known,
            p,
            flagged=flagged,
            features=Features(old, pl.DataFrame(X, schema=NAMES), []),
            seed=seed,
            resamples=resamples,
        ).to_dict()
        counted = {"recall": np.sum(flagged & (y == 1)) / max(y.sum(), 1)}
        counted["precision"] = np.sum(flagged & (y == 1)) / max(flagged.sum(), 1)
        line = {"model": model, "seed": seed, "move": move, "rows": rows, "share": share}
        yield line | {name: float(value) for name, value in counted.items()} | {"found": found}


def summary(lines):
    """A row for each cell, as a table of shares."""
    frame = pl.DataFrame([_checked(line) for line in lines])
    figures = [name for name in frame.columns if name not in ("model", "move", "rows")]
    return frame.group_by("model", "move", "rows").agg(
        pl.len(), *(pl.col(f).mean() for f in figures)
    )


def _checked(line):
    found, share = line["found"], line["share"]
    conclusion, label = found["conclusion"], found["label"]
    wrong = abs(np.log(max(label["prior"][1], 1e-9) / share)) > np.log(2)
    row = {name: line[name] for name in ("model", "move", "rows")}
    row |= {name: conclusion == name for name in ("same", "label", "features", "undecided")}
    row["silent"] = conclusion == "label" and wrong
    for reading in ("label", "features"):
        one = found[reading]
        row[f"{reading}_holds"] = one["low"][1] <= share <= one["high"][1]
        for name in ("recall", "precision"):
            ends = one[name]
            row[f"{reading}_{name}"] = (
                None if ends is None else ends["low"] - 1e-9 <= line[name] <= ends["high"] + 1e-9
            )
    return row


HEAD = ("model", "moved", "rows", "same", "label", "features", "undecided", "silent",
        "share held", "recall held", "precision held", "as seeds")  # fmt: skip


def printed(table):
    """A Markdown table: coverage is that of the reading that is true in the cell."""
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    order = {name: k for k, name in enumerate([*MOVES, *MODELS])}
    rows = sorted(table.to_dicts(), key=lambda r: (order[r["move"]], order[r["model"]], r["rows"]))
    for row in rows:
        true = {"column": "features", "both": None}.get(row["move"], "label")
        held = [
            row[f"{true}_{name}"] if true else None for name in ("holds", "recall", "precision")
        ]
        shares = [row[name] for name in ("same", "label", "features", "undecided", "silent")]
        shown = ["-" if value is None else f"{value:.2f}" for value in [*shares, *held]]
        cells = [row["model"], row["move"], f"{row['rows']:,}", *shown, str(row["len"])]
        print(f"| {' | '.join(cells)} |")
    silent = float(table["silent"].mean())
    still = table.filter(pl.col("move") == "none")["same"].mean()
    alarms = "not asked for" if still is None else f"{1 - still:.3f}"
    print(f"silent damage over all cells: {silent:.3f}; false alarms: {alarms}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rows", type=int, nargs="+", default=list(FRESH))
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--moves", nargs="+", choices=MOVES, default=list(MOVES))
    parser.add_argument("--resamples", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("drift.jsonl"))
    options = parser.parse_args()
    started = time.process_time()
    lines = []
    if options.out.exists():
        lines = [json.loads(line) for line in options.out.read_text().splitlines()]
    done = {(line["model"], line["seed"]) for line in lines}
    for seed, model in product(range(options.seeds), options.models):
        if (model, seed) in done:
            continue
        with threadpool_limits(1):
            found = list(cells(model, seed, options.rows, options.resamples, options.moves))
        with options.out.open("a") as file:  # all cells of a training at once
            file.write("".join(json.dumps(line) + "\n" for line in found))
        lines += found
    printed(summary(lines))
    print(f"{time.process_time() - started:.0f} CPU seconds")


if __name__ == "__main__":
    main()
