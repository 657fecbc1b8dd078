"""Many trainings in one graph against a loop of Keras' `fit` over the same jobs.

    python benchmarks/compare.py [--jobs 1,8,64,120] [--rounds 3] [--whole]

Table: 20,000 x 30, 1 % positives. A job is one 64-32 network, batch 256, ten passes over the same
rows, AdamW; eight train in one graph and graphs side by side, one a core, as the members of a
comparison's job and its jobs do. The loop builds,
compiles and fits a Keras model a job, as users do; beyond one job its time is that of one fit,
taken in the same round, times the number of jobs. `first` has the graph traced and compiled as
well, which a comparison pays once; `again` is every pack after it. Ratios are medians over the
rounds. The GEMM rate is that of a 2048-cube product in TensorFlow, measured in the same round; its
share counts multiplications and additions of the forward and backward pass in `again`.

--whole: also all of `compare` (model tabular, 12 techniques, 10 folds): encoding, eight members a
job, judging, verdict, final model, against the same loop once with one network a job and once with
eight.
"""

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

import steelyard
from steelyard._tensorflow import keras, tf
from steelyard.models import packed
from steelyard.models.members import Member
from steelyard.techniques import DEFAULT, Technique, get
from steelyard.techniques.loss import ClassWeights, Focal, LogitAdjusted, LossNumbers
from steelyard.techniques.sample import RandomUnder, SampleIndices

HEAD = ("jobs", "loop s", "first s", "ratio", "again s", "ratio", "of GEMM")
ROWS, COLUMNS, BATCH, PASSES = 20_000, 30, 256, 10
AT_ONCE = 8
TRAIN = np.arange(ROWS) >= ROWS // 8


def synthetic(seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(ROWS) < 0.01).astype(int)
    X = rng.normal(size=(ROWS, COLUMNS)).astype("float32")
    X[y == 1, :4] += 1
    return X, y


def keras_seconds(X, y):
    start = time.perf_counter()
    model = keras.Sequential(
        [
            keras.Input((COLUMNS,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(2),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(3e-3, weight_decay=0.1), loss)
    model.fit(X[TRAIN], y[TRAIN], batch_size=BATCH, epochs=PASSES, verbose=0)
    return time.perf_counter() - start


def packed_seconds(X, y, jobs):
    cost = LossNumbers(np.ones(2), np.zeros(2))
    drawn, held = SampleIndices.observed(np.flatnonzero(TRAIN)), np.flatnonzero(~TRAIN)
    prior = np.array([0.99, 0.01])
    members = [Member(drawn, held, cost, cost, prior, COLUMNS, (i,)) for i in range(jobs)]
    steps = 50 * round(PASSES * TRAIN.sum() / BATCH / 50)
    settings = packed.Settings(batch=BATCH, steps=steps)
    packed._graph.cache_clear()  # noqa: SLF001 - compiled anew
    taken = []
    for _ in ("first", "again"):
        start = time.perf_counter()
        packs = [members[first : first + AT_ONCE] for first in range(0, jobs, AT_ONCE)]
        with ThreadPoolExecutor(packed.packs_at_once()) as pool:
            list(pool.map(partial(packed.train, X, y, settings=settings), packs))
        taken.append(time.perf_counter() - start)
    return taken


def gemm_rate(n=2048):
    a = tf.random.normal((n, n))
    tf.matmul(a, a)
    start = time.perf_counter()
    for _ in range(5):
        b = tf.matmul(a, a)
    b.numpy()
    return 5 * 2 * n**3 / (time.perf_counter() - start)


def packed_work(jobs):
    """Multiplications and additions of ten passes of all jobs."""
    products = COLUMNS * 64 + 64 * 32 + 32 * 2
    return 6 * products * TRAIN.sum() * PASSES * jobs


def twelve_techniques():
    more = [
        Technique("under-3", "", "", sample=RandomUnder(1 / 3)),
        Technique("sqrt-weight", "", "", loss=ClassWeights("sqrt")),
        Technique("half-adjusted", "", "", loss=LogitAdjusted(0.5)),
        Technique("focal-1", "", "", loss=Focal(1.0)),
    ]
    return [*map(get, DEFAULT), *more]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--jobs", default="1,8,64,120")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    X, y = synthetic()
    packed_seconds(X, y, 1)  # start-up of the libraries is nobody's fault
    rows = []
    print("{:>5}{:>9}{:>9}{:>7}{:>9}{:>7}{:>9}".format(*HEAD))
    for jobs in [int(one) for one in asked.jobs.split(",")]:
        found = []
        for _ in range(asked.rounds):
            rate = gemm_rate()
            loop, (first, again) = keras_seconds(X, y) * jobs, packed_seconds(X, y, jobs)
            share = packed_work(jobs) / again / rate
            found.append((loop, first, loop / first, again, loop / again, share))
        names = ("loop", "first", "ratio_first", "again", "ratio_again", "share")
        row = dict(zip(names, np.median(found, axis=0).tolist(), strict=True))
        rows.append({"jobs": jobs} | row)
        print(
            f"{jobs:>5}{row['loop']:>9.1f}{row['first']:>9.2f}{row['ratio_first']:>7.1f}"
            f"{row['again']:>9.2f}{row['ratio_again']:>7.1f}{row['share']:>9.0%}",
            flush=True,
        )
    if asked.whole:
        rows.append(whole(X, y))
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1))


def whole(X, y):
    one = keras_seconds(X, y)
    start = time.perf_counter()
    steelyard.compare((X, y), techniques=twelve_techniques(), model="tabular", folds=10, repeats=1)
    ours = time.perf_counter() - start
    one = (one + keras_seconds(X, y)) / 2
    print(
        f"compare, 12 techniques x 10 folds: {ours:.0f} s; loop {120 * one:.0f} s with one network "
        f"a job ({120 * one / ours:.1f}x), {960 * one:.0f} s with eight ({960 * one / ours:.1f}x)"
    )
    return {"compare": ours, "loop_one": 120 * one, "loop_eight": 960 * one}


if __name__ == "__main__":
    main()
