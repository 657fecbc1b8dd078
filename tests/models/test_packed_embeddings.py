"""Embeddings of categories: folded away they say what Keras's own layers say; packed = alone."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from steelyard._tensorflow import tf  # noqa: E402
from steelyard.models import packed  # noqa: E402
from steelyard.models.members import Member  # noqa: E402
from steelyard.models.packed_embeddings import Embeddings, folded  # noqa: E402
from steelyard.models.packed_graph import Settings  # noqa: E402
from steelyard.techniques.loss import LossNumbers  # noqa: E402
from steelyard.techniques.sample import SampleIndices  # noqa: E402

LEVELS = (3, 10)
NUMBERS, WIDTH = 2, 16  # the rest is padding


@pytest.fixture(scope="module")
def rows():
    """Numbers and codes of 400 rows, and the matrix of both."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(400, NUMBERS)).astype("float32")
    codes = np.stack([rng.integers(0, count, 400) for count in LEVELS], axis=1)
    hot = [
        np.eye(count, dtype="float32")[column]
        for count, column in zip(LEVELS, codes.T, strict=True)
    ]
    X = np.zeros((400, WIDTH), "float32")
    X[:, : NUMBERS + sum(LEVELS)] = np.hstack([numbers, *hot])
    return numbers, codes, X


def test_a_folded_kernel_is_dense_after_keras_embeddings(rows):
    numbers, codes, X = rows
    embeddings = Embeddings.of(LEVELS, NUMBERS + sum(LEVELS), WIDTH)
    rng = np.random.default_rng(1)
    kernel = rng.normal(size=(1, 4, WIDTH)).astype("float32")
    embedding, onward = embeddings.start([0.5], 4, [(1,)])
    whole = folded(*(tf.constant(one) for one in (kernel, embedding, onward)), embeddings.places())

    assert embeddings.sizes == (3, 5)
    inputs = [numbers, X[:, NUMBERS : NUMBERS + sum(LEVELS)]]
    kernels = [kernel[0, :, : NUMBERS + sum(LEVELS)].T]
    for j, (count, size) in enumerate(zip(LEVELS, embeddings.sizes, strict=True)):
        layer = keras.layers.Embedding(count, size)
        layer.build()
        layer.set_weights([embedding[0, j, :count, :size]])
        inputs.append(np.asarray(layer(codes[:, j])))
        kernels.append(onward[0, j, :size])
    dense = keras.layers.Dense(4, use_bias=False)
    joined = np.hstack(inputs)
    dense.build(joined.shape)
    dense.set_weights([np.concatenate(kernels)])
    np.testing.assert_allclose(X @ whole[0].numpy().T, dense(joined), atol=1e-5)


def test_gradients_are_those_of_a_lookup(rows):
    """And nothing reaches a level or a number that does not exist."""
    _, codes, X = rows
    embeddings = Embeddings.of(LEVELS, NUMBERS + sum(LEVELS), WIDTH)
    embedding, onward = map(tf.constant, embeddings.start([0.5], 4, [(1,)]))
    kernel = tf.zeros((1, 4, WIDTH))
    with tf.GradientTape() as tape:
        tape.watch(embedding)
        whole = folded(kernel, embedding, onward, embeddings.places())[0]
        ours = tf.reduce_sum(tf.sin(tf.matmul(X, whole, transpose_b=True)))
    ours = tape.gradient(ours, embedding).numpy()
    with tf.GradientTape() as tape:
        tape.watch(embedding)
        looked_up = [tf.gather(embedding[0, j], codes[:, j]) @ onward[0, j] for j in (0, 1)]
        theirs = tf.reduce_sum(tf.sin(tf.add_n(looked_up)))
    theirs = tf.convert_to_tensor(tape.gradient(theirs, embedding)).numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    assert not ours[0, 0, 3:].any()
    assert not ours[0, 0, :, 3:].any()
    assert Embeddings.of((), NUMBERS, WIDTH) is None


def test_packed_equals_alone(rows):
    _, codes, X = rows
    y = ((codes[:, 0] == 1) & (codes[:, 1] < 5)).astype("int64")
    settings = Settings(
        hidden=(8,), batch=32, steps=100, check_every=25, unit_variance=True, rate=1e-2
    )
    three = [member(seed) for seed in (1, 2, 3)]
    together = packed.probabilities(packed.train(X, y, three, settings, levels=LEVELS), X)
    for i, one in enumerate(three):
        alone = packed.train(X, y, [one], settings, levels=LEVELS)
        np.testing.assert_allclose(together[i], packed.probabilities(alone, X)[0], atol=1e-4)
    assert together[0, y == 1, 1].mean() > together[0, y == 0, 1].mean() + 0.3


def member(seed):
    rows, loss = np.arange(300), LossNumbers(np.ones(2), np.zeros(2))
    drawn = SampleIndices(rows, rows, np.zeros(300, "float32"))
    prior = np.array([0.8, 0.2])
    return Member(drawn, np.arange(300, 400), loss, loss, prior, NUMBERS + sum(LEVELS), (seed,))
