"""Training on several workers gives what `fit` gives on one process, whatever is lost."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from training_cases import (
    EPOCHS,
    FEED,
    Killing,
    compiled,
    dropping,
    far,
    plain,
    trained,
    written,
)

from steelyard._keras import keras
from steelyard.errors import RequestError
from steelyard.executors.processes import Processes
from steelyard.feeds import fit_parallel, from_parquet
from steelyard.feeds.replica import Replica, Work

pytestmark = pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("parts"))


@pytest.fixture(scope="module")
def by_keras(folder):
    """What `fit` makes of the same batches."""
    model, feed = plain(), from_parquet(folder, "y", **FEED)
    return model, model.fit(feed, epochs=EPOCHS, verbose=0)


@pytest.mark.parametrize("workers", [1, 2, 3])  # slices of 91 rows are of unequal size
def test_any_number_of_workers_gives_the_weights_of_fit(workers, folder, by_keras):
    model, history = trained(plain, folder, workers=workers)
    expected, told = by_keras
    assert far(model, expected) < 1e-5
    assert far(plain_start(folder), expected) > 0.1
    np.testing.assert_allclose(history.history["loss"], told.history["loss"], rtol=1e-5)
    assert history.epoch == told.epoch
    assert int(model.optimizer.iterations) == EPOCHS * history.info.steps_per_epoch
    assert history.trained_on == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def plain_start(folder):
    """The network as it is before any batch."""
    model = plain()
    x, _ = next(iter(from_parquet(folder, "y", **FEED)))
    model(x)
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.fixture(scope="module")
def alone(folder):
    """What one process makes of a network that draws and that looks at several rows."""
    return trained(dropping, folder)


def test_a_process_gives_the_same_and_that_it_is_killed_costs_nothing_but_time(
    folder, on_workers, alone
):
    with Processes(1) as pool:
        killing = Killing(13, pool)
        model, history = trained(dropping, folder, cluster=pool, callbacks=[killing])
    assert killing.killed
    assert far(model, alone[0]) < 1e-5
    np.testing.assert_allclose(history.history["loss"], alone[1].history["loss"], rtol=1e-5)


def test_a_killed_training_goes_on_when_it_is_asked_for_again(folder, tmp_path, alone):
    whole, told = alone
    checkpoint = tmp_path / "run.keras"
    batches = told.info.steps_per_epoch + 8
    words = [Path(__file__).with_name("training_cases.py"), folder, checkpoint, batches]
    child = subprocess.run([sys.executable, *map(str, words)], check=False)
    assert child.returncode == -signal.SIGKILL
    begun = keras.saving.load_model(checkpoint)
    done = int(begun.optimizer.iterations)
    assert told.info.steps_per_epoch < done < batches  # of the middle of the second epoch
    model, history = trained(dropping, folder, checkpoint=checkpoint)
    assert far(model, whole) < 1e-6
    np.testing.assert_allclose(history.history["loss"], told.history["loss"], rtol=1e-6)
    assert int(model.optimizer.iterations) == EPOCHS * told.info.steps_per_epoch


def test_a_finished_training_is_read_and_more_epochs_go_on(folder, tmp_path, by_keras):
    checkpoint = tmp_path / "new" / "run.keras"
    first, told = trained(plain, folder, epochs=1, checkpoint=checkpoint)
    again, history = trained(plain, folder, epochs=1, checkpoint=checkpoint, callbacks=[Killing(1)])
    assert far(again, first) == 0
    assert history.history == told.history
    both, _ = trained(plain, folder, epochs=2, checkpoint=checkpoint, workers=1)
    assert far(both, by_keras[0]) < 1e-5
    assert far(keras.saving.load_model(checkpoint), both) == 0


def test_a_worker_reads_on_to_the_batch_it_is_asked_for(folder):
    """Who was not asked for a while, or is asked again; through epochs of four batches."""
    feed = FEED | {"path": folder, "target": "y", "columns": ["x0"], "steps_per_epoch": 4}
    whole = from_parquet(**feed)
    batches = [x.numpy() for _ in range(3) for x, _ in whole]
    model = keras.saving.serialize_keras_object(compiled(keras.Input((1,))))
    replica = Replica(Work("a test", model, {}, feed, slices=2))
    for step in (5, 6, 6, 11, 2, 3, 7, 0):
        np.testing.assert_array_equal(replica.batch(step)[0], batches[step])


def test_batch_normalization_learns_the_moments_of_the_slices(folder):
    def normalized():
        keras.utils.set_random_seed(1)
        return compiled(keras.Input((5,)), keras.layers.BatchNormalization(momentum=0.75))

    fed = FEED | {"batch_size": 90, "steps_per_epoch": 1}
    model, history = trained(normalized, folder, epochs=1, workers=3, **fed)
    x, y = (part.numpy() for part in next(iter(from_parquet(folder, "y", **fed))))
    slices = x.reshape(3, 30, 5)
    mean, variance = model.layers[0].non_trainable_weights
    np.testing.assert_allclose(mean, 0.25 * x.mean(0), atol=1e-6)
    np.testing.assert_allclose(variance, 0.75 + 0.25 * slices.var(1).mean(0), atol=1e-6)
    # Loss and gradient are those of slices that are normalised by themselves.
    start = normalized()
    losses = [
        start.compute_loss(y=labels, y_pred=start(rows, training=True))
        for rows, labels in zip(slices, y.reshape(3, 30), strict=True)
    ]
    assert history.history["loss"] == [pytest.approx(np.mean(losses), rel=1e-5)]


def test_dropout_draws_for_every_slice_and_batch(folder):
    """On a column of ones the gradient of a sum is the number of units kept: all differ."""
    seen = []

    @keras.saving.register_keras_serializable(package="cases")
    class Watched(keras.layers.Dropout):
        def call(self, x, training=False):
            kept = super().call(x, training=training)
            keep(kept)
            return kept

    def keep(kept):
        import tensorflow as tf

        tf.py_function(lambda one: seen.append(one.numpy()[:20, 0]), [kept], [])

    def watched():
        return compiled(keras.Input((1,)), Watched(0.5))

    options = {"columns": ["one"], "steps_per_epoch": 2, "epochs": 1}
    trained(watched, folder, **options)
    first, seen[:] = list(seen), []
    trained(watched, folder, **options)
    assert len({one.tobytes() for one in first}) == len(first) == 6
    np.testing.assert_array_equal(seen, first)


def test_callbacks_and_validation_do_what_they_do_in_fit(folder):
    held = from_parquet(folder, "y", **FEED | {"seed": 9}, steps_per_epoch=2)
    held = [np.concatenate([part.numpy() for part in parts]) for parts in zip(*held, strict=True)]

    def fitted(fit):
        model = plain()
        model.compile("sgd", model.loss, metrics=["accuracy"])
        model.optimizer.learning_rate = 1.0
        stop = keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True)
        return model, fit(model, {"callbacks": [stop], "verbose": 0, "epochs": 30})

    feed = FEED | {"steps_per_epoch": 3}
    expected, told = fitted(
        lambda model, options: model.fit(
            from_parquet(folder, "y", **feed), validation_data=tuple(held), **options
        )
    )
    model, history = fitted(
        lambda model, options: fit_parallel(
            model, folder, "y", **feed, workers=2, validation_data=tuple(held), **options
        )
    )
    assert 1 < len(told.epoch) < 30
    for name in ("loss", "val_loss", "val_accuracy"):
        np.testing.assert_allclose(history.history[name], told.history[name], rtol=1e-4)
    assert far(model, expected) < 1e-5


class OwnStep(keras.Sequential):
    """A training step of its own."""

    def train_step(self, data):
        return super().train_step(data)


class OwnClass(keras.Model):
    """Keras cannot write it down."""

    def __init__(self, width):
        super().__init__()
        self.dense = keras.layers.Dense(width)

    def call(self, x):
        return self.dense(x)


def made(kind, *arguments, **options):
    model = kind(*arguments)
    model.compile(**{"optimizer": "sgd", "loss": "mse"} | options)
    return model


SUM = keras.losses.BinaryCrossentropy(reduction="sum")
LAYERS = [keras.layers.Dense(1)]
REFUSED = [
    (lambda: keras.Sequential(LAYERS), {}, "compiled Keras model"),
    (lambda: made(OwnStep, LAYERS), {}, "OwnStep has a train_step of its own"),
    (lambda: made(OwnClass, 1), {}, "cannot be built again by the workers"),
    (lambda: made(keras.Sequential, LAYERS, loss=SUM), {}, "the reduction 'sum'"),
    (plain, {"workers": 92}, "a batch is cut into 1 to 91 slices"),
    (plain, {"workers": 0}, "a batch is cut into 1 to 91 slices"),
    (plain, {"epochs": 0}, "epochs = 0, checkpoint_every = 1000; either is 1 or more"),
    (plain, {"checkpoint_every": 0}, "checkpoint_every = 0; either is 1 or more"),
    (plain, {"checkpoint": "run.h5"}, r"ends in \.keras"),
]


@pytest.mark.parametrize(("build", "options", "said"), REFUSED)
def test_what_cannot_be_done_is_refused_in_a_line(build, options, said, folder):
    with pytest.raises(RequestError, match=said) as caught:
        trained(build, folder, **options)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_something_else_is_refused(folder, tmp_path):
    checkpoint = tmp_path / "run.keras"
    trained(plain, folder, epochs=1, steps_per_epoch=1, checkpoint=checkpoint)
    with pytest.raises(RequestError, match="begun with batch_size = 91, and now it is 60"):
        trained(plain, folder, steps_per_epoch=1, checkpoint=checkpoint, batch_size=60)
    with pytest.raises(RequestError, match="begun with shapes of the weights"):
        trained(dropping, folder, steps_per_epoch=1, checkpoint=checkpoint)
    plain_start(folder).save(checkpoint)
    with pytest.raises(RequestError, match="is no checkpoint of such a training"):
        trained(plain, folder, checkpoint=checkpoint)
    checkpoint.write_text("not a zip")
    with pytest.raises(RequestError, match="is no checkpoint of such a training"):
        trained(plain, folder, checkpoint=checkpoint)
