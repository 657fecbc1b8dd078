"""Made-up rows: their place between two rows, their labels, and who is left alone."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import pairwise_distances

from steelyard import feeds
from steelyard.errors import RequestError
from steelyard.feeds.blend import nearest_rows, remix_labels

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 2)).astype("float32")
Y = np.repeat([0, 1, 2], [360, 30, 10])
LABELLED = [np.flatnonzero(label == Y) for label in range(3)]


def test_remix_labels_known_values():
    lam = np.array([0.3, 0.7, 0.3, 0.7, 0.3])
    first = np.array([1000, 1000, 10, 10, 100])
    second = np.array([10, 10, 1000, 1000, 50])
    expected = np.float32([0.0, 0.7, 0.3, 1.0, 0.3])
    np.testing.assert_array_equal(remix_labels(lam, first, second), expected)


def test_neighbours_are_those_of_all_distances():
    rows = np.flatnonzero(Y == 1)
    distances = pairwise_distances(X[rows])
    np.fill_diagonal(distances, np.inf)
    by_hand = rows[np.argsort(distances, axis=1)[:, :5]]
    np.testing.assert_array_equal(nearest_rows(X, rows, 5), by_hand)


def on_segment(point, start, ends):
    """Whether a point lies between `start` and one of `ends`."""
    along = ends - start
    u = ((point - start) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-12)
    off = np.abs(start + u[:, None] * along - point).max(axis=1)
    return bool(np.any((off < 1e-4) & (u > -1e-4) & (u < 1 + 1e-4)))


def test_smote_moves_repeats_towards_neighbours_and_nothing_else():
    numbered = np.concatenate([X, np.arange(400, dtype="float32")[:, None] * 0], axis=1)
    feed = feeds.balanced(numbered, Y, batch_size=30, augment=feeds.SMOTE(k_neighbors=3), seed=2)
    plain = feeds.balanced(numbered, Y, batch_size=30, seed=2)
    neighbours = {
        row: X[near]
        for k in (1, 2)
        for row, near in zip(LABELLED[k], nearest_rows(X, LABELLED[k], 3), strict=True)
    }
    shown, moved = set(), 0
    for (made, labels), (real, same) in zip(feed, plain, strict=True):
        np.testing.assert_array_equal(labels, same)
        for new, old in zip(made.numpy()[:, :2], real.numpy()[:, :2], strict=True):
            row = int(np.flatnonzero((old == X).all(axis=1))[0])
            if row in shown and Y[row] > 0:
                assert on_segment(new, old, neighbours[row])
                moved += not np.array_equal(new, old)
            else:
                np.testing.assert_array_equal(new, old)
            shown.add(row)
    assert moved > 300


def test_smote_draws_anew_each_epoch():
    feed = feeds.balanced(X, Y, batch_size=30, augment=feeds.SMOTE())
    epochs = [np.concatenate([x.numpy()[y.numpy() == 2] for x, y in feed]) for _ in range(2)]
    assert len(np.unique(np.concatenate(epochs), axis=0)) > 0.9 * 2 * len(epochs[0]) - 10


def test_mixup_mixes_inputs_and_labels_alike():
    onehot_as_x = np.eye(3, dtype="float32")[Y]
    feed = feeds.balanced(onehot_as_x, Y, batch_size=30, augment=feeds.Mixup(0.4))
    lams = []
    for x, labels in feed.take(20):
        np.testing.assert_allclose(x, labels, atol=1e-6)
        np.testing.assert_allclose(labels.numpy().sum(axis=1), 1, atol=1e-6)
        lams.append(labels.numpy().max(axis=1))
    assert 0.05 < np.mean(np.concatenate(lams) < 0.9) < 0.8


def test_remix_gives_the_label_to_the_rare_class():
    onehot_as_x = np.eye(3, dtype="float32")[Y]
    feed = feeds.balanced(onehot_as_x, Y, batch_size=30, augment=feeds.Remix())
    moved = 0
    for x, labels in feed.take(10):
        gained = labels.numpy() - x.numpy()
        moved += (gained[:, 2] > 0.01).sum()
        assert (gained[:, 2] > -1e-6).all()  # the rarest class never loses
    assert moved > 20


def test_a_function_is_applied_to_repeats_only():
    rows = np.arange(400, dtype="float32")[:, None]
    feed = feeds.balanced(rows, Y, batch_size=30, augment=lambda x, seed: x + 1_000.0)
    shown = set()
    for x, _ in feed:
        for value in x.numpy()[:, 0]:
            assert (value >= 1_000) == (int(value) % 1_000 in shown)
        shown |= {int(value) % 1_000 for value in x.numpy()[:, 0]}
    assert shown == set(range(400))


def test_a_function_gets_a_fresh_seed_per_batch():
    images = np.zeros((400, 4, 4, 1), "float32")

    def noise(x, seed):
        return x + tf.random.stateless_uniform(tf.shape(x), seed)

    feed = feeds.balanced(images, Y, batch_size=30, augment=noise)
    means = [float(tf.reduce_mean(x)) for x, _ in list(feed)[2:]]
    assert len(set(means)) == len(means)
    again = feeds.balanced(images, Y, batch_size=30, augment=noise)
    assert means == [float(tf.reduce_mean(x)) for x, _ in list(again)[2:]]


@pytest.mark.parametrize("augment", [feeds.SMOTE(), feeds.Mixup(), feeds.Remix()])
def test_both_fronts_make_the_same_rows(augment):
    feed = feeds.balanced(X, Y, batch_size=30, augment=augment, seed=1)
    batches = feeds.Batches(X, Y, batch_size=30, augment=augment, seed=1)
    for i, (x, labels) in enumerate(feed.take(15)):
        np.testing.assert_allclose(batches[i][0], x, atol=1e-6)
        np.testing.assert_allclose(batches[i][1], labels, atol=1e-6)


def test_function_on_the_numpy_front():
    batches = feeds.Batches(X, Y, batch_size=30, augment=lambda x, seed: x * 0 + 7)
    x, labels = batches[5]
    assert (x[labels == 2] == 7).all()
    assert (x[labels == 0] != 7).all()


@pytest.mark.parametrize(
    ("inputs", "augment"),
    [
        (X.astype("int32"), feeds.Mixup()),
        (X.astype("int32"), feeds.SMOTE()),
        ({"a": X}, feeds.SMOTE()),
        (X, lambda x, seed: x[:, :1]),
        (X, lambda x, seed: tf.cast(x, tf.float64)),
    ],
)
def test_augmentations_that_do_not_fit_the_inputs(inputs, augment):
    with pytest.raises(RequestError):
        feeds.balanced(inputs, Y, batch_size=30, augment=augment)


@pytest.mark.parametrize("make", [lambda: feeds.Mixup(0), lambda: feeds.SMOTE(0)])
def test_bad_parameters(make):
    with pytest.raises(RequestError):
        make()
