"""What a loss costs per training step beside Keras' own cross-entropy; what weights cost to find.

    python benchmarks/keras_losses.py [--rounds 40]

A step is `model.train_step` in a compiled function: batch 1024, 128 inputs, one hidden layer of
128, 100 classes. All losses take turns in every round; the ratio is the median over the rounds of
a loss's time over cross-entropy's time in the same round.
"""

import argparse
import time

import keras
import numpy as np
import tensorflow as tf

from steelyard import layers, losses, weights

BATCH, INPUTS, CLASSES, STEPS = 1024, 128, 100, 20
COUNTS = np.geomspace(5000, 50, CLASSES).astype(int)


def contenders():
    one = {
        "Keras' cross-entropy": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "SparseFocal": losses.SparseFocal(),
        "ClassBalanced": losses.ClassBalanced(COUNTS),
        "ClassBalanced sigmoid": losses.ClassBalanced(COUNTS, base="sigmoid"),
        "ClassBalanced focal": losses.ClassBalanced(COUNTS, base="focal"),
        "BalancedSoftmax": losses.BalancedSoftmax(COUNTS),
        "LogitAdjusted": losses.LogitAdjusted(COUNTS),
        "LDAM": losses.LDAM(COUNTS),
        "VectorScaling": losses.VectorScaling(COUNTS),
        "ClassDependentTemperature": losses.ClassDependentTemperature(COUNTS),
        "Equalization": losses.Equalization(COUNTS, threshold=0.002),
        "Seesaw": losses.Seesaw(COUNTS),
        "Reweighted": losses.Reweighted(losses.LogitAdjusted(COUNTS, tau=0.0), np.ones(CLASSES)),
    }
    return {name: trained_with(loss) for name, loss in one.items()}


def others():
    """Losses that answer another question, beside Keras' own for it."""
    several = {
        "Keras' binary cross-entropy": keras.losses.BinaryCrossentropy(from_logits=True),
        "Asymmetric (100 labels)": losses.Asymmetric(),
    }
    return {name: trained_with(loss, several=True) for name, loss in several.items()}


def ranking():
    one = {
        "Keras' binary cross-entropy": keras.losses.BinaryCrossentropy(from_logits=True),
        "AUCMargin": losses.AUCMargin(),
        "PairwiseSquaredHinge": losses.PairwiseSquaredHinge(),
    }
    return {name: trained_with(loss, columns=1) for name, loss in one.items()}


def trained_with(loss, *, several=False, columns=CLASSES):
    """A function that trains STEPS compiled steps."""
    rng = np.random.default_rng(0)
    cosine = isinstance(loss, losses.LDAM)
    head = layers.NormalizedDense(columns) if cosine else keras.layers.Dense(columns)
    model = keras.Sequential(
        [keras.Input((INPUTS,)), keras.layers.Dense(128, activation="relu"), head]
    )
    model.compile("sgd", loss, jit_compile=False)
    X = tf.constant(rng.normal(size=(BATCH, INPUTS)).astype("float32"))
    y = rng.integers(0, 2, (BATCH, columns)) if several else rng.integers(0, max(2, columns), BATCH)
    y = tf.constant(y[:, None] if columns == 1 else y, tf.float32 if several else tf.int32)
    step = tf.function(lambda: model.train_step((X, y)))

    def run():
        for _ in range(STEPS):
            step()

    run()
    return run


def table(runs, rounds):
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    own = np.array(next(iter(times.values())))
    for name, taken in times.items():
        ms = 1000 * np.median(taken) / STEPS
        print(f"{name:<30}{ms:>9.2f}{np.median(np.array(taken) / own):>9.2f}", flush=True)


def class_weight_lookup(rounds=5, rows=1_000_000):
    """Seconds from one million labels to sample weights: ours, and Keras' way inside `fit`."""
    # Not public in Keras, and the only way to time it without a model around it.
    from keras.src.trainers.data_adapters.data_adapter_utils import class_weight_to_sample_weights

    y = np.random.default_rng(0).integers(0, CLASSES, rows)
    rule = weights.class_weight(y, "balanced")
    ways = {
        "ours": lambda: rule.rows(y),
        "theirs": lambda: class_weight_to_sample_weights(y, rule.for_keras),
    }
    np.testing.assert_allclose(ways["ours"](), ways["theirs"](), rtol=1e-6)
    seconds = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    return np.median(seconds["ours"]), np.median(seconds["theirs"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    print(f"{'loss':<30}{'ms/step':>9}{'ratio':>9}")
    table(contenders(), rounds)
    print()
    table(others(), rounds)
    print()
    table(ranking(), rounds)
    ours, theirs = class_weight_lookup()
    print("\nclass weights of 1,000,000 labels")
    print(f"Keras {theirs:.3f} s, ours {ours:.4f} s: {theirs / ours:.0f} times as fast")


if __name__ == "__main__":
    main()
