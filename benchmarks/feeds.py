"""Rows per second of balanced feeds in memory: raw, and inside `model.fit`.

    python benchmarks/feeds.py [--rows 1000000] [--rounds 7] [--blocks] [--json FILE]

The data are normal, float32, 30 columns, 1 % of class 1; batches of 1,024, half of each class.
All contenders take turns in every round; a ratio is the median over the rounds. Every contender
but the tutorial's pipelines is warm: its first batches came before the clock started.

--blocks: instead, `feeds.balanced` with blocks of other sizes against the size that it has, in a
bare loop and in `fit`, by wall clock and processor time, for other batches and numbers of columns.
"""

import argparse
import itertools
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from interleaved import ratio, take_turns, write_json
from steelyard import feeds
from steelyard.feeds import memory

COLUMNS, BATCH, SHARE = 30, 1024, 0.01
SHUFFLE_ROWS = 100_000  # as in TensorFlow's tutorial on imbalanced data
STEPS_PER_EXECUTION = 16
BLOCKS = (3 << 18, 8 << 20)  # bytes
SHAPES = ((256, 30), (1024, 30), (8192, 30), (256, 300), (1024, 300))  # batch, columns


def synthetic(rows, columns=COLUMNS):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, columns), dtype=np.float32)
    y = (rng.random(rows) < SHARE).astype("int32")
    return X, y


def tutorial(X, y):
    """https://www.tensorflow.org/tutorials/structured_data/imbalanced_data, oversampling."""
    parts = [
        tf.data.Dataset.from_tensor_slices((X[y == label], y[y == label]))
        .shuffle(SHUFFLE_ROWS)
        .repeat()
        for label in (0, 1)
    ]
    mixed = tf.data.Dataset.sample_from_datasets(parts, weights=[0.5, 0.5])
    return mixed.batch(BATCH).prefetch(2)


def rejection(X, y):
    """tf.data's own way from unbalanced rows to balanced ones."""
    rows = tf.data.Dataset.from_tensor_slices((X, y)).shuffle(SHUFFLE_ROWS).repeat()
    even = rows.rejection_resample(
        lambda _, label: label, target_dist=[0.5, 0.5], initial_dist=[1 - SHARE, SHARE], seed=0
    )
    return even.map(lambda _, row: row).batch(BATCH).prefetch(2)


def imblearn_generator(X, y):
    """imbalanced-learn's: one balanced selection of rows, shown again in every epoch."""
    from imblearn.tensorflow import balanced_batch_generator

    return balanced_batch_generator(X, y, batch_size=BATCH, random_state=0)[0]


def numpy_loop(X, y):
    """What a bare loop can do: draw balanced row numbers, take the rows into a buffer."""
    rng = np.random.default_rng(0)
    rows_of = [np.flatnonzero(y == label) for label in (0, 1)]
    buffer = np.empty((BATCH, COLUMNS), "float32")
    labels = np.empty(BATCH, "int32")
    while True:
        rows = np.concatenate([rng.choice(members, BATCH // 2) for members in rows_of])
        rng.shuffle(rows)
        np.take(X, rows, axis=0, out=buffer, mode="clip")
        np.take(y, rows, out=labels, mode="clip")
        yield buffer, labels


def bare_take(X, y):
    """`np.take` alone, of row numbers that were drawn before."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(y), (256, BATCH))
    buffer = np.empty((BATCH, COLUMNS), "float32")
    for rows in itertools.cycle(drawn):
        yield np.take(X, rows, axis=0, out=buffer, mode="clip")


def forever(feed):
    """Epoch after epoch, without a pause that counts."""
    while True:
        yield from feed


def turns(batches, count, size=BATCH):
    """A run that pulls `count` batches of `size` rows from where it stands."""
    next(batches)

    def run():
        for _ in range(count):
            next(batches)
        return count * size

    return run


def raw(X, y, rounds):
    batches = feeds.Batches(X, y, BATCH)
    by_hand = (batches[i % len(batches)] for i in itertools.count())
    runs = {
        "tutorial: sample_from_datasets": turns(iter(tutorial(X, y)), 10),
        "tf.data: rejection_resample": turns(iter(rejection(X, y)), 1),
        "imbalanced-learn's generator": turns(imblearn_generator(X, y), 1000),
        "np.take alone": turns(bare_take(X, y), 2000),
        "bare numpy loop": turns(numpy_loop(X, y), 1000),
        "feeds.Batches (PyDataset)": turns(by_hand, 500),
        "feeds.balanced": turns(forever(feeds.balanced(X, y, BATCH)), 1000),
    }
    return take_turns(runs, rounds)


def model(columns=COLUMNS):
    layers = [keras.layers.Dense(units, activation="relu") for units in (128, 64, 32)]
    net = keras.Sequential([keras.Input((columns,)), *layers, keras.layers.Dense(1)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    net.compile("adam", loss, steps_per_execution=STEPS_PER_EXECUTION)
    return net


def fits(dataset, steps):
    """A run of `steps` training steps on an endless dataset."""
    batch, columns = dataset.element_spec[0].shape
    batch = batch or BATCH  # the tutorial's pipeline promises none
    net = model(columns)
    net.fit(dataset, steps_per_epoch=STEPS_PER_EXECUTION, verbose=0)

    def run():
        net.fit(dataset, steps_per_epoch=steps, verbose=0)
        return steps * batch

    return run


def in_fit(X, y, rounds):
    ours = feeds.balanced(X, y, BATCH)
    constant = tf.data.Dataset.from_tensors(next(iter(ours))).repeat()
    runs = {
        "tutorial: sample_from_datasets": fits(tutorial(X, y), STEPS_PER_EXECUTION),
        "one constant batch": fits(constant, len(ours)),
        "feeds.balanced": fits(ours.repeat(), len(ours)),
    }
    return take_turns(runs, rounds)


def with_blocks(block, X, y, batch):
    """A feed whose blocks are of so many bytes."""
    before, memory._BLOCK_BYTES = memory._BLOCK_BYTES, block  # noqa: SLF001 - what is measured
    feed = feeds.balanced(X, y, batch)
    memory._BLOCK_BYTES = before  # noqa: SLF001
    return feed


def block_sizes(rounds):
    """Feeds of every block size, in turns: rates and processor time against the size in use."""
    sizes = (memory._BLOCK_BYTES, *BLOCKS)  # noqa: SLF001
    print(f"against blocks of {sizes[0] >> 10} KB: rows per second, processor time per row")
    print(f"{'batch':>6}{'columns':>9}{'block KB':>10}{'loop':>8}{'CPU':>7}{'fit':>8}{'CPU':>7}")
    for batch, columns in SHAPES:
        X, y = synthetic(6_000_000 // columns, columns)
        ways = {}
        for size in sizes:
            feed, few = with_blocks(size, X, y, batch), max(16, 200_000 // batch)
            ways["loop", size] = turns(forever(feed), few, batch)
            ways["fit", size] = fits(feed.repeat(), max(1, few // 64) * STEPS_PER_EXECUTION)
        rate, cpu = ({way: [] for way in ways} for _ in range(2))
        for _ in range(rounds):
            for way, run in ways.items():
                start = time.perf_counter(), time.process_time()
                rows = run()
                rate[way].append(rows / (time.perf_counter() - start[0]))
                cpu[way].append((time.process_time() - start[1]) / rows)
        for size in BLOCKS:
            each = [
                np.median(np.array(of[kind, size]) / of[kind, sizes[0]])
                for kind in ("loop", "fit")
                for of in (rate, cpu)
            ]
            numbers = "{:>8.2f}{:>7.2f}{:>8.2f}{:>7.2f}".format(*each)
            print(f"{batch:>6,}{columns:>9}{size >> 10:>10,}{numbers}", flush=True)


def table(title, rates, against):
    print(f"\n{title}\n{'':34}{'krows/s':>10}" + "".join(f"{'x ' + name:>22}" for name in against))
    lines = []
    for name, values in rates.items():
        ratios = {column: ratio(rates, name, other) for column, other in against.items()}
        print(
            f"{name:<34}{np.median(values) / 1000:>10,.1f}"
            + "".join(f"{value:>22,.2f}" for value in ratios.values())
        )
        lines.append({"feed": name, "krows_per_s": np.median(values) / 1000, "ratios": ratios})
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--blocks", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    if options.blocks:
        block_sizes(options.rounds)
        return
    X, y = synthetic(options.rows)
    print(f"{options.rows:,} x {COLUMNS} float32, {SHARE:.0%} of class 1, batch {BATCH:,}")
    first = table(
        "Raw feed",
        raw(X, y, options.rounds),
        {"tutorial": "tutorial: sample_from_datasets", "numpy loop": "bare numpy loop"},
    )
    second = table(
        f"model.fit, 128-64-32, steps_per_execution {STEPS_PER_EXECUTION}",
        in_fit(X, y, options.rounds),
        {"tutorial": "tutorial: sample_from_datasets", "constant batch": "one constant batch"},
    )
    write_json(options.json, {"rows": options.rows, "raw": first, "fit": second})


if __name__ == "__main__":
    main()
