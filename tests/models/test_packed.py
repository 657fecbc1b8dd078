"""Packed training: packed = alone, nobody disturbs a neighbour, the loss is the formula."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from steelyard._tensorflow import tf  # noqa: E402
from steelyard.models import packed, packed_graph  # noqa: E402
from steelyard.models.members import Member  # noqa: E402
from steelyard.models.packed_graph import Settings  # noqa: E402
from steelyard.models.packed_losses import class_losses, stacked  # noqa: E402
from steelyard.techniques import get  # noqa: E402
from steelyard.techniques.loss import LossNumbers  # noqa: E402
from steelyard.techniques.sample import SampleIndices  # noqa: E402

SETTINGS = Settings(hidden=(8,), batch=32, steps=100, check_every=25)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    y = (rng.random(400) < 0.2).astype("int64")
    X = (rng.normal(size=(400, 5)) + y[:, None]).astype("float32")
    return X, y


def network(seed, loss, rows=300, share=0.0):
    rows = np.arange(rows)
    drawn = SampleIndices(rows, np.roll(rows, 1), np.full(len(rows), share, "float32"))
    held = np.arange(300, 400)
    return Member(drawn, held, loss, loss, np.array([0.8, 0.2]), 5, (seed,))


PLAIN = LossNumbers(np.ones(2), np.zeros(2))
FOCAL = LossNumbers(np.ones(2), np.zeros(2), 2.0)
WEIGHTED = LossNumbers(np.array([0.6, 2.5]), np.array([0.1, -0.3]))


def test_packed_equals_alone_and_neighbours_do_not_matter(table):
    X, y = table
    three = [network(1, PLAIN), network(2, FOCAL), network(3, WEIGHTED, share=0.5)]
    together = packed.probabilities(packed.train(X, y, three, SETTINGS), X)
    for i, one in enumerate(three):
        alone = packed.probabilities(packed.train(X, y, [one], SETTINGS), X)[0]
        np.testing.assert_allclose(together[i], alone, atol=1e-4)
    other = [three[0], network(9, WEIGHTED, 50), three[2]]
    changed = packed.probabilities(packed.train(X, y, other, SETTINGS), X)
    np.testing.assert_allclose(changed[[0, 2]], together[[0, 2]], atol=1e-4)
    assert abs(changed[1] - together[1]).max() > 0.01


def test_it_learns(table):
    from sklearn.metrics import roc_auc_score

    X, y = table
    p = packed.probabilities(packed.train(X, y, [network(1, PLAIN)], SETTINGS), X)[0]
    assert roc_auc_score(y[300:], p[300:, 1]) > 0.85


def test_plain_and_weighted_losses_are_keras_own():
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(1, 64, 3)).astype("float32")
    y = rng.integers(0, 3, (1, 64))
    weight, offset = np.array([0.5, 1.0, 4.0]), np.array([0.3, 0.0, -1.0])
    ours = class_losses(tf.constant(logits), y, stacked([LossNumbers(weight, offset)]))[0]
    theirs = keras.losses.sparse_categorical_crossentropy(
        y[0], logits[0] + offset.astype("float32"), from_logits=True
    )
    np.testing.assert_allclose(ours, weight[y[0]] * np.asarray(theirs), rtol=1e-5)


def test_focal_oracle():
    """Rows of the published example in the project's formulas, gamma 2, softmax form."""
    z = np.array([[[2.0, 1.0, 0.5], [0.2, 0.4, 0.1], [1.5, -0.5, 0.3]]], "float32")
    numbers = stacked([LossNumbers(np.ones(3), np.zeros(3), 2.0)])
    loss = class_losses(tf.constant(z), np.array([[0, 1, 2]]), numbers)[0]
    np.testing.assert_allclose(loss, [0.064078, 0.348916, 0.975808], atol=1e-5)


@pytest.mark.parametrize("name", ["class-weight", "effective-number", "balanced-softmax"])
def test_the_treatment_reaches_the_gradient_as_the_formula_says(name):
    """d loss / d logits = w_y (softmax(z + offset) - onehot(y)): closed form against the tape."""
    counts = np.array([900, 100])
    numbers = get(name).loss.numbers(counts)
    z = tf.Variable(np.array([[[0.3, -0.2], [1.0, 2.0]]], "float32"))
    y = np.array([[1, 0]])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(class_losses(z, y, stacked([numbers])))
    shifted = z.numpy()[0] + numbers.offset
    p = np.exp(shifted) / np.exp(shifted).sum(-1, keepdims=True)
    expected = numbers.weight[y[0]][:, None] * (p - np.eye(2)[y[0]])
    np.testing.assert_allclose(tape.gradient(total, z)[0], expected, rtol=1e-5)
    untreated = np.exp(z.numpy()[0]) / np.exp(z.numpy()[0]).sum(-1, keepdims=True)
    assert not np.allclose(expected, untreated - np.eye(2)[y[0]], atol=0.01)


def test_gradients_stay_finite_at_extreme_logits():
    z = tf.Variable(np.array([[[100.0, -100.0], [-100.0, 100.0]]], "float32"))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(class_losses(z, np.array([[0, 0]]), stacked([FOCAL])))
    assert np.isfinite(tape.gradient(loss, z)).all()


def test_memory_decides_how_many_train_together(table, monkeypatch):
    few, many = (packed.networks_at_once(width, 2, Settings()) for width in (5_000, 30))
    assert many == packed.PACK
    assert 1 <= few < many
    assert packed.networks_at_once(10**7, 2, Settings()) == 1
    X, y = table
    five = [network(seed, PLAIN) for seed in range(5)]
    whole = packed.train(X, y, five, SETTINGS)
    monkeypatch.setattr(packed, "PACK", 2)
    in_parts = packed.train(X, y, five, SETTINGS)
    for (kernel, bias), (kernel_2, bias_2) in zip(whole.layers, in_parts.layers, strict=True):
        np.testing.assert_allclose(kernel, kernel_2, atol=1e-4)
        np.testing.assert_allclose(bias, bias_2, atol=1e-4)


def test_looks_in_blocks_are_the_look_at_all(table, monkeypatch):
    X, y = table
    whole = packed.train(X, y, [network(1, WEIGHTED)], SETTINGS)
    monkeypatch.setattr(packed_graph, "LOOK_ROWS", 7)
    packed._graph.cache_clear()
    in_blocks = packed.train(X, y, [network(1, WEIGHTED)], SETTINGS)
    packed._graph.cache_clear()
    np.testing.assert_allclose(whole.layers[0][0], in_blocks.layers[0][0], atol=1e-5)
