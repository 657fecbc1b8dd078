"""The packed networks' losses are those of `steelyard.losses`, in value and gradient."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from steelyard._tensorflow import tf  # noqa: E402
from steelyard.models.packed_graph import as_cosines, forward  # noqa: E402
from steelyard.models.packed_losses import class_losses, stacked, uniform  # noqa: E402
from steelyard.techniques import TECHNIQUES, get  # noqa: E402

COUNTS = {2: np.array([900.0, 100.0]), 3: np.array([900.0, 90.0, 10.0])}
RANDOM = ("spared classes", "noise")
EXACT = [
    name
    for name, one in TECHNIQUES.items()
    if one.loss.needs and not one.loss.needs & {*RANDOM, "pairs of rows"}
]


def rows(classes, cosines=False):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(40, classes)).astype("float32") * (0.3 if cosines else 2)
    return np.clip(logits, -1, 1) if cosines else logits, rng.integers(0, classes, 40)


def packed(loss, logits, y, others=()):
    """Losses and gradient in a pack with other losses, after the end of the training."""
    numbers = [loss, *others]
    z = tf.Variable(np.stack([logits] * len(numbers)))
    with tf.GradientTape() as tape:
        scaled = z * float(loss.more.get("cosine", 1.0))
        found = class_losses(scaled, np.stack([y] * len(numbers)), stacked(numbers), 10.0, 10)
        first = tf.reduce_sum(found[0])
    return found[0].numpy(), tape.gradient(first, z).numpy()[0]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", EXACT)
def test_the_loss_of_a_technique_is_the_keras_loss(name, classes):
    loss, counts = get(name).loss, COUNTS[classes]
    logits, y = rows(classes, "cosines" in loss.needs)
    theirs = loss.keras(counts)
    theirs.reduction = None
    for callback in loss.callbacks(counts):
        theirs.assign(callback.class_weight)  # as at the end of a training
    z = tf.Variable(logits)
    with tf.GradientTape() as tape:
        values = theirs(y, z)
        total = tf.reduce_sum(values)
    slope = tape.gradient(total, z)
    others = [get("seesaw").loss.numbers(counts), get("asymmetric").loss.numbers(counts)]
    for beside in ((), others):
        ours, gradient = packed(loss.numbers(counts), logits, y, beside)
        np.testing.assert_allclose(ours, values, rtol=2e-4, atol=1e-6)
        np.testing.assert_allclose(gradient, slope, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["equalization", "gaussian-clouded"])
def test_a_loss_that_draws_is_the_keras_loss_on_average(name):
    loss, counts = get(name).loss, COUNTS[3]
    logits, y = rows(3, "cosines" in loss.needs)
    theirs, numbers = loss.keras(counts), stacked([loss.numbers(counts)])
    scaled = tf.constant(logits[None] * float(loss.numbers(counts).more.get("cosine", 1.0)))
    ours = [float(tf.reduce_mean(class_losses(scaled, y[None], numbers, i))) for i in range(100)]
    drawn = [float(theirs(y, logits)) for _ in range(100)]
    error = np.hypot(np.std(ours), np.std(drawn)) / 10
    assert np.std(ours) == pytest.approx(np.std(drawn), rel=0.35)
    assert np.mean(ours) == pytest.approx(np.mean(drawn), abs=4 * error)


def test_drawn_numbers_are_even_and_know_no_neighbour():
    shape = tf.constant([3, 400, 2])
    seeds = tf.constant([5, 6, 5], tf.uint32)
    steps = [uniform(shape, seeds, float(step)).numpy() for step in range(50)]
    values = np.stack(steps)
    np.testing.assert_array_equal(values[:, 0], values[:, 2])
    assert 0 <= values.min() < values.max() < 1
    counts = np.histogram(values[:, :2], bins=20, range=(0, 1))[0]
    assert counts.std() / counts.mean() < 0.02
    assert abs(np.corrcoef(values[0, 0].ravel(), values[1, 0].ravel())[0, 1]) < 0.1
    alone = uniform(tf.constant([1, 400, 2]), seeds[1:2], 7.0).numpy()[0]
    np.testing.assert_array_equal(alone, values[7, 1])


def test_a_last_layer_of_cosines_is_the_layer_of_that_name():
    from steelyard.layers import NormalizedDense

    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 4)).astype("float32")
    layer = NormalizedDense(3)
    cosines = layer(x).numpy()
    kernel = layer.get_weights()[0]
    pair = (tf.constant(kernel.T[None]), tf.ones((1, 3)))
    scale = tf.constant([30.0])
    logits = forward(as_cosines([pair], scale), tf.constant(x[None]), scale > 0)[0]
    np.testing.assert_allclose(logits, 30 * cosines, rtol=1e-4, atol=1e-4)
