"""Long-tailed MNIST, imbalance ratio 100: six treatments over five seeds, with intervals.

    python benchmarks/longtail.py [mnist.npz] [--seeds 5] [--epochs 20] [--json FILE]

The network and the treatments are those of examples/images.py. Accuracy is the mean over digits, on
a test part in which every digit is as frequent. Without an argument the rows are those shipped
with the examples and a seed changes weights and batches only; given the whole of MNIST (Keras'
layout) each seed draws its own long-tailed rows, and all 10,000 test images are used.

An interval is Student's over the seeds; the gain is over plain training of the same seed. The last
column is the accuracy where digits are as frequent as in training.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

import images

from steelyard import losses, surgery

TRAINED = {
    "plain": images.plain,
    "class weights from the start": images.weighted,
    "deferred weights": images.deferred,
    "LogitAdjusted loss": images.logit_adjusted,
    "balanced batches": images.balanced,
}


def of_one_seed(path, seed, epochs):
    """Mean accuracy over digits and accuracy at the shares of training, of every treatment."""
    X, y, X_test, y_test = images.read(path, seed)
    found = {}
    for name, train in TRAINED.items():
        start = time.perf_counter()
        model = train(X, y, epochs, seed)
        logits = model(X_test)
        found[name] = images.metrics(y_test, logits)
        print(f"seed {seed}: {name}, {time.perf_counter() - start:.0f} s", file=sys.stderr)
        if name == "plain":
            adjusted = losses.posthoc_adjust(logits, images.COUNTS)
            found["plain, adjusted after training"] = images.metrics(y_test, adjusted)
            again = surgery.retrain_head(model, X, y, epochs=10, seed=seed)
            found["plain, last layer retrained"] = images.metrics(y_test, again(X_test))
    return found


def interval(values):
    """Mean and half the width of Student's 95 % interval."""
    values = np.asarray(values)
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(half)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mnist", nargs="?", type=Path, default=images.DATA)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    runs = [of_one_seed(asked.mnist, seed, asked.epochs) for seed in range(asked.seeds)]
    table = {}
    for name in runs[0]:
        each, _, natural = np.array([run[name] for run in runs]).T
        gain = each - [run["plain"][0] for run in runs]
        columns = {"per digit": each, "gain": gain, "as trained": natural}
        table[name] = {column: interval(values) for column, values in columns.items()}
    print(f"{'accuracy':<31}{'per digit':>16}{'gain on plain':>16}{'as trained':>16}")
    for name, columns in table.items():
        cells = [f"{mean:>8.3f} +-{half:.3f}" for mean, half in columns.values()]
        print(f"{name:<31}" + "".join(f"{cell:>16}" for cell in cells))
    if asked.json:
        asked.json.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
