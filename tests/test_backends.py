"""On another Keras backend: what works everywhere works, and the rest says what it needs."""

import subprocess
import sys

CODE = """
import keras, numpy as np, steelyard
keras.backend.backend = lambda: "jax"  # the parts under test ask no more of it
from steelyard import feeds, weights
X, y = np.zeros((64, 3), "float32"), (np.arange(64) % 8 == 0).astype(int)
print(weights.fit_arguments(X, y)["sample_weight"].sum())
print(int(feeds.Batches(X, y, batch_size=8)[0][1].sum()))
for part in ("losses", "layers", "metrics.F1", "callbacks", "feeds.balanced"):
    try:
        thing = steelyard
        for name in part.split("."):
            thing = getattr(thing, name)
    except steelyard.SteelyardError as error:
        print(part, "needs the TensorFlow backend" in str(error))
"""


def test_without_the_tensorflow_backend():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split("\n") == [
        "64.0",
        "4",
        "losses True",
        "layers True",
        "metrics.F1 True",
        "callbacks True",
        "feeds.balanced True",
        "",
    ], done.stderr[-500:]
