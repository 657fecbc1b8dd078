"""Feeds from a dataset: elements or batches of any kind, counted or not, kept or streamed."""

import numpy as np
import pytest
import tensorflow as tf

from steelyard import feeds
from steelyard._keras import keras
from steelyard.errors import DataError, EmptyClassError, RequestError, TargetError

N = 1_000
Y = np.random.default_rng(0).choice(3, N, p=[0.9, 0.07, 0.03]).astype("int32")
COUNTS = dict(enumerate(np.bincount(Y).tolist()))
X = np.stack([np.arange(N), Y], axis=1).astype("float32")


def dataset(labels=Y, inputs=X, weights=None):
    parts = (inputs, labels) if weights is None else (inputs, labels, weights)
    return tf.data.Dataset.from_tensor_slices(parts)


def epoch(feed):
    batches = [(x.numpy()[:, 0].astype(int), y.numpy()) for x, y in feed]
    return np.stack([x for x, _ in batches]), np.stack([y for _, y in batches])


@pytest.mark.parametrize("memory_limit", [0, 700, 1 << 30])
@pytest.mark.parametrize("given", [None, 37])
@pytest.mark.parametrize("counts", [None, COUNTS])
def test_shares_and_passes_whatever_is_kept(memory_limit, given, counts):
    rows = dataset() if given is None else dataset().batch(given)
    feed = feeds.rebalance(rows, counts, batch_size=30, memory_limit=memory_limit, seed=1)
    assert feed.element_spec == (tf.TensorSpec([30, 2]), tf.TensorSpec([30], tf.int32))
    assert len(feed) == -(-COUNTS[0] // 10)
    epochs = [epoch(feed), epoch(feed)]
    for sampled, labels in epochs:
        np.testing.assert_array_equal(labels, Y[sampled])
        assert ((labels[..., None] == range(3)).sum(axis=1) == 10).all()
    assert_whole_passes(epochs[0][0], 0)
    assert_whole_passes(epochs[1][0], 0)  # the streamed class starts anew in every epoch
    if memory_limit > 700:  # those in memory go on where they were
        both = np.concatenate([sampled.ravel() for sampled, _ in epochs])
        assert_whole_passes(both, 1)
        assert_whole_passes(both, 2)


def assert_whole_passes(sampled, label):
    members = np.flatnonzero(label == Y)
    walk = sampled[Y[sampled] == label]
    whole = len(walk) // members.size
    assert whole
    for turn in np.split(walk[: whole * members.size], whole):
        np.testing.assert_array_equal(np.sort(turn), members)


def test_the_kept_rows_are_those_of_balanced():
    rebalanced, labels = epoch(feeds.rebalance(dataset(), batch_size=30, seed=4))
    balanced, _ = epoch(feeds.balanced(X, Y, 30, seed=4))
    np.testing.assert_array_equal(rebalanced[labels > 0], balanced[labels > 0])


def test_short_epochs_reach_every_row():
    feed = feeds.rebalance(dataset().batch(64), batch_size=30, steps_per_epoch=13)
    sampled = np.concatenate([epoch(feed)[0].ravel() for _ in range(8)])
    walk = sampled[Y[sampled] == 0][: COUNTS[0]]
    np.testing.assert_array_equal(np.sort(walk), np.flatnonzero(Y == 0))


@pytest.mark.parametrize("memory_limit", [0, 1 << 30])
@pytest.mark.parametrize("step", [7, 31, 100])
def test_resumed_equals_uninterrupted(step, memory_limit):
    made = {"batch_size": 32, "seed": 2, "memory_limit": memory_limit}
    feed = feeds.rebalance(dataset().batch(50), **made)
    whole = np.concatenate([epoch(feed)[0], epoch(feed)[0]])
    resumed = feeds.rebalance(dataset().batch(50), **made, first_step=step)
    walk = np.concatenate([epoch(resumed)[0], epoch(resumed)[0]])
    np.testing.assert_array_equal(walk[: len(whole) - step], whole[step:])


def test_workers_share_every_batch():
    whole, _ = epoch(feeds.rebalance(dataset(), batch_size=32))
    parts = [epoch(feeds.rebalance(dataset(), batch_size=32, shard=(i, 2)))[0] for i in range(2)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


def test_a_shuffled_dataset_shows_other_orders():
    feed = feeds.rebalance(dataset().shuffle(N, seed=1).batch(64), batch_size=30)
    first, second = epoch(feed)[0], epoch(feed)[0]
    for sampled in (first, second):
        majority = sampled[Y[sampled] == 0][: COUNTS[0]]
        assert set(majority) == set(np.flatnonzero(Y == 0))
    assert not np.array_equal(first, second)


def test_text_one_hot_column_and_boolean_labels():
    names = np.array(["zebra", "ant", "mole"])[Y]
    feed = feeds.rebalance(dataset(names), batch_size=30, shares={"ant": 1, "mole": 1, "zebra": 3})
    assert feed.info.classes == ("ant", "mole", "zebra")
    assert [np.bincount(y).tolist() for _, y in feed.take(3)] == [[6, 6, 18]] * 3
    one_hot = feeds.rebalance(dataset(np.eye(3)[Y]), batch_size=30)
    assert next(iter(one_hot))[1].numpy().sum(axis=0).tolist() == [10, 10, 10]
    column = feeds.rebalance(dataset(Y[:, None]).batch(40), batch_size=30)
    x, y = next(iter(column))
    assert y.shape == (30, 1)
    np.testing.assert_array_equal(y[:, 0], x[:, 1])
    flags = feeds.rebalance(dataset(Y > 0), batch_size=30)
    assert next(iter(flags))[1].numpy().sum() == 15


def test_nested_inputs_and_weights():
    inputs = {"row": X, "text": np.array([f"row {i}" for i in range(N)])}
    weights = np.where(Y == 2, 3.0, 1.0)
    feed = feeds.rebalance(dataset(inputs=inputs, weights=weights), batch_size=30)
    x, _, w = next(iter(feed))
    rows = x["row"].numpy()[:, 0].astype(int)
    assert x["text"].numpy().tolist() == [f"row {i}".encode() for i in rows]
    np.testing.assert_array_equal(w, weights[rows])
    np.testing.assert_allclose(feed.trained_on, [0.2, 0.2, 0.6])


def test_image_folder_into_fit(tmp_path):
    for name, count in (("cat", 30), ("lynx", 6)):
        (tmp_path / name).mkdir()
        for i in range(count):
            pixels = np.full((9, 8, 3), i * 3 + 100 * (name == "lynx"), dtype="uint8")
            keras.utils.save_img(tmp_path / name / f"{i}.png", pixels, scale=False)
    images = keras.utils.image_dataset_from_directory(
        tmp_path, image_size=(9, 8), batch_size=16, seed=0, verbose=False
    )
    feed = feeds.rebalance(images)
    assert feed.info.counts == (30, 6)
    assert feed.element_spec[0].shape.as_list() == [16, 9, 8, 3]
    for x, y in feed:
        np.testing.assert_array_equal(y, x[:, 0, 0, 0] >= 100)
        assert y.numpy().sum() == 8
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile(loss="mse")
    model.fit(feed, epochs=2, verbose=0, shuffle=False)
    assert int(model.optimizer.iterations) == 2 * len(feed)


@pytest.mark.parametrize(
    ("error", "rows", "change"),
    [
        (RequestError, X, {}),
        (RequestError, tf.data.Dataset.from_tensor_slices(X), {}),
        (RequestError, dataset().repeat(), {}),
        (RequestError, dataset(np.eye(2)[Y % 2]), {}),
        (RequestError, dataset(), {"counts": {"no": 970, "yes": 30}}),
        (RequestError, dataset(), {"batch_size": 2}),
        (RequestError, dataset(), {"shard": (0, 7)}),
        (TargetError, dataset(), {"counts": {0: COUNTS[0], 1: N - COUNTS[0]}}),
        (DataError, dataset(), {"counts": COUNTS | {0: 5}}),
        (DataError, dataset().take(0), {}),
        (TargetError, dataset(np.zeros(N)), {}),
        (EmptyClassError, dataset(), {"counts": COUNTS | {9: 0}}),
    ],
)
def test_requests_that_would_go_wrong_silently(error, rows, change):
    with pytest.raises(error):
        feeds.rebalance(rows, **({"batch_size": 30} | change))
