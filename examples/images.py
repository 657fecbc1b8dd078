"""Long-tailed digits, 5,000 zeros to 50 nines: what is usually done, and what steelyard changes.

    python examples/images.py [--epochs 8]

The usual cure is class weights from the first step. steelyard moves the logits instead: in the loss
(`LogitAdjusted`), or after plain training and for nothing (`posthoc_adjust`); weights that set in
late are there as well. Which is best depends on what the model will see: the first column is
accuracy where every digit is as frequent, the last where they are as frequent as in training.
"""

import argparse
from pathlib import Path

import keras
import numpy as np

from steelyard import callbacks, feeds, layers, losses, metrics, weights

DATA = Path(__file__).parent / "data" / "long_tailed_mnist.npz"
COUNTS = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]  # 5000 * 100^(-k/9)
BATCH = 128


def read(path=DATA, seed=0):
    """Images in [0, 1] with a channel, and labels: long-tailed to train, even to test."""
    whole, rng = np.load(path), np.random.default_rng(seed)
    y = whole["y_train"].astype(int)
    drawn = [rng.permutation(np.flatnonzero(y == k))[:n] for k, n in enumerate(COUNTS)]
    rows = np.concatenate(drawn)
    X, X_test = (whole[f"x_{part}"][..., None] for part in ("train", "test"))
    scaled = [(part / 255).astype("float32") for part in (X[rows], X_test)]
    return scaled[0], y[rows], scaled[1], whole["y_test"].astype(int)


def network(loss, seed=0):
    """Two convolutions and a hidden layer; ten logits."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(16, 5, strides=2, activation="relu"),
            keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    model.compile(keras.optimizers.Adam(0.001), loss)
    return model


def plain(X, y, epochs, seed=0):
    model = network(crossentropy(), seed)
    model.fit(X, y, batch_size=BATCH, epochs=epochs, verbose=0)
    return model


def weighted(X, y, epochs, seed=0):
    """Class weights from the first step, as `fit(class_weight=)` has them."""
    model = network(crossentropy(), seed)
    model.fit(**weights.fit_arguments(X, y), batch_size=BATCH, epochs=epochs, verbose=0)
    return model


def deferred(X, y, epochs, seed=0):
    """Plain for four fifths of the epochs, then weighted by the effective number of rows."""
    model = network(losses.Reweighted(losses.LogitAdjusted(COUNTS, tau=0.0), np.ones(10)), seed)
    late = callbacks.DeferredReweighting(COUNTS, at=0.8)
    model.fit(X, y, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[late])
    return model


def logit_adjusted(X, y, epochs, seed=0):
    model = network(losses.LogitAdjusted(COUNTS), seed)
    model.fit(X, y, batch_size=BATCH, epochs=epochs, verbose=0)
    return model


def balanced(X, y, epochs, seed=0):
    """As many steps as the others, every batch with as many rows of each digit."""
    model = network(crossentropy(), seed)
    steps = -(-len(y) // BATCH)
    feed = feeds.balanced(X, y, BATCH, seed=seed, steps_per_epoch=steps)
    model.fit(feed, epochs=epochs, verbose=0, shuffle=False)
    return model


def crossentropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def metric_values(y, logits):
    """Mean accuracy over digits, over the three rarest, and at the shares of training."""
    each = metrics.recall(y, np.asarray(logits).argmax(1), average=None)
    return each.mean(), each[-3:].mean(), each @ weights.class_shares(COUNTS)


def main(epochs=8):
    """Train four networks, print a line for each way to use them, return the lines."""
    X, y, X_test, y_test = read()
    logits = {
        "usual: plain": plain(X, y, epochs)(X_test),
        "usual: class weights": weighted(X, y, epochs)(X_test),
        "steelyard: deferred weights": deferred(X, y, epochs)(X_test),
        "steelyard: LogitAdjusted loss": logit_adjusted(X, y, epochs)(X_test),
    }
    adjusted = losses.posthoc_adjust(logits["usual: plain"], COUNTS)
    logits["steelyard: plain, adjusted"] = adjusted
    # The same in the model that is deployed: probabilities for digits that are equally frequent.
    even = layers.PriorCorrection(COUNTS, [1] * 10, from_logits=True)(logits["usual: plain"])
    assert (np.argmax(even, 1) == np.argmax(adjusted, 1)).all()  # noqa: S101

    lines = {name: metric_values(y_test, one) for name, one in logits.items()}
    print(f"{len(y):,} images to train, {len(y_test):,} to test")
    print(f"{'accuracy':<32}{'per digit':>10}{'rarest 3':>10}{'as trained':>12}")
    for name, (mean, rare, natural) in lines.items():
        print(f"{name:<32}{mean:>10.3f}{rare:>10.3f}{natural:>12.3f}")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=8)
    main(parser.parse_args().epochs)
