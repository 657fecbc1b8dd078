"""What a GPU gains: packs of networks, `model.fit` on a feed, the metrics; with the card's name.

    python benchmarks/gpu.py [--rounds 5] [--json FILE]

Metrics: the share of `model.fit`'s throughput, as Keras compiles it by default, that `ROCAUC` and
`AveragePrecision` take from a network of 16 and of 256 units. Fit: the network and the balanced
feed of `benchmarks/feeds.py` against one constant batch on the same device, so that a share below 1
is what the feed costs. Packs: 64 networks (64-32 units, batch 256, 200 steps, 20,000 x 30) in one
graph on the GPU, and on the CPU as a comparison has them, in packs of eight on one core and four
packs side by side; seconds after compilation. Without a GPU everything runs on the CPU and the
first line says so.
"""

import argparse
import functools
import time
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

import feeds as feed_benchmark
from compare import COLUMNS, TRAIN, synthetic
from interleaved import ratio, take_turns, write_json
from keras_metrics import BATCH, INPUTS, PREVALENCE
from keras_metrics import STEPS as FIT_STEPS
from steelyard import metrics
from steelyard._tensorflow import tf
from steelyard.models import packed
from steelyard.models.members import Member
from steelyard.techniques.loss import LossNumbers
from steelyard.techniques.sample import SampleIndices

NETWORKS, STEPS = 64, 200


def card():
    """The name of the first GPU, or None."""
    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpus[0])["device_name"] if gpus else None


def pack_seconds(device, at_once, side_by_side, rounds):
    """Median seconds of all networks on a device, `at_once` in one graph, compiled before."""
    X, y = synthetic()
    cost = LossNumbers(np.ones(2), np.zeros(2))
    rows, held = SampleIndices.observed(np.flatnonzero(TRAIN)), np.flatnonzero(~TRAIN)
    shares = np.array([0.99, 0.01])
    everyone = [Member(rows, held, cost, cost, shares, COLUMNS, (i,)) for i in range(NETWORKS)]
    packs = [everyone[first : first + at_once] for first in range(0, NETWORKS, at_once)]
    settings = packed.Settings(steps=STEPS)

    def train(pack):
        with tf.device(device):
            packed.train(X, y, pack, settings)

    taken = []
    with ThreadPoolExecutor(side_by_side) as pool:
        for _ in range(rounds + 1):
            start = time.perf_counter()
            list(pool.map(train, packs))
            taken.append(time.perf_counter() - start)
    return float(np.median(taken[1:]))


def watched_fit(watching, units):
    """A run of `model.fit` on one batch again and again, under these metrics."""
    rng = np.random.default_rng(0)
    hidden = keras.layers.Dense(units, activation="relu")
    head = keras.layers.Dense(1, activation="sigmoid")
    net = keras.Sequential([keras.Input((INPUTS,)), hidden, keras.layers.Dropout(0.5), head])
    net.compile("adam", "binary_crossentropy", metrics=watching)
    X = rng.normal(size=(BATCH, INPUTS)).astype("float32")
    y = (rng.random((BATCH, 1)) < PREVALENCE).astype("float32")
    batches = tf.data.Dataset.from_tensors((X, y)).repeat()
    fit = functools.partial(net.fit, batches, steps_per_epoch=FIT_STEPS, verbose=0)
    fit()

    def run():
        fit()
        return FIT_STEPS * BATCH

    return run


def metric_cost(units, rounds):
    """Share of the throughput of `fit` that both ranking metrics take."""
    both = [metrics.ROCAUC(), metrics.AveragePrecision()]
    ways = {"none": watched_fit([], units), "both": watched_fit(both, units)}
    return 1 - ratio(take_turns(ways, rounds), "both", "none")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    asked = parser.parse_args()
    name, rounds = card(), asked.rounds
    print(name or "no GPU found: the CPU is measured", flush=True)
    found = {"card": name, "TensorFlow": tf.__version__}

    def tell(key, value, what):
        found[key] = value
        print(f"{what}: {value:.2f}", flush=True)
        write_json(asked.json, found)

    for units in (16, 256):
        cost = metric_cost(units, rounds)
        what = f"share of fit that ROCAUC and AveragePrecision take, {units} units"
        tell(f"metrics_cost_{units}", cost, what)
    rates = feed_benchmark.in_fit(*feed_benchmark.synthetic(1_000_000), rounds)
    share = ratio(rates, "feeds.balanced", "one constant batch")
    tell("feed_share", share, "fit on a balanced feed, against one constant batch")
    packs = f"{NETWORKS} networks, {STEPS} steps, seconds"
    if name:
        tell("packs_gpu_s", pack_seconds("/GPU:0", NETWORKS, 1, rounds), f"{packs}, GPU at once")
    tell("packs_cpu_s", pack_seconds("/CPU:0", 8, 4, rounds), f"{packs}, CPU, 4 packs of 8 at once")
    tell("packs_core_s", pack_seconds("/CPU:0", 8, 1, 2), f"{packs}, CPU, one pack of 8 at once")


if __name__ == "__main__":
    main()
