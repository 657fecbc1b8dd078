"""Card fraud with a small network: what TensorFlow's tutorial does, and what steelyard changes.

    python examples/table.py [--epochs 30]

The tutorial ("Classification on imbalanced data") trains plainly, with class weights and with
over-sampling, and cuts all three at .5. Plainly that is right where a miss costs as much as a false
alarm, with balanced weights where it costs as much as 72 of them; here it costs 10. And weights and
copies tell probabilities five times too high. steelyard moves probabilities back to the shares of
the data and takes the threshold from the costs; the model that is saved does both itself.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import polars as pl
import tensorflow as tf
from sklearn.model_selection import train_test_split

from steelyard import feeds, layers, metrics, weights

DATA = Path(__file__).parent / "data" / "card_fraud.parquet"
FALSE_ALARM, MISS = 1, 10
BATCH = 2048


def read():
    """Train and test rows: standardised by the training rows, clipped as in the tutorial."""
    table = pl.read_parquet(DATA)
    y = table["target"].to_numpy().astype(int)
    X = table.drop("target").with_columns(pl.col("Amount").log1p()).to_numpy()
    train, test, y_train, y_test = train_test_split(X, y, stratify=y, test_size=0.3, random_state=0)
    mean, spread = train.mean(0), train.std(0)
    train, test = (np.clip((part - mean) / spread, -5, 5) for part in (train, test))
    return train.astype("float32"), y_train, test.astype("float32"), y_test


def network(columns, counts):
    """The tutorial's network; the last bias starts at the class shares."""
    keras.utils.set_random_seed(0)
    bias = layers.PriorBias(counts)
    model = keras.Sequential(
        [
            keras.Input((columns,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid", bias_initializer=bias),
        ]
    )
    watched = [metrics.ROCAUC(), metrics.AveragePrecision()]
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy", metrics=watched)
    return model


def oversampled(X, y):
    """The tutorial's way: two shuffled streams, one row of each in turn."""
    parts = [
        tf.data.Dataset.from_tensor_slices((X[y == k], y[y == k])).shuffle(100_000, seed=0).repeat()
        for k in (0, 1)
    ]
    return tf.data.Dataset.sample_from_datasets(parts, [0.5, 0.5], seed=0).batch(BATCH).prefetch(2)


def finished(model, trained_on, deployed_on):
    """The model with true probabilities and the decision inside; ready to be saved."""
    p = layers.PriorCorrection(trained_on, deployed_on, name="probability")(model.outputs[0])
    decision = layers.Decision(costs=[[0, FALSE_ALARM], [MISS, 0]], name="decision")(p)
    return keras.Model(model.inputs[0], {"probability": p, "decision": decision})


def metric_values(y, p, decided):
    """Ranking, log loss, observed frauds per expected one, cost of 1,000 rows."""
    cost = metrics.expected_cost(y, decided, fp=FALSE_ALARM, fn=MISS)
    return [
        metrics.average_precision(y, p),
        metrics.log_loss(y, p),
        metrics.observed_expected(y, p),
        1000 * cost,
    ]


def main(epochs=30):
    """Train four networks, print a line for each way to use them, return the lines."""
    X, y, X_test, y_test = read()
    counts = np.bincount(y)
    steps = -(-len(y) // BATCH)
    plain, weighted, streamed, balanced = (network(X.shape[1], counts) for _ in range(4))

    plain.fit(X, y, batch_size=BATCH, epochs=epochs, verbose=0)
    table = weights.class_weight(y, "balanced")
    weighted.fit(**weights.fit_arguments(X, y, table), batch_size=BATCH, epochs=epochs, verbose=0)
    streamed.fit(oversampled(X, y), steps_per_epoch=steps, epochs=epochs, verbose=0, shuffle=False)
    feed = feeds.balanced(X, y, BATCH, steps_per_epoch=steps)
    balanced.fit(feed, epochs=epochs, verbose=0, shuffle=False)

    lines = {}
    tutorial = {"plain": plain, "class weights": weighted, "over-sampled": streamed}
    for name, model in tutorial.items():
        p = model(X_test).numpy()[:, 0]
        lines[f"tutorial: {name}"] = metric_values(y_test, p, p >= 0.5)
    ours = {
        "plain": (plain, counts),
        "class weights": (weighted, counts * table.values),
        "balanced batches": (balanced, feed.trained_on),
    }
    for name, (model, trained_on) in ours.items():
        out = finished(model, trained_on, counts)(X_test)
        p, decided = out["probability"].numpy()[:, 0], out["decision"].numpy()
        lines[f"steelyard: {name}"] = metric_values(y_test, p, decided)

    print(f"{len(y_test):,} test rows, {y_test.sum()} frauds; a miss costs {MISS} false alarms")
    print(f"{'':<28}{'AP':>8}{'log loss':>10}{'obs/exp':>9}{'cost/1,000':>12}")
    for name, (ap, loss, ratio, cost) in lines.items():
        print(f"{name:<28}{ap:>8.3f}{loss:>10.4f}{ratio:>9.2f}{cost:>12.1f}")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=30)
    main(parser.parse_args().epochs)
