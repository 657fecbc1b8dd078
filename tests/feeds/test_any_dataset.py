"""Rows of unequal length, several outputs, masks: whatever a dataset or an array may hold."""

import numpy as np
import pytest
import tensorflow as tf

from steelyard import feeds
from steelyard.errors import DataError, RequestError, TargetError

RNG = np.random.default_rng(0)
N = 300
Y = (RNG.random(N) < 0.1).astype(int)
TEXTS = [RNG.integers(1, 50, RNG.integers(1, 9)).tolist() for _ in range(N)]
LONGEST = max(len(text) for text in TEXTS)
PADDED = np.array([text + [0] * (LONGEST - len(text)) for text in TEXTS])


def single():
    specs = (tf.TensorSpec([None], tf.int64), tf.TensorSpec([], tf.int64))
    return tf.data.Dataset.from_generator(
        lambda: zip(TEXTS, Y, strict=True), output_signature=specs
    )


def ragged():
    return tf.data.Dataset.from_tensor_slices((tf.ragged.constant(TEXTS, tf.int64), Y))


def rows_of(feed):
    inputs, labels = zip(*[(x.numpy(), y.numpy()) for x, y in feed], strict=True)
    return np.concatenate(inputs), np.concatenate(labels)


@pytest.mark.parametrize(
    "dataset",
    [
        single,
        lambda: single().padded_batch(20),
        lambda: ragged().batch(20),
        ragged,
    ],
    ids=["elements", "padded", "ragged", "ragged elements"],
)
@pytest.mark.parametrize("memory_limit", [0, 1 << 30])
def test_rows_of_unequal_length_are_padded_to_the_longest(dataset, memory_limit):
    feed = feeds.rebalance(dataset(), batch_size=16, memory_limit=memory_limit)
    assert feed.element_spec[0].shape == (16, LONGEST)
    inputs, labels = rows_of(feed)
    assert (labels.reshape(-1, 16).sum(axis=1) == 8).all()
    for k in (0, 1):
        expected = {tuple(row) for row in PADDED[k == Y].tolist()}
        assert {tuple(row) for row in inputs[labels == k].tolist()} == expected


def test_texts_of_unequal_length_are_padded_with_empty_text():
    words = tf.ragged.constant([["a"] * (1 + i % 3) for i in range(40)])
    data = tf.data.Dataset.from_tensor_slices((words, np.arange(40) % 4 == 0)).batch(7)
    inputs, _ = rows_of(feeds.rebalance(data, batch_size=8))
    assert {row.tolist().count(b"a") for row in inputs} == {1, 2, 3}
    assert inputs.shape[1] == 3


def test_lists_of_unequal_length():
    feed = feeds.balanced(TEXTS, Y, batch_size=16)
    inputs, labels = rows_of(feed)
    rare = {tuple(row) for row in PADDED[Y == 1].tolist()}
    assert {tuple(row) for row in inputs[labels == 1].tolist()} == rare
    with pytest.raises(DataError, match="unequal shape"):
        feeds.balanced([[[1], [2]], [[3]]], [0, 1])


OUTPUTS = {"rare": Y, "place": RNG.normal(size=(N, 2)).astype("float32")}
IMAGES = RNG.random((N, 4, 4, 1)).astype("float32")
MASKS = (IMAGES > 0.99).astype("float32")
HAS = MASKS.max(axis=(1, 2, 3)).astype(int)


def test_balanced_on_one_of_several_outputs():
    data = tf.data.Dataset.from_tensor_slices((IMAGES, OUTPUTS))
    for dataset in (data, data.batch(50)):
        feed = feeds.rebalance(dataset, by="rare", batch_size=20)
        for _, labels in feed:
            assert int(tf.reduce_sum(labels["rare"])) == 10
            assert labels["place"].shape == (20, 2)
    tuples = tf.data.Dataset.from_tensor_slices((IMAGES, (OUTPUTS["place"], Y))).batch(50)
    _, (_, labels) = next(iter(feeds.rebalance(tuples, by=1, batch_size=20)))
    assert int(tf.reduce_sum(labels)) == 10


@pytest.mark.parametrize("memory_limit", [0, 1 << 30])
def test_masks_balanced_on_whether_they_hold_something(memory_limit):
    data = tf.data.Dataset.from_tensor_slices((IMAGES, MASKS)).batch(50)
    feed = feeds.rebalance(
        data,
        by=lambda _, masks: tf.reduce_max(masks, axis=[1, 2, 3]),
        batch_size=20,
        memory_limit=memory_limit,
    )
    for images, masks in feed:
        assert masks.shape == (20, 4, 4, 1)
        np.testing.assert_array_equal(masks, images > 0.99)
        assert int((tf.reduce_max(masks, axis=[1, 2, 3]) > 0).numpy().sum()) == 10


def test_what_to_balance_on_is_asked_for():
    data = tf.data.Dataset.from_tensor_slices((IMAGES, OUTPUTS)).batch(50)
    for by in (None, "loc"):
        with pytest.raises(RequestError, match=r"\['rare', 'place'\]"):
            feeds.rebalance(data, by=by)
    with pytest.raises(TargetError, match="by="):
        feeds.balanced(IMAGES, OUTPUTS)
    with pytest.raises(TargetError, match="by="):
        feeds.rebalance(tf.data.Dataset.from_tensor_slices((IMAGES, MASKS)).batch(50))


@pytest.mark.parametrize("make", [feeds.balanced, feeds.Batches])
def test_a_mask_is_turned_with_its_image(make):
    def turned(images, masks, seed):
        return images[:, ::-1], masks[:, ::-1]

    feed = make(IMAGES, MASKS, batch_size=20, by=HAS, augment=turned)
    originals = {image.tobytes() for image in IMAGES}
    changed = 0
    for i in range(len(feed)):
        images, masks = feed[i] if make is feeds.Batches else next(iter(feed.skip(i)))
        np.testing.assert_array_equal(np.asarray(masks), np.asarray(images) > 0.99)
        changed += sum(image.tobytes() not in originals for image in np.asarray(images))
        if i == 12:
            break
    assert changed > 0
