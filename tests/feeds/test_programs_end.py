"""A program that ends, or fails, while batches are being sampled ahead must end."""

import subprocess
import sys

import pytest

START = """
import sys, time
import numpy as np
from steelyard import feeds
from steelyard._keras import keras

class OnDisk:
    "Rows that take their time, so that a thread is at work on them whenever the program ends."
    shape, dtype = (5_000, 3), np.dtype("float32")
    def __getitem__(self, rows):
        time.sleep(0.2)
        return np.zeros((len(rows), 3), "float32")

y = np.arange(5_000) % 50 == 0
feed = feeds.balanced(OnDisk(), y, batch_size=32)
"""
OPEN = START + "batches = iter(feed); next(batches)"
MAPPED = (
    START
    + "batches = feed.map(lambda x, y: (x * 2, y)).prefetch(500).as_numpy_iterator(); next(batches)"
)
FAILS = (
    START
    + """
def fail(batch, logs):
    raise RuntimeError("something else went wrong")
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, "sigmoid")])
model.compile("sgd", "binary_crossentropy")
model.fit(feed, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=fail)])
"""
)


@pytest.fixture(scope="module")
def programs():
    """All of them at once: what each waits for is mostly TensorFlow's start."""
    started = {
        name: subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
        for name, code in {"open": OPEN, "mapped": MAPPED, "fails": FAILS}.items()
    }
    yield started
    for program in started.values():
        program.kill()
        program.wait()


@pytest.mark.parametrize(("name", "code"), [("open", 0), ("mapped", 0), ("fails", 1)])
def test_the_program_ends(programs, name, code):
    _, said = programs[name].communicate(timeout=120)
    assert programs[name].returncode == code, said[-500:]
    assert ("something else went wrong" in said) == (name == "fails")
