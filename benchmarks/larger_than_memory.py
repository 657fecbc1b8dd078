"""Train on a Parquet folder that is larger than the memory taken, and on its rows in memory.

    python benchmarks/larger_than_memory.py [--rows 10000000] [--epochs 1] [--json FILE]

The data (rows x 30 float32, 1 % of class 1) are synthetic in a temporary folder. Processes of their
own train the same network on them: one from files, one in memory, and one from files that is
stopped in mid-epoch, saved, and goes on in a new process. Those that read files must stay under
what an idle TensorFlow takes plus half the size of the matrix, else the command fails. The limit is
on resident memory, looked up at the end as its peak: a limit on address space or data segment would
count what TensorFlow's and Arrow's allocators reserve and never touch.
All are judged on 500,000 rows of a folder of their own; intervals are from 200 resamples of those
rows.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pyarrow.parquet as pq

from outofcore import COLUMNS, memory_mb, synthetic

BATCH, STEPS_PER_EXECUTION, TEST_ROWS = 1024, 16, 500_000
NAMES = [f"x{i}" for i in range(COLUMNS)]


def matrix(folder):
    table = pq.read_table(folder)
    X = np.empty((table.num_rows, COLUMNS), np.float32)
    for i, name in enumerate(NAMES):
        X[:, i] = table[name].to_numpy()
    return X, table["y"].to_numpy()


def network():
    import keras

    keras.utils.set_random_seed(0)
    hidden = [keras.layers.Dense(units, activation="relu") for units in (128, 64, 32)]
    net = keras.Sequential([keras.Input((COLUMNS,)), *hidden, keras.layers.Dense(1)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    net.compile("adam", loss, steps_per_execution=STEPS_PER_EXECUTION)
    return net


def train(way, folder, epochs):
    """One of the processes; prints its metrics as JSON."""
    import keras
    import tensorflow as tf

    from steelyard import feeds

    net, data, saved = network(), folder / "data", folder / "half.keras"
    warm = tf.data.Dataset.from_tensors((np.zeros((BATCH, COLUMNS), "f4"), np.zeros(BATCH, "i1")))
    net.predict(np.zeros((BATCH, COLUMNS), "f4"), verbose=0)
    network().fit(warm.repeat(), steps_per_epoch=STEPS_PER_EXECUTION, verbose=0, shuffle=False)
    idle = memory_mb("VmRSS")
    start = time.perf_counter()

    def feed(**place):
        if way == "in memory":
            return feeds.balanced(*matrix(data), BATCH)
        return feeds.from_parquet(data, "y", BATCH, **place)

    quiet = {"verbose": 0, "shuffle": False}
    steps = feed().info.steps_per_epoch
    if way == "stopped":
        half = steps // 2 // STEPS_PER_EXECUTION * STEPS_PER_EXECUTION
        net.fit(feed(), steps_per_epoch=half, **quiet)
        net.save(saved)
    elif way == "resumed":
        net = keras.saving.load_model(saved)
        epoch, step = divmod(int(net.optimizer.iterations), steps)
        rest = feed(first_epoch=epoch, first_step=step)
        net.fit(rest, steps_per_epoch=steps - step, **quiet)
        if epochs > epoch + 1:
            net.fit(feed(first_epoch=epoch + 1), epochs=epochs - epoch - 1, **quiet)
    else:
        net.fit(feed(), epochs=epochs, **quiet)
    seconds, peak = time.perf_counter() - start, memory_mb("VmHWM")
    X, y = matrix(folder / "test")
    scores = net.predict(X, batch_size=8192, verbose=0)[:, 0]
    np.save(folder / f"{way}.npy", scores)
    np.save(folder / "test.npy", y)
    steps_done = int(net.optimizer.iterations)
    print(json.dumps({"seconds": seconds, "idle_mb": idle, "peak_mb": peak, "steps": steps_done}))


def average_precision_of(y, scores, resamples=200):
    """Average precision and its 95 % interval over resampled rows."""
    from sklearn.metrics import average_precision_score

    # Rank once: a resample is then a vector of counts, in the order of the scores.
    order = np.argsort(-scores, kind="stable")
    hit = y[order].astype(bool)
    rng = np.random.default_rng(0)
    values = []
    for _ in range(resamples):
        times = np.bincount(rng.integers(0, len(y), len(y)), minlength=len(y))
        found = np.cumsum(times * hit)
        precision = found / np.maximum(np.cumsum(times), 1)
        values.append(np.sum(precision * times * hit) / found[-1])
    return (average_precision_score(y, scores), *np.percentile(values, [2.5, 97.5]))


def process(way, folder, epochs):
    words = ["--way", way, "--folder", str(folder), "--epochs", str(epochs)]
    command = [sys.executable, __file__, *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def compared(folder, rows, epochs):
    synthetic(folder / "data", rows)
    synthetic(folder / "test", TEST_ROWS, files=1, seed=1)
    size = rows * COLUMNS * 4 / 2**20
    print(f"{rows:,} x {COLUMNS} float32 ({size:,.0f} MB as a matrix), {epochs} epoch(s)")
    print(f"{'':24}{'s':>8}{'idle MB':>9}{'peak MB':>9}{'limit MB':>10}{'steps':>8}  PR-AUC")
    lines = []
    limit = round(size / 2)
    for way in ("from files", "in memory", "stopped", "resumed"):
        line = process(way, folder, epochs) | {"way": way}
        extra = line["peak_mb"] - line["idle_mb"]
        if way != "in memory" and extra > limit:
            raise SystemExit(f"{way} took {extra:,.0f} MB over idle, more than {limit:,} MB")
        y, scores = np.load(folder / "test.npy"), np.load(folder / f"{way}.npy")
        line["pr_auc"], line["low"], line["high"] = average_precision_of(y, scores)
        allowed = "none" if way == "in memory" else f"idle+{limit}"
        print(
            f"{way:<24}{line['seconds']:>8.0f}{line['idle_mb']:>9.0f}{line['peak_mb']:>9.0f}"
            f"{allowed:>10}{line['steps']:>8,}  {line['pr_auc']:.4f} "
            f"({line['low']:.4f}-{line['high']:.4f})",
            flush=True,
        )
        lines.append(line)
    whole, resumed = (np.load(folder / f"{way}.npy") for way in ("from files", "resumed"))
    gap = float(np.abs(whole - resumed).max())
    print(f"largest difference of a test score, resumed to uninterrupted: {gap:g}")
    return {"rows": rows, "runs": lines, "largest_difference": gap}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        train(options.way, options.folder, options.epochs)
        return
    with tempfile.TemporaryDirectory(prefix="steelyard-bench-") as folder:
        result = compared(Path(folder), options.rows, options.epochs)
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
