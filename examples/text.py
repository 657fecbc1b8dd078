"""Text messages, ham or spam: what the usual recipe does, and what steelyard changes.

    python examples/text.py [--epochs 30]

The recipe weighs the classes and cuts at .5. Weights raise every probability of spam, so more good
messages are thrown away, and here that is the dear mistake. With the names of the classes as keys,
`fit(class_weight=...)` weighs nothing and does not say so. steelyard takes the names, corrects the
probabilities for the weights, and puts the costs into the model, which takes raw text and answers
with a probability and a decision.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import polars as pl
from sklearn.model_selection import train_test_split

from steelyard import layers, metrics, weights

DATA = Path(__file__).parent / "data" / "sms_spam.parquet"
LOST_HAM, MISSED_SPAM = 20, 1
COSTS = [[0, LOST_HAM], [MISSED_SPAM, 0]]


def read():
    """Train and test messages, each text once: a copy on both sides would be no test."""
    table = pl.read_parquet(DATA).unique("text", maintain_order=True)
    columns = table["text"].to_numpy(), table["label"].to_numpy()
    parts = train_test_split(*columns, stratify=columns[1], test_size=0.3, random_state=0)
    return [part.astype(str) for part in parts]


def network(words, bias="zeros"):
    """Word numbers in; the mean of learned word vectors decides."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((words.shape[1],), dtype="int32"),
            keras.layers.Embedding(5000, 16),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1, activation="sigmoid", bias_initializer=bias),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    return model


def finished(reader, model, trained_on, deployed_on):
    """Text in; true probability and decision out."""
    text = keras.Input((), dtype="string", name="text")
    raw = model(reader(text))
    p = layers.PriorCorrection(trained_on, deployed_on, name="probability")(raw)
    decision = layers.Decision(costs=COSTS, name="decision")(p)
    return keras.Model(text, {"probability": p, "decision": decision})


def metric_values(y, p, decided):
    """Ranking, spam observed per spam expected, good messages lost, spam missed, cost."""
    lost, missed = int(decided[y == 0].sum()), int((1 - decided[y == 1]).sum())
    cost = LOST_HAM * lost + MISSED_SPAM * missed
    ap, ratio = metrics.average_precision(y, p), metrics.observed_expected(y, p)
    return [ap, ratio, lost, missed, cost]


def main(epochs=30):
    """Train three networks, print a line for each way to use them, return the lines."""
    texts, test, labels, test_labels = read()
    table = weights.class_weight(labels, "balanced")
    codes, y = table.encode(labels), table.encode(test_labels)
    reader = keras.layers.TextVectorization(5000, output_sequence_length=60)
    reader.adapt(texts)
    words, test_words = np.asarray(reader(texts)), np.asarray(reader(test))
    options = {"batch_size": 128, "epochs": epochs, "verbose": 0}

    named, numbered, plain = network(words), network(words), None
    named.fit(words, codes, class_weight=table.by_label, **options)  # weighs nothing
    numbered.fit(words, codes, class_weight=table.for_keras, **options)
    plain = network(words, layers.PriorBias(table.counts))
    plain.fit(words, codes, **options)
    weighted = network(words, layers.PriorBias(table.counts * table.values))
    weighted.fit(**weights.fit_arguments(words, labels, table), **options)

    lines = {}
    for name, model in {"names as keys": named, "class weights": numbered}.items():
        p = model(test_words).numpy()[:, 0]
        lines[f"recipe: {name}"] = metric_values(y, p, (p >= 0.5).astype(int))
    trained_on = {"plain": table.counts, "class weights": table.counts * table.values}
    for (name, prior), model in zip(trained_on.items(), (plain, weighted), strict=True):
        out = finished(reader, model, prior, table.counts)(keras.ops.convert_to_tensor(test))
        p, decided = out["probability"].numpy()[:, 0], out["decision"].numpy()
        lines[f"steelyard: {name}"] = metric_values(y, p, decided)

    print(f"{len(y):,} test messages, {y.sum()} spam; a lost ham costs {LOST_HAM} missed spams")
    print(f"{'':<26}{'AP':>7}{'obs/exp':>9}{'ham lost':>10}{'spam missed':>13}{'cost':>6}")
    for name, (ap, ratio, lost, missed, cost) in lines.items():
        print(f"{name:<26}{ap:>7.3f}{ratio:>9.2f}{lost:>10}{missed:>13}{cost:>6}")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=30)
    main(parser.parse_args().epochs)
