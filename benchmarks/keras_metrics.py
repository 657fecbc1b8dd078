"""What ranking metrics read at 0.15 % prevalence, and what they cost in training, beside Keras'.

    python benchmarks/keras_metrics.py [--rounds 20]

Scores are those of a model that knows the truth: two normal classes 2.09 standard deviations apart,
one row in 667 positive. Cost is measured in a compiled loop over training steps, as `fit` has them
but without its Python, on the network of TensorFlow's tutorial on imbalanced data (29 inputs, 16
hidden units, batches of 2,048), whose step is little more than the calls of its operations, and on
one of 256 units. The ways take turns in every round; the throughput lost is that of the median over
the rounds, by wall clock and, less at the mercy of other programs, by processor time.
"""

import argparse
import time

import keras
import numpy as np
import tensorflow as tf
from sklearn.metrics import average_precision_score, roc_auc_score

from steelyard import metrics

PREVALENCE, SEPARATION = 0.0015, 2.09
BATCH, STEPS, INPUTS = 2048, 200, 29


def rare_event_scores(rows=1_000_000, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < PREVALENCE).astype("int32")
    x = rng.normal(size=rows) + SEPARATION * y
    logit = np.log(PREVALENCE / (1 - PREVALENCE)) + SEPARATION * x - SEPARATION**2 / 2
    return y, (1 / (1 + np.exp(-logit))).astype("float32")


def readings():
    y, p = rare_event_scores()
    exact = {"ROC": roc_auc_score(y, p), "PR": average_precision_score(y, p)}
    ways = {
        "ROC": (keras.metrics.AUC(), metrics.ROCAUC()),
        "PR": (keras.metrics.AUC(curve="PR"), metrics.AveragePrecision()),
    }
    print(f"{len(y):,} rows, {y.sum():,} positive")
    print(f"{'area under':<12}{'exact':>9}{'Keras':>9}{'ours':>9}{'bound':>9}")
    for curve, pair in ways.items():
        for start in range(0, len(y), BATCH):
            for metric in pair:
                metric.update_state(y[start : start + BATCH], p[start : start + BATCH])
        theirs, ours = (float(metric.result()) for metric in pair)
        bound = pair[1].error_bound()
        print(f"{curve:<12}{exact[curve]:>9.4f}{theirs:>9.4f}{ours:>9.4f}{bound:>9.4f}")


def watched_by(watching, units):
    """A function that trains STEPS compiled steps under these metrics, results included."""
    rng = np.random.default_rng(0)
    hidden = keras.layers.Dense(units, activation="relu")
    head = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input((INPUTS,)), hidden, keras.layers.Dropout(0.5), head])
    model.compile("adam", "binary_crossentropy", metrics=watching, jit_compile=False)
    X = tf.constant(rng.normal(size=(BATCH, INPUTS)).astype("float32"))
    y = tf.constant((rng.random((BATCH, 1)) < PREVALENCE).astype("float32"))
    model.fit(X, y, batch_size=BATCH, verbose=0)  # builds the optimizer and the metrics
    kept = tf.Variable(0.0)

    @tf.function
    def steps():
        for _ in tf.range(STEPS):
            logs = model.train_step((X, y))
            kept.assign(tf.add_n([tf.cast(value, tf.float32) for value in logs.values()]))

    steps()
    return steps


def costs(rounds, units):
    watching = {
        "no metrics": [],
        "Keras AUC, ROC and PR": [keras.metrics.AUC(), keras.metrics.AUC(curve="PR", name="prc")],
        "ROCAUC, AveragePrecision": [metrics.ROCAUC(), metrics.AveragePrecision()],
        "ROCAUC alone": [metrics.ROCAUC()],
        "BalancedAccuracy, MCC": [metrics.BalancedAccuracy(), metrics.MCC()],
        "BrierSkill, LogLoss": [metrics.BrierSkill(), metrics.LogLoss()],
        "CalibrationError": [metrics.CalibrationError()],
    }
    ways = {name: watched_by(one, units) for name, one in watching.items()}
    wall, cpu = ({name: [] for name in ways} for _ in range(2))
    for _ in range(rounds):
        for name, steps in ways.items():
            start = time.perf_counter(), time.process_time()
            steps()
            wall[name].append(time.perf_counter() - start[0])
            cpu[name].append(time.process_time() - start[1])
    print(
        f"\n{f'metrics, {units} hidden units':<28}{'ms/step':>9}{'lost, wall':>12}{'lost, CPU':>12}"
    )
    for name in ways:
        lost = [1 - np.median(np.array(t["no metrics"]) / t[name]) for t in (wall, cpu)]
        each = f"{lost[0]:>12.0%}{lost[1]:>12.0%}"
        print(f"{name:<28}{1000 * np.median(wall[name]) / STEPS:>9.2f}{each}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    readings()
    for units in (16, 256):
        costs(rounds, units)


if __name__ == "__main__":
    main()
