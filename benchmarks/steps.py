"""One step of a packed network: microseconds of the processor, a network.

    python benchmarks/steps.py [--rounds 4]

64-32 units, batch 256, 80 columns, for packs of one to eight networks; after them the products of
a step alone at the rate of a large one, the least that they could take. All take turns, each at
its quickest; the seconds are the processor's. With TensorFlow's own number of threads, and with
one, as `steelyard compare` has it on two cores.
"""

import argparse
import os
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

COLUMNS, UNITS, CLASSES, BATCH, ROWS, STEPS = 80, (64, 32), 2, 256, 5000, 50
PACKS = (1, 2, 4, 8)
THREADS = {"its own": {}, "one": {"TF_NUM_INTRAOP_THREADS": "1"}}
TURNS = 3  # of a process with each
# Forward and backward; nobody asks for the gradient by the first layer's inputs.
WORK = 2 * BATCH * (2 * COLUMNS * UNITS[0] + 3 * UNITS[0] * UNITS[1] + 3 * UNITS[1] * CLASSES)


def steps_of(networks):
    from steelyard._tensorflow import tf
    from steelyard.models.packed_graph import Graph, Settings, State
    from steelyard.models.packed_losses import stacked
    from steelyard.techniques.loss import LossNumbers

    rng = np.random.default_rng(0)
    sizes = (COLUMNS, *UNITS, CLASSES)
    values = []
    for into, out in zip(sizes[:-1], sizes[1:], strict=True):
        values.append(rng.normal(0, (2 / into) ** 0.5, (networks, out, into)).astype("float32"))
        values.append(np.zeros((networks, out), "float32"))
    losses = [LossNumbers(np.ones(2), np.zeros(2))] * networks
    loss = stacked(losses) | {"width": tf.constant([float(COLUMNS)] * networks)}
    terms = tuple(name for name in loss if name not in {"seed", "width"})
    graph = Graph(tuple(value.shape for value in values), Settings(), terms)
    state = State.starting_from(values)
    drawn = (
        tf.constant(rng.normal(size=(ROWS, COLUMNS)).astype("float32")),
        tf.constant((rng.random(ROWS) < 0.1).astype("int32")),
        tf.constant(rng.integers(ROWS, size=(2, STEPS, networks, BATCH)).astype("int32")),
        tf.zeros((STEPS, networks, BATCH)),
        tf.ones((STEPS, networks, 1)),
    )
    return lambda: graph.steps(state, *drawn, tf.constant(0.0), loss).values[0].numpy()


def large_product(n=1024):
    from steelyard._tensorflow import tf

    a = tf.constant(np.random.default_rng(0).normal(size=(n, n)).astype("float32"))
    return lambda: tf.matmul(a, a).numpy()


def seconds(run, times):
    start = time.process_time()
    for _ in range(times):
        run()
    return time.process_time() - start


def measured(rounds):
    runs = {networks: steps_of(networks) for networks in PACKS}
    product = large_product()
    for run in (*runs.values(), product):
        run()
    taken = {networks: [] for networks in PACKS}
    rates = []
    for _ in range(rounds):
        for networks, run in runs.items():
            times = max(PACKS) // networks
            taken[networks].append(seconds(run, times) / (times * networks * STEPS))
        rates.append(2 * 1024**3 / seconds(product, 1))
    row = [min(taken[networks]) * 1e6 for networks in PACKS]
    return [*row, WORK / max(rates) * 1e6]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        print(*measured(asked.rounds))
        return
    taken = {name: [] for name in THREADS}
    for _ in range(TURNS):
        for name, threads in THREADS.items():
            command = [sys.executable, __file__, "--here", f"--rounds={asked.rounds}"]
            done = subprocess.run(
                command, env=os.environ | threads, capture_output=True, text=True, check=True
            )
            taken[name].append([float(value) for value in done.stdout.split()])
    print("threads   " + "".join(f"{f'{n} at once':>10}" for n in PACKS) + "  products")
    for name, rows in taken.items():
        print(f"{name:<10}" + "".join(f"{value:>10.0f}" for value in np.min(rows, axis=0)))


if __name__ == "__main__":
    main()
