"""What a loss costs per training step beside Keras' own cross-entropy; what weights cost to find.

    python benchmarks/keras_losses.py [--rounds 40]

A step is `model.train_step` in a compiled function: batch 1024, 128 inputs, one hidden layer of
128, 100 classes. All losses take turns in every round; a ratio is the median over the rounds of a
loss's time over that of Keras' loss at the head of its group in the same round, by wall clock and,
less at the mercy of other programs, by processor time of all threads.
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
        "VectorScaling": losses.VectorScaling(COUNTS),
        "ClassDependentTemperature": losses.ClassDependentTemperature(COUNTS),
        "Equalization": losses.Equalization(COUNTS, threshold=0.002),
        "Seesaw": losses.Seesaw(COUNTS),
        "LabelAwareSmoothing": losses.LabelAwareSmoothing(COUNTS),
        "Reweighted": losses.Reweighted(losses.LogitAdjusted(COUNTS, tau=0.0), np.ones(CLASSES)),
    }
    return {name: trained_with(loss) for name, loss in one.items()}


def cosines():
    """Losses on a layer that costs more than Dense; so does cross-entropy here."""
    one = {
        "Keras' cross-entropy, cosines": keras.losses.SparseCategoricalCrossentropy(
            from_logits=True
        ),
        "LDAM": losses.LDAM(COUNTS),
        "GaussianClouded": losses.GaussianClouded(COUNTS),
    }
    head = layers.NormalizedDense
    return {name: trained_with(loss, head=head) for name, loss in one.items()}


def others():
    """A loss over several labels, beside Keras' own for them."""
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


def trained_with(loss, *, several=False, columns=CLASSES, head=keras.layers.Dense):
    """A function that trains STEPS compiled steps."""
    rng = np.random.default_rng(0)
    hidden = keras.layers.Dense(128, activation="relu")
    model = keras.Sequential([keras.Input((INPUTS,)), hidden, head(columns)])
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
    wall, cpu = ({name: [] for name in runs} for _ in range(2))
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter(), time.process_time()
            run()
            wall[name].append(time.perf_counter() - start[0])
            cpu[name].append(time.process_time() - start[1])
    first = next(iter(runs))
    for name in runs:
        ratios = [np.median(np.array(taken[name]) / taken[first]) for taken in (wall, cpu)]
        ms = 1000 * np.median(wall[name]) / STEPS
        print(f"{name:<30}{ms:>9.2f}{ratios[0]:>9.2f}{ratios[1]:>9.2f}", flush=True)
    print()


def class_weight_lookup(rounds=9, rows=1_000_000):
    """Seconds from one million labels to sample weights, and how many times as fast as Keras.

    Ours twice: a table known beforehand, and `fit_arguments`, which counts and checks as well.
    """
    # Not public in Keras, and the only way to time it without a model around it.
    from keras.src.trainers.data_adapters.data_adapter_utils import class_weight_to_sample_weights

    y = np.random.default_rng(0).integers(0, CLASSES, rows)
    rule = weights.class_weight(y, "balanced")
    ways = {
        "Keras' class_weight": lambda: class_weight_to_sample_weights(y, rule.for_keras),
        "ClassWeights.rows": lambda: rule.rows(y),
        "fit_arguments": lambda: weights.fit_arguments(None, y)["sample_weight"],
    }
    for way in ways.values():
        np.testing.assert_allclose(way(), rule.rows(y), rtol=1e-6)
    seconds = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    theirs = np.array(seconds["Keras' class_weight"])
    return {name: (np.median(taken), np.median(theirs / taken)) for name, taken in seconds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    print(f"{'loss':<30}{'ms/step':>9}{'wall':>9}{'CPU':>9}")
    for group in (contenders, cosines, others, ranking):
        table(group(), rounds)
    print(f"{'weights of 1,000,000 labels':<30}{'ms':>9}{'times as fast':>18}")
    for name, (seconds, ratio) in class_weight_lookup().items():
        print(f"{name:<30}{1000 * seconds:>9.1f}{ratio:>18.1f}")


if __name__ == "__main__":
    main()
