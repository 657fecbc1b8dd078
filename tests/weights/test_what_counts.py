"""Labels that do not count, own weights under a rule, several labels, data in parts."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.utils.class_weight import compute_class_weight

from steelyard import weights
from steelyard._keras import keras
from steelyard.errors import EmptyClassError, RequestError, TargetError

RNG = np.random.default_rng(0)
MASK = RNG.choice(3, (12, 8, 8), p=[0.9, 0.08, 0.02])
VOID = RNG.random(MASK.shape) < 0.2
MARKED = np.where(VOID, 255, MASK)
IMAGES = np.zeros((12, 8, 8, 1), "float32")
BALANCED = compute_class_weight("balanced", classes=np.arange(3), y=MASK[~VOID])
EXPECTED = np.where(VOID, 0, BALANCED[MASK])


def in_dataset(*parts, batch=4):
    return tf.data.Dataset.from_tensor_slices(parts).batch(batch)


def together(data):
    return [
        np.concatenate([np.asarray(part) for part in parts]) for parts in zip(*data, strict=True)
    ]


@pytest.mark.parametrize("shape", [(12, 8, 8), (12, 8, 8, 1)])
@pytest.mark.parametrize("form", ["arrays", "dataset"])
def test_an_ignored_label_has_no_column_and_weighs_nothing(form, shape):
    y = MARKED.reshape(shape).astype("uint8")
    if form == "arrays":
        arguments = weights.fit_arguments(IMAGES, y, ignore=255)
        codes, found = arguments["y"], arguments["sample_weight"]
    else:
        _, codes, found = together(weights.weighted(in_dataset(IMAGES, y), ignore=255))
    assert codes.shape == shape
    np.testing.assert_array_equal(codes.reshape(MASK.shape), np.where(VOID, 0, MASK))
    np.testing.assert_allclose(found, EXPECTED, rtol=1e-6)


def test_a_weight_of_zero_for_a_label_that_is_no_column_ignores_it():
    own = {0: 1.0, 1: 5.0, 2: 20.0, 255: 0.0}
    table = weights.class_weight(MARKED, own)
    assert table.classes.tolist() == [0, 1, 2]
    assert table.by_label == own
    expected = np.where(VOID, 0, np.array([1.0, 5.0, 20.0])[MASK])
    for rule in (own, table):
        arguments = weights.fit_arguments(IMAGES, MARKED, rule)
        assert set(np.unique(arguments["y"])) == {0, 1, 2}
        np.testing.assert_allclose(arguments["sample_weight"], expected)
        _, codes, found = together(weights.weighted(in_dataset(IMAGES, MARKED), rule))
        assert set(np.unique(codes)) == {0, 1, 2}
        np.testing.assert_allclose(found, expected)


def test_a_model_of_three_columns_trains_on_them():
    head = keras.layers.Conv2D(3, 1, kernel_initializer="zeros", activation="softmax")
    model = keras.Sequential([keras.Input((8, 8, 1)), head])
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    history = model.fit(**weights.fit_arguments(IMAGES, MARKED, ignore=255), verbose=0).history
    assert history["loss"][0] == pytest.approx(EXPECTED.mean() * np.log(3), rel=1e-5)


def test_a_column_may_be_ignored_and_stays_a_column():
    y = np.array([0, 0, 0, 1, 1, 2])
    table = weights.class_weight(y, ignore=0)
    assert table.classes.tolist() == [0, 1, 2]
    assert table.values.tolist() == [0.0, 0.75, 1.5]
    hot = weights.fit_arguments(y[:, None], np.eye(3)[y], ignore=0)
    assert hot["sample_weight"].tolist() == [0, 0, 0, 0.75, 0.75, 1.5]
    assert weights.class_weight(y, {0: 0.0, 1: 1.0, 2: 4.0}).classes.tolist() == [0, 1, 2]


def test_names_may_be_ignored():
    y = np.array(["ok", "ok", "fraud", "unlabelled"])
    arguments = weights.fit_arguments(y, y, ignore="unlabelled")
    assert arguments["y"].tolist() == [1, 1, 0, 0]
    assert arguments["sample_weight"].tolist() == [0.75, 0.75, 1.5, 0]
    data = tf.data.Dataset.from_tensor_slices((np.zeros(4), y)).batch(2)
    _, codes, found = together(weights.weighted(data, ignore="unlabelled"))
    assert codes.tolist() == [1, 1, 0, 0]
    assert found.tolist() == [0.75, 0.75, 1.5, 0]


@pytest.mark.parametrize("junk", [255.0, np.nan, -1.0, 0.5])
@pytest.mark.parametrize("form", ["arrays", "dataset"])
def test_where_the_own_weight_is_zero_the_label_may_be_anything(form, junk):
    own = (~VOID).astype("float32")
    y = np.where(VOID, junk, MASK)
    if form == "arrays":
        arguments = weights.fit_arguments(IMAGES, y, sample_weight=own)
        codes, found = arguments["y"], arguments["sample_weight"]
    else:
        _, codes, found = together(weights.weighted(in_dataset(IMAGES, y, own)))
    np.testing.assert_array_equal(codes, np.where(VOID, 0, MASK))
    np.testing.assert_allclose(found, EXPECTED, rtol=1e-6)


@pytest.mark.parametrize("form", ["arrays", "dataset"])
def test_one_hot_rows_of_weight_zero(form):
    y, keep = np.eye(3, dtype="float32")[[0, 0, 1, 2, 0]], np.array([1, 1, 1, 1, 0], "float32")
    y[4] = 0
    x = np.zeros((5, 1))
    if form == "arrays":
        found = weights.fit_arguments(x, y, sample_weight=keep)["sample_weight"]
    else:
        found = together(weights.weighted(in_dataset(x, y, keep)))[2]
    np.testing.assert_allclose(found, [2 / 3, 2 / 3, 4 / 3, 4 / 3, 0], rtol=1e-6)


def test_rules_balance_sums_of_own_weights():
    y, own = RNG.integers(0, 2, 500), RNG.uniform(0.1, 3, 500)
    for found in (
        weights.fit_arguments(y, y, sample_weight=own)["sample_weight"],
        together(weights.weighted(in_dataset(y, y, own)))[2],
    ):
        mass = [found[y == k].sum() for k in (0, 1)]
        assert mass[0] == pytest.approx(mass[1], rel=1e-5)
    with pytest.raises(EmptyClassError, match=r"class \[1\]"):
        weights.class_weight([0, 1, 2], classes=[0, 1, 2], sample_weight=[1, 0, 1])


LABELS = (RNG.random((400, 3)) < [0.3, 0.1, 0.02]).astype(int)


def test_weights_of_several_labels_are_those_of_each_by_itself():
    present, absent = weights.label_weights(LABELS)
    for k in range(3):
        pair = compute_class_weight("balanced", classes=np.arange(2), y=LABELS[:, k])
        assert (absent[k], present[k]) == pytest.approx(tuple(pair))
    counts = LABELS.sum(axis=0)
    np.testing.assert_allclose(weights.positive_weight(LABELS), (400 - counts) / counts)
    np.testing.assert_allclose(
        weights.positive_weight(LABELS, "sqrt"), np.sqrt((400 - counts) / counts)
    )
    unknown = np.where(RNG.random(LABELS.shape) < 0.2, -1, LABELS)
    yes, no = (unknown == 1).sum(axis=0), (unknown == 0).sum(axis=0)
    np.testing.assert_allclose(weights.positive_weight(unknown, ignore=-1), no / yes)
    with pytest.raises(TargetError, match="-1"):
        weights.label_weights(unknown)
    with pytest.raises(EmptyClassError, match="label 1 is never present"):
        weights.label_weights([[1, 0], [0, 0]])
    with pytest.raises(TargetError, match="shape"):
        weights.positive_weight([0, 1])


OWN = {0: 1.0, 1: 9.0}
Y = np.array([0, 0, 0, 1, 0, 1])
WEIGHED = [1, 1, 1, 9, 1, 9]
X = np.zeros((6, 2))


def two():
    yield X[:3], Y[:3]
    yield X[3:], Y[3:]


class Loader:
    """What PyTorch's DataLoader is: a length, and a new iterator whenever it is asked for one."""

    def __len__(self):
        return 2

    def __iter__(self):
        return two()


@pytest.mark.parametrize(
    "data",
    [
        lambda: tf.data.Dataset.from_tensor_slices((X, Y)),
        lambda: tf.data.Dataset.from_tensor_slices((np.zeros((6, 3)), np.eye(2)[Y])),
        lambda: tf.data.Dataset.from_tensor_slices(({"a": X, "b": X[:, 0]}, Y)),
    ],
    ids=["labels", "one-hot", "dict"],
)
@pytest.mark.parametrize("rule", [OWN, "balanced"])
def test_single_elements_of_a_dataset(data, rule):
    single = weights.weighted(data(), rule)
    expected = WEIGHED if rule == OWN else np.where(Y == 1, 1.5, 0.75)
    found = np.array([w for _, _, w in single.as_numpy_iterator()])
    np.testing.assert_allclose(found, expected)
    specs = (single.element_spec[1].shape, data().element_spec[1].shape)
    assert specs[0] == specs[1]


def test_an_iterable_with_a_length_is_read_anew_in_every_epoch():
    data = weights.weighted(Loader(), OWN)
    for _ in range(2):
        assert np.concatenate([w for _, _, w in data]).tolist() == WEIGHED
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(0.0), "mean_absolute_error")
    history = model.fit(data, epochs=3, verbose=0, shuffle=False).history
    np.testing.assert_allclose(history["loss"], (WEIGHED * Y).mean(), rtol=1e-6)
    counted = weights.weighted(Loader())
    assert counted[0][2].tolist() == [0.75] * 3


def test_data_without_an_end_takes_own_weights_by_label():
    assert next(weights.weighted(two(), OWN))[2].tolist() == [1, 1, 1]
    endless = tf.data.Dataset.from_tensor_slices((X, Y)).batch(3).repeat()
    assert next(iter(weights.weighted(endless, OWN)))[2].numpy().tolist() == [1, 1, 1]
    outputs = tf.data.Dataset.from_tensor_slices((X, {"a": Y, "b": X})).batch(3).repeat()
    found = next(iter(weights.weighted(outputs, {"a": OWN, "b": None})))[2]
    assert found["a"].numpy().tolist() == [1, 1, 1]
    for data in (two(), endless):
        with pytest.raises(RequestError, match="cannot be counted"):
            weights.weighted(data, "balanced")


def test_what_is_wrong_is_said_in_our_words():
    data = in_dataset(X, Y)
    with pytest.raises(RequestError, match=r"weights\.weighted"):
        weights.fit_arguments(data, None, OWN)
    names = weights.class_weight(np.array(["ok", "bad"])[Y])
    with pytest.raises(TargetError, match="both as text or both as numbers"):
        weights.weighted(data, names)
    with pytest.raises(TargetError, match="no batches"):
        weights.weighted(tf.data.Dataset.from_tensor_slices((X[:0], Y[:0])).batch(2))
