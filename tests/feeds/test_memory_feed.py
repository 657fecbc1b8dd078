"""Feeds from arrays: shares, passes, shapes, inputs of every kind, and how they end and resume."""

import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf
from sklearn.datasets import make_classification

from steelyard import layers
from steelyard._keras import keras
from steelyard.errors import DataError, EmptyClassError, RequestError, TargetError
from steelyard.feeds import Batches, balanced, natural

N, RARE = 1_000, 60


@pytest.fixture(scope="module")
def data():
    y = np.zeros(N, dtype="int32")
    y[np.random.default_rng(0).choice(N, RARE, replace=False)] = 1
    # The row number stands in the first column, so that a batch tells which rows it holds.
    X = np.stack([np.arange(N), y, np.zeros(N)], axis=1).astype("float32")
    return X, y


def rows_of(feed):
    return [batch[0].numpy()[:, 0].astype(int) for batch in feed]


def test_every_batch_is_balanced_and_static(data):
    X, y = data
    feed = balanced(X, y, batch_size=64)
    assert feed.element_spec == (tf.TensorSpec([64, 3]), tf.TensorSpec([64], tf.int32))
    assert len(feed) == feed.info.steps_per_epoch == -(-(N - RARE) // 32)
    for x, labels in feed:
        assert labels.numpy().sum() == 32
        np.testing.assert_array_equal(x.numpy()[:, 1], labels.numpy())


def test_no_row_comes_twice_before_all_came_once(data):
    X, y = data
    feed = balanced(X, y, batch_size=50, seed=3)
    sampled = np.concatenate(rows_of(feed) + rows_of(feed))
    for label in (0, 1):
        walk = sampled[y[sampled] == label]
        members = np.flatnonzero(y == label)
        whole = len(walk) // members.size
        for turn in np.split(walk[: whole * members.size], whole):
            np.testing.assert_array_equal(np.sort(turn), members)
    assert whole > 15


def test_epochs_differ_and_seeds_repeat(data):
    feed, again, other = (balanced(*data, batch_size=64, seed=seed) for seed in (1, 1, 2))
    first, second = rows_of(feed), rows_of(feed)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, rows_of(again))
    np.testing.assert_array_equal(second, rows_of(again))
    assert not np.array_equal(first, rows_of(other))


def test_fit_moves_on_by_one_epoch_each_time(data):
    feed = balanced(*data, batch_size=64)
    seen = []
    traced = feed.map(lambda x, y: (tf.numpy_function(note(seen), [x], tf.float32), y))
    traced = traced.map(lambda x, y: (tf.ensure_shape(x, [64, 3]), y))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    model.fit(traced, epochs=3, verbose=0, shuffle=False)
    expected = balanced(*data, batch_size=64)
    epochs = [*rows_of(expected), *rows_of(expected), *rows_of(expected)]
    np.testing.assert_array_equal(seen[: 3 * len(feed)], epochs)


def note(seen):
    def keep(x):
        seen.append(x[:, 0].astype(int))
        return x

    return keep


@pytest.mark.parametrize(("epoch", "step"), [(0, 0), (0, 7), (2, 5)])
def test_resumed_by_number_equals_uninterrupted(data, epoch, step):
    feed = balanced(*data, batch_size=64, seed=4)
    whole = [rows_of(feed) for _ in range(epoch + 2)]
    resumed = balanced(*data, batch_size=64, seed=4, first_epoch=epoch, first_step=step)
    np.testing.assert_array_equal(rows_of(resumed), whole[epoch][step:])
    np.testing.assert_array_equal(rows_of(resumed), whole[epoch + 1])


def test_resumed_from_a_checkpoint_equals_uninterrupted(data, tmp_path):
    feed = balanced(*data, batch_size=64, seed=4)
    rows_of(feed)
    iterator = iter(feed)
    for _ in range(9):
        next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "feed"))
    rest = rows_of(iterator)
    fresh = iter(balanced(*data, batch_size=64, seed=4))
    tf.train.Checkpoint(iterator=fresh).restore(path)
    np.testing.assert_array_equal(rows_of(fresh), rest)
    assert len(rest) == len(feed) - 9


def test_a_training_run_resumed_in_mid_epoch_ends_with_the_same_weights(data, tmp_path):
    def feed(**place):
        return balanced(*data, batch_size=64, seed=4, **place)

    def model():
        keras.utils.set_random_seed(0)
        net = keras.Sequential([keras.Input((3,)), keras.layers.Rescaling(1e-3)])
        net.add(keras.layers.Dense(4, activation="relu"))
        net.add(keras.layers.Dense(1))
        net.compile("adam", "mse")
        return net

    uninterrupted = model()
    uninterrupted.fit(feed(), epochs=3, verbose=0, shuffle=False)
    killed = model()
    shown = feed()
    killed.fit(shown, verbose=0, shuffle=False)
    killed.fit(shown.take(17), verbose=0, shuffle=False)
    killed.save(tmp_path / "half.keras")

    resumed = keras.saving.load_model(tmp_path / "half.keras")
    epoch, step = divmod(int(resumed.optimizer.iterations), len(feed()))
    assert (epoch, step) == (1, 17)
    quiet = {"verbose": 0, "shuffle": False}
    # Keras takes the length of the first epoch for that of all, so the broken one is fitted alone.
    rest = feed(first_epoch=epoch, first_step=step)
    resumed.fit(rest, steps_per_epoch=len(feed()) - step, **quiet)
    resumed.fit(feed(first_epoch=epoch + 1), **quiet)
    assert int(resumed.optimizer.iterations) == 3 * len(feed())
    for ours, theirs in zip(resumed.weights, uninterrupted.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_workers_share_every_batch_exactly(data):
    parts = [balanced(*data, batch_size=64, shard=(i, 2)) for i in range(2)]
    whole = rows_of(balanced(*data, batch_size=64))
    for left, right, both in zip(*map(rows_of, parts), whole, strict=True):
        np.testing.assert_array_equal([*left, *right], both)
        assert len(left) == len(right) == 32
        assert abs(data[1][left].sum() - 16) <= 1


def test_natural_shows_every_row_once():
    X, y = np.arange(10, dtype="float32")[:, None], np.arange(10) % 5 == 0
    full = natural(X, y, batch_size=4)
    walk = np.concatenate([*rows_of(full), *rows_of(full)])
    assert walk.size == 24
    assert sorted(walk[:10]) == sorted(walk[10:20]) == list(range(10))
    short = natural(X, y, batch_size=4, drop_remainder=False)
    for _ in range(2):
        batches = rows_of(short)
        assert [len(batch) for batch in batches] == [4, 4, 2]
        assert sorted(np.concatenate(batches)) == list(range(10))
    in_order = natural(X, y, batch_size=4, drop_remainder=False, shuffle=False)
    assert np.concatenate(rows_of(in_order)).tolist() == list(range(10))
    assert short.element_spec[0].shape.as_list() == [None, 1]


def test_short_last_batch_of_a_balanced_epoch(data):
    feed = balanced(*data, batch_size=64, drop_remainder=False)
    for _ in range(2):
        sampled = np.concatenate(rows_of(feed))
        majority = sampled[data[1][sampled] == 0]
        assert sorted(majority) == np.flatnonzero(data[1] == 0).tolist()


def test_three_classes_rotate_and_text_labels_become_codes():
    X, y = make_classification(
        600, n_classes=3, n_informative=4, weights=[0.8, 0.15], random_state=0
    )
    names = np.array(["zebra", "ant", "mole"])[y]
    feed = balanced(X, names, batch_size=32, shares={"ant": 2, "mole": 1, "zebra": 1})
    assert feed.info.classes == ("ant", "mole", "zebra")
    counts = [np.bincount(labels.numpy(), minlength=3).tolist() for _, labels in feed]
    assert counts == [[16, 8, 8]] * len(feed)
    np.testing.assert_allclose(feed.trained_on, [0.5, 0.25, 0.25])
    thirds = balanced(X, names, batch_size=32)
    counts = np.array([np.bincount(labels.numpy(), minlength=3) for _, labels in thirds.take(30)])
    assert counts.sum(axis=0).tolist() == [320] * 3
    assert counts.min() == 10


def test_one_hot_labels_and_by():
    y = np.eye(3)[[0] * 50 + [1] * 9 + [2] * 3]
    feed = balanced(np.zeros((62, 2)), y, batch_size=12)
    assert next(iter(feed))[1].numpy().sum(axis=0).tolist() == [4, 4, 4]
    price = np.linspace(0, 1, 62).astype("float32")
    by = balanced(np.zeros((62, 2)), price, batch_size=12, by=y.argmax(1))
    labels = next(iter(by))[1].numpy()
    assert [(labels < price[50]).sum(), (labels >= price[59]).sum()] == [4, 4]


def test_inputs_of_every_kind_keep_their_rows_together(data, tmp_path):
    X, y = data
    images = np.zeros((N, 4, 5, 3), "uint8")
    images[:, 0, 0, 0] = np.arange(N) % 256
    on_disk = np.memmap(tmp_path / "x.bin", "float32", "w+", shape=X.shape)
    on_disk[:] = X
    inputs = {
        "plain": X,
        "image": images,
        "text": np.array([f"row {i}" for i in range(N)]),
        "sparse": scipy.sparse.coo_matrix(X),
        "map": on_disk,
        "tensor": tf.constant(X),
    }
    feed = balanced(inputs, y, batch_size=16, sample_weight=np.arange(N))
    x, labels, weight = next(iter(feed))
    rows = x["plain"].numpy()[:, 0].astype(int)
    np.testing.assert_array_equal(labels, y[rows])
    np.testing.assert_array_equal(weight, rows.astype("float32"))
    np.testing.assert_array_equal(x["image"].numpy()[:, 0, 0, 0], rows % 256)
    assert x["text"].numpy().tolist() == [f"row {i}".encode() for i in rows]
    for name in ("sparse", "map", "tensor"):
        np.testing.assert_array_equal(x[name], X[rows])
    assert x["image"].shape == (16, 4, 5, 3)
    assert feed.element_spec[0]["sparse"].shape.as_list() == [16, 3]
    (left, right), _ = next(iter(balanced([X, images], y, batch_size=16)))
    assert left.shape == (16, 3)
    assert right.shape == (16, 4, 5, 3)


def test_numeric_frames_become_a_matrix_and_text_is_refused(data):
    import pandas as pd
    import polars as pl

    for frame in (pd.DataFrame(data[0]).rename(columns=str), pl.DataFrame(data[0])):
        x, _ = next(iter(balanced(frame, data[1], batch_size=8)))
        assert x.dtype == tf.float32
        assert x.shape == (8, 3)
    with pytest.raises(DataError, match="job"):
        balanced(pd.DataFrame({"job": ["a", "b"]}), [0, 1], batch_size=2)


def test_pydataset_hands_out_the_same_batches(data):
    feed, batches = balanced(*data, batch_size=64, seed=8), Batches(*data, batch_size=64, seed=8)
    assert len(feed) == len(batches)
    for _ in range(2):
        ours = [batches[i][0][:, 0].astype(int) for i in range(len(batches))]
        np.testing.assert_array_equal(ours, rows_of(feed))
        batches.on_epoch_end()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    model.fit(batches, epochs=2, verbose=0)
    assert batches.epoch == 4


def test_priors_go_into_the_correction_layer(data):
    feed = balanced(*data, batch_size=64)
    assert feed.trained_on == (0.5, 0.5)
    assert feed.deployed_on == (0.94, 0.06)
    layer = layers.PriorCorrection(feed.trained_on, feed.deployed_on)
    np.testing.assert_allclose(layer(np.array([[0.5, 0.5]])), [[0.94, 0.06]], rtol=1e-6)
    weighted = balanced(*data, batch_size=64, sample_weight=np.where(data[1] == 1, 3.0, 1.0))
    np.testing.assert_allclose(weighted.trained_on, [0.25, 0.75])
    assert natural(*data, batch_size=64).trained_on == pytest.approx((0.94, 0.06))
    assert "60 rows shown" in str(feed.info)


def test_steps_per_epoch_goes_on_where_it_stopped(data):
    feed = balanced(*data, batch_size=50, steps_per_epoch=10)
    assert len(feed) == 10
    sampled = np.concatenate([row for _ in range(4) for row in rows_of(feed)])
    majority = sampled[data[1][sampled] == 0]
    assert np.unique(majority[: N - RARE]).size == N - RARE


@pytest.mark.parametrize(
    ("error", "change"),
    [
        (RequestError, {"batch_size": 1}),
        (RequestError, {"batch_size": 8, "shares": {0: 99, 1: 1}}),
        (RequestError, {"shard": (2, 2)}),
        (RequestError, {"shard": (0, 3)}),
        (RequestError, {"sample_weight": np.ones((N, 2))}),
        (RequestError, {"augment": 3}),
        (DataError, {"sample_weight": np.ones(5)}),
        (TargetError, {"y": np.zeros(N)}),
        (TargetError, {"y": np.where(np.arange(N) == 3, np.nan, 0)}),
        (TargetError, {"y": np.full((N, 2), 0.5)}),
        (EmptyClassError, {"y": np.eye(3)[np.zeros(N, dtype=int)]}),
    ],
)
def test_requests_that_would_go_wrong_silently(data, error, change):
    X, y = data
    with pytest.raises(error):
        balanced(X, change.pop("y", y), **({"batch_size": 64} | change))


def test_absent_classes_only_if_allowed():
    y = np.repeat(np.arange(10), 20)
    with pytest.raises(RequestError, match="10 or more"):
        balanced(np.zeros((200, 1)), y, batch_size=4)
    feed = balanced(np.zeros((200, 1)), y, batch_size=4, allow_absent=True)
    labels = np.concatenate([labels.numpy() for _, labels in feed])
    assert np.bincount(labels).tolist() == [20] * 10
