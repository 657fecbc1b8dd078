"""Training on workers: what a batch costs, and the part of it that more workers do not share.

    python benchmarks/training.py [--rows 60000]

Four Parquet files of ROWS x 30 float32, 1 % of class 1; two networks, two batch sizes. Each is
trained by `fit` on `feeds.from_parquet`, by `feeds.fit_parallel` in this process, on one and two
processes, and on two workers of Ray where that is installed. CPU is that of the process and all of
its children, milliseconds a batch of the second pass; the first starts workers and compiles. Every
worker reads whole batches; what is left over after reading and the gradients is the exchange.
"""

import argparse
import importlib.util
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import polars as pl

from cluster import cpu_of_all
from steelyard import feeds
from steelyard._keras import keras
from steelyard.executors import Serial, executor_for
from steelyard.executors.processes import Processes

COLUMNS = 30
CASES = (((128, 64, 32), 1024), ((128, 64, 32), 8192), ((512, 512), 8192))  # network, batch


def written(folder, rows):
    rng = np.random.default_rng(0)
    for number in range(4):
        table = {f"x{i}": rng.normal(size=rows).astype("float32") for i in range(COLUMNS)}
        table["y"] = (rng.random(rows) < 0.01).astype("int32")
        pl.DataFrame(table).write_parquet(folder / f"{number}.parquet", row_group_size=1 << 16)


def network(hidden):
    layers = [keras.layers.Dense(width, "relu") for width in hidden]
    model = keras.Sequential([keras.Input((COLUMNS,)), *layers, keras.layers.Dense(1)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile("adam", loss, jit_compile=False)
    return model


class Clock(keras.callbacks.Callback):
    """Seconds and CPU seconds of every epoch."""

    def on_train_begin(self, *_):
        self.epochs = []

    def on_epoch_begin(self, *_):
        self.start = time.perf_counter(), cpu_of_all()

    def on_epoch_end(self, *_):
        wall, cpu = self.start
        self.epochs.append((time.perf_counter() - wall, cpu_of_all() - cpu))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=60_000)
    options = parser.parse_args()
    print("| network | batch | trained by | CPU ms a batch | ms a batch |")
    print("|---|---|---|---|---|")
    with ExitStack() as open_ones:
        folder = Path(open_ones.enter_context(tempfile.TemporaryDirectory()))
        written(folder, options.rows)
        ways = {
            "`fit`": None,
            "this process": Serial(),
            "1 process": open_ones.enter_context(Processes(1)),
            "2 processes": open_ones.enter_context(Processes(2)),
        }
        if importlib.util.find_spec("ray"):
            ways["2 workers of Ray"] = open_ones.enter_context(executor_for("local"))
        for hidden, batch in CASES:
            for way, executor in ways.items():
                clock, model = Clock(), network(hidden)
                asked = {"epochs": 2, "callbacks": [clock], "verbose": 0}
                feed = feeds.from_parquet(folder, "y", batch)
                if executor is None:
                    model.fit(feed, **asked)
                else:
                    asked |= {"cluster": executor, "workers": min(2, executor.workers)}
                    feeds.fit_parallel(model, folder, "y", batch, **asked)
                wall, cpu = (1000 * one / len(feed) for one in clock.epochs[-1])
                kind = "-".join(map(str, hidden))
                print(f"| {kind} | {batch} | {way} | {cpu:.1f} | {wall:.1f} |", flush=True)


if __name__ == "__main__":
    main()
