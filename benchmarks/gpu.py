"""What a GPU gains: packs of networks, `model.fit` on a feed, the metrics; with the card's name.

    python benchmarks/gpu.py [--rounds 5] [--json FILE]

Packs: 64 networks (64-32 units, batch 256, 200 steps, 20,000 x 30) in one graph, on the GPU and, in
packs of eight, on one core; seconds after compilation. Fit: the network and the balanced feed of
`benchmarks/feeds.py` against one constant batch on the same device, so that a share below 1 is what
the feed costs. Metrics: the share of throughput that `ROCAUC` and `AveragePrecision` take, as in
`benchmarks/keras_metrics.py`. Without a GPU everything runs on the CPU and the first line says so.
"""

import argparse
import time

import numpy as np

import feeds as feed_benchmark
import keras_metrics
from compare import COLUMNS, TRAIN, synthetic
from interleaved import ratio, write_json
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


def pack_seconds(device, at_once, rounds):
    """Median seconds of all networks on a device, `at_once` in one graph, compiled before."""
    X, y = synthetic()
    cost = LossNumbers(np.ones(2), np.zeros(2))
    rows, held = SampleIndices.observed(np.flatnonzero(TRAIN)), np.flatnonzero(~TRAIN)
    shares = np.array([0.99, 0.01])
    everyone = [Member(rows, held, cost, cost, shares, COLUMNS, (i,)) for i in range(NETWORKS)]
    settings = packed.Settings(steps=STEPS)
    taken = []
    with tf.device(device):
        for _ in range(rounds + 1):
            start = time.perf_counter()
            for first in range(0, NETWORKS, at_once):
                packed.train(X, y, everyone[first : first + at_once], settings)
            taken.append(time.perf_counter() - start)
    return float(np.median(taken[1:]))


def metric_cost(rounds):
    """Share of throughput that both ranking metrics take from a network of 16 units."""
    watching = {"none": [], "both": [metrics.ROCAUC(), metrics.AveragePrecision()]}
    ways = {name: keras_metrics.watched_by(one, 16) for name, one in watching.items()}
    taken = {name: [] for name in ways}
    for _ in range(rounds):
        for name, steps in ways.items():
            start = time.perf_counter()
            steps()
            taken[name].append(time.perf_counter() - start)
    return float(1 - np.median(np.array(taken["none"]) / np.array(taken["both"])))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    asked = parser.parse_args()
    name = card()
    print(name or "no GPU found: the CPU is measured")
    found = {"card": name, "TensorFlow": tf.__version__}
    found["packs_cpu_s"] = pack_seconds("/CPU:0", 8, asked.rounds)
    print(f"{NETWORKS} networks, {STEPS} steps: CPU, eight at once {found['packs_cpu_s']:.2f} s")
    if name:
        found["packs_gpu_s"] = pack_seconds("/GPU:0", NETWORKS, asked.rounds)
        print(f"{NETWORKS} networks, {STEPS} steps: GPU, all at once {found['packs_gpu_s']:.2f} s")
    rates = feed_benchmark.in_fit(*feed_benchmark.synthetic(1_000_000), asked.rounds)
    found["feed_share"] = ratio(rates, "feeds.balanced", "one constant batch")
    print(f"fit on a balanced feed, against one constant batch: {found['feed_share']:.2f}")
    found["metrics_cost"] = metric_cost(asked.rounds)
    print(f"ROCAUC and AveragePrecision, 16 units: {found['metrics_cost']:.0%} of throughput")
    write_json(asked.json, found)


if __name__ == "__main__":
    main()
