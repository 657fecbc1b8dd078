"""What the tests of training on workers share: files, networks, and a callback that kills."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import polars as pl

from steelyard._keras import keras
from steelyard.feeds import fit_parallel

N = 800
RNG = np.random.default_rng(8)
Y = RNG.choice(3, N, p=[0.8, 0.15, 0.05])
X = (RNG.normal(size=(N, 4)) + 0.5 * Y[:, None]).astype("float32")
TABLE = pl.DataFrame({f"x{i}": X[:, i] for i in range(4)} | {"one": np.ones(N), "y": Y})

EPOCHS = 2
FEED = {"batch_size": 91, "seed": 3, "window_rows": 400}


def written(folder):
    for i, part in enumerate(np.array_split(np.arange(N), 4)):
        TABLE[part].write_parquet(folder / f"{i}.parquet", row_group_size=150)
    return folder


@keras.saving.register_keras_serializable(package="cases")
class Scaled(keras.layers.Layer):
    """A class of the user's own."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x):
        return x * self.scale


def compiled(*layers, **options):
    """A network of these layers and a last one."""
    model = keras.Sequential([*layers, keras.layers.Dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(
        **{"optimizer": keras.optimizers.AdamW(1e-2, clipnorm=1.0), "loss": loss} | options
    )
    return model


def plain():
    """Its rows don't see each other; penalised, and not built before the columns are known."""
    keras.utils.set_random_seed(1)
    penalty = keras.regularizers.L2(1e-2)
    return compiled(Scaled(), keras.layers.Dense(12, "relu", kernel_regularizer=penalty))


def dropping():
    """What draws, and what looks at several rows."""
    keras.utils.set_random_seed(1)
    return compiled(
        keras.Input((5,)),
        keras.layers.Dense(12, "relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.5),
    )


def trained(build, folder, *, epochs=EPOCHS, workers=3, **options):
    model = build()
    fed = FEED | {"verbose": 0} | options
    history = fit_parallel(model, folder, "y", epochs=epochs, workers=workers, **fed)
    return model, history


def far(model, other):
    """The largest difference between two models' weights, and optimizers'."""
    pairs = zip(
        [*model.weights, *model.optimizer.variables],
        [*other.weights, *other.optimizer.variables],
        strict=True,
    )
    return max(np.abs(one.numpy() - two.numpy()).max() for one, two in pairs)


def own_process():
    return os.getpid()


class Killing(keras.callbacks.Callback):
    """After so many batches SIGKILL: of this process, or of one of an executor's workers."""

    def __init__(self, batches, executor=None):
        super().__init__()
        self.batches, self.executor, self.killed = batches, executor, 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches -= 1
        if not self.batches:
            (worker,) = self.executor.map(own_process, [()]) if self.executor else [os.getpid()]
            os.kill(worker, signal.SIGKILL)
            self.killed += 1


if __name__ == "__main__":  # a training that is killed on its way
    folder, checkpoint, batches = sys.argv[1:]
    options = {"checkpoint": Path(checkpoint), "checkpoint_every": 5}
    trained(dropping, Path(folder), callbacks=[Killing(int(batches))], **options)
