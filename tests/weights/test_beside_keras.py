"""What `fit(class_weight=)` does silently wrong or refuses, and what steelyard does instead.

A model that predicts 1/K for every class has loss `log K * mean weight`, so the loss that `fit`
reports tells which weights Keras used.
"""

import math
from contextlib import nullcontext

import numpy as np
import pytest

from steelyard import weights
from steelyard._keras import keras
from steelyard._tensorflow import tf
from steelyard.errors import RequestError, TargetError, WeightError

X = np.zeros((4, 2), "float32")
Y = np.array([0, 0, 0, 1])
OWN = {0: 1.0, 1: 5.0}
CROSS_ENTROPY = "categorical_crossentropy"


def fit(x, *, classes=2, loss="sparse_categorical_crossentropy", shape=(), **arguments):
    """Mean weight that `fit` used in training, and in validation if there is any."""
    dense = keras.layers.Dense(classes * max(1, math.prod(shape)), kernel_initializer="zeros")
    layers = [dense, keras.layers.Reshape((*shape, classes)), keras.layers.Softmax()]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile(keras.optimizers.SGD(0.0), loss, run_eagerly=True)
    arrays = isinstance(x, np.ndarray)  # Keras warns where it is asked to shuffle anything else
    history = model.fit(x, batch_size=64, verbose=0, shuffle=arrays, **arguments).history
    return {name: values[0] / math.log(classes) for name, values in history.items()}


def fit_one_column(y, class_weight):
    """Mean of `weight * |y|` in `fit`, from a model that predicts 0."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(0.0), "mean_absolute_error", run_eagerly=True)
    return model.fit(X, y, verbose=0, class_weight=class_weight).history["loss"][0]


def in_batches(*parts, rank=True):
    def batches():
        yield parts

    specs = [
        tf.TensorSpec(np.shape(part) if rank else None, np.asarray(part).dtype) for part in parts
    ]
    return tf.data.Dataset.from_generator(batches, output_signature=tuple(specs))


class Batches(keras.utils.PyDataset):
    def __init__(self, *parts):
        super().__init__()
        self.parts = parts

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.parts


def test_the_reading_of_mean_weights_is_right():
    assert fit(X, y=Y, class_weight=OWN)["loss"] == pytest.approx(2.0)
    assert fit(**weights.fit_arguments(X, Y, OWN))["loss"] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("own", "keras_mean", "named"),
    [
        ({"0": 1.0, "1": 5.0}, 1.0, r"no weight for \[0, 1\]; no such label \['0', '1'\]"),
        ({0: 5.0}, 4.0, r"no weight for \[1\]"),
        ({0: 1.0, 1: 5.0, 7: 9.0}, 2.0, r"no such label \[7\]"),
        ({}, 1.0, r"no weight for \[0, 1\]"),
        ({0: 1.0, 1: -5.0}, -0.5, "weight -5"),
        ({0: 0.0, 1: 0.0}, 0.0, "every class weight is 0"),
        ({0: 1.0, 1: math.nan}, math.nan, "weight nan"),
    ],
    ids=["text keys", "missing class", "unknown class", "empty", "negative", "all zero", "nan"],
)
def test_own_weights_that_keras_takes_without_a_word(own, keras_mean, named):
    assert fit(X, y=Y, class_weight=own)["loss"] == pytest.approx(keras_mean, nan_ok=True)
    with pytest.raises(WeightError, match=named):
        weights.fit_arguments(X, Y, own)
    with pytest.raises(WeightError, match=named):
        weights.weighted(in_batches(X, Y), own)


@pytest.mark.parametrize(
    ("y", "keras_mean", "named"),
    [
        # Keras weighs a row by its first 1: as class 0 the second row, whose loss counts twice.
        ([[0, 1, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]], (5 + 2 * 1 + 5 + 6) / 4, "several"),
        # And by its largest share, as if 60 : 40 were 100 : 0.
        ([[0.6, 0.4, 0], [0.4, 0.6, 0], [1, 0, 0], [0, 0, 1]], (1 + 5 + 1 + 6) / 4, "fractions"),
    ],
    ids=["multi-label", "soft targets"],
)
def test_targets_of_which_keras_weighs_the_largest_only(y, keras_mean, named):
    y, own = np.array(y, "float32"), {0: 1.0, 1: 5.0, 2: 6.0}
    arguments = {"loss": CROSS_ENTROPY, "class_weight": own}
    assert fit(X, y=y, classes=3, **arguments)["loss"] == pytest.approx(keras_mean)
    with pytest.raises(TargetError, match=named):
        weights.fit_arguments(X, y, own)


def test_label_that_is_no_class():
    y = np.array([0, 1, 2, 2])
    assert fit(X, y=y, classes=3, class_weight=OWN)["loss"] == pytest.approx(8 / 4)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not in"):
        fit(in_batches(X, y), classes=3, class_weight=OWN)  # the same request, another answer
    with pytest.raises(WeightError, match=r"no weight for \[2\]"):
        weights.fit_arguments(X, y, OWN)
    table = weights.class_weight(Y, OWN)
    with pytest.raises(TargetError, match="label 2 is none of the classes"):
        weights.fit_arguments(X, y, table)
    with pytest.raises(tf.errors.InvalidArgumentError, match="none of the classes"):
        list(weights.weighted(in_batches(X, y), table))


def test_labels_minus_one_and_one():
    y = np.array([-1.0, -1.0, -1.0, 1.0])
    # -1 has no key, so three of four rows weigh 1.
    assert fit_one_column(y, {0: 2.0, 1: 2.0}) == pytest.approx((3 * 1 + 2) / 4)
    with pytest.raises(TargetError, match=r"\[-1.0, 1.0\] are not the columns"):
        weights.fit_arguments(X, y)
    codes = weights.fit_arguments(X, y, weights.class_weight(y))["y"]
    assert codes.tolist() == [0, 0, 0, 1]


def test_fractions_that_keras_rounds_to_a_class():
    y = np.array([[0.4], [0.2], [0.0], [0.9]])
    assert fit_one_column(y, {0: 0.0, 1: 5.0}) == pytest.approx(5 * 0.9 / 4)
    with pytest.raises(TargetError, match="not the columns"):
        weights.fit_arguments(X, y)


def test_labels_in_a_sequence():
    # Keras takes the position of a row's largest label for the class of the row, then multiplies
    # weights of rows with losses of positions, silently where there are as many of both.
    y = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [1, 1, 0, 0]])
    keras_own = fit(X, y=y, shape=(4,), class_weight={0: 1.0, 1: 5.0, 2: 6.0})["loss"]
    assert keras_own == pytest.approx((5 + 1 + 6 + 1) / 4)
    arguments = weights.fit_arguments(X, y, OWN, target="labels")
    assert fit(shape=(4,), **arguments)["loss"] == pytest.approx((11 * 1 + 5 * 5) / 16)
    assert arguments["sample_weight"].shape == (4, 4)
    table = weights.class_weight(y, OWN)
    for rank in (True, False):
        streamed = weights.weighted(in_batches(X, y, rank=rank), table)
        np.testing.assert_array_equal(next(iter(streamed))[2], arguments["sample_weight"])
    pairs = y[:, :2]  # as many positions as classes: these could be one-hot
    with pytest.raises(TargetError, match="target='labels'"):
        weights.fit_arguments(X, pairs, OWN)
    np.testing.assert_array_equal(
        weights.fit_arguments(X, pairs, OWN, target="labels")["sample_weight"], 1 + 4 * pairs
    )


def test_one_hot_in_a_sequence():
    labels = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]])
    y = np.eye(2, dtype="float32")[labels]
    with pytest.raises(TypeError):
        fit(X, y=y, shape=(3,), loss=CROSS_ENTROPY, class_weight=OWN)
    arguments = weights.fit_arguments(X, y, OWN)
    mean = fit(shape=(3,), loss=CROSS_ENTROPY, **arguments)["loss"]
    assert mean == pytest.approx((9 * 1 + 3 * 5) / 12)


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_together_with_sample_weight(shape):
    own = np.array([1.0, 2.0, 3.0, 4.0]).reshape(shape)
    with pytest.raises(ValueError, match="at the same time"):
        fit(X, y=Y, sample_weight=own, class_weight=OWN)
    expected = (1 + 2 + 3 + 5 * 4) / 4
    arguments = weights.fit_arguments(X, Y, OWN, sample_weight=own)
    assert fit(**arguments)["loss"] == pytest.approx(expected)
    for data in (in_batches(X, Y, own), in_batches(X, Y, own, rank=False)):
        if len(shape) == 1:
            assert list(weights.weighted(data, OWN))[0][2].numpy().mean() == expected  # noqa: RUF015
    assert weights.weighted(Batches(X, Y, own), OWN)[0][2].mean() == expected


@pytest.mark.parametrize(
    ("own", "named"),
    [([1, 1, -1, 1], r"\[2\] = -1"), ([1, 1], r"shape \(2,\)"), ([1, 1, 1, np.inf], "inf")],
)
def test_sample_weights_that_keras_takes_or_trips_over(own, named):
    with pytest.raises(WeightError, match=named):
        weights.fit_arguments(X, Y, sample_weight=own)


def test_several_outputs():
    inputs = keras.Input((2,))
    heads = {
        name: keras.layers.Dense(2, "softmax", kernel_initializer="zeros", name=name)(inputs)
        for name in ("fraud", "churn", "plain")
    }
    model = keras.Model(inputs, heads)
    loss = dict.fromkeys(heads, "sparse_categorical_crossentropy")
    model.compile(keras.optimizers.SGD(0.0), loss, run_eagerly=True)
    y = {"fraud": Y, "churn": np.array(["no", "no", "yes", "yes"]), "plain": Y}
    rules = {"fraud": OWN, "churn": {"no": 1.0, "yes": 2.0}, "plain": None}
    with pytest.raises(ValueError, match="single output"):
        model.fit(X, dict.fromkeys(heads, Y), class_weight=OWN, verbose=0)
    with pytest.raises(WeightError, match="name every output"):
        weights.fit_arguments(X, y, {"fraud": OWN})

    arguments = weights.fit_arguments(X, y, rules)
    expected = math.log(2) * (2.0 + 1.5 + 1.0)
    assert model.fit(**arguments, verbose=0).history["loss"] == [pytest.approx(expected)]
    data = tf.data.Dataset.from_tensor_slices((X, y)).batch(4)
    streamed = weights.weighted(data, rules)
    assert model.fit(streamed, shuffle=False, verbose=0).history["loss"] == [
        pytest.approx(expected)
    ]


def test_several_outputs_without_names():
    inputs = keras.Input((2,))
    heads = [keras.layers.Dense(2, "softmax", kernel_initializer="zeros")(inputs) for _ in "ab"]
    model = keras.Model(inputs, heads)
    losses = ["sparse_categorical_crossentropy"] * 2
    model.compile(keras.optimizers.SGD(0.0), losses, run_eagerly=True)
    with pytest.raises(ValueError, match="single output"):
        model.fit(X, [Y, Y], class_weight=OWN, verbose=0)
    table = weights.class_weight(Y, OWN)
    expected = pytest.approx(math.log(2) * (2.0 + 1.0))
    data = tf.data.Dataset.from_tensor_slices((X, (Y, Y))).batch(4)
    for rule in ([OWN, None], [table, None]):
        arguments = weights.fit_arguments(X, [Y, Y], rule)
        assert model.fit(**arguments, verbose=0).history["loss"] == [expected]
        streamed = weights.weighted(data, rule)
        assert model.fit(streamed, shuffle=False, verbose=0).history["loss"] == [expected]
    _, _, (first, second) = weights.weighted(Batches(X, [Y, Y]), [table, None])[0]
    assert (first.tolist(), second.tolist()) == ([1, 1, 1, 5], [1, 1, 1, 1])


def test_one_hot_as_a_plain_list_is_no_list_of_outputs():
    arguments = weights.fit_arguments(X, [[1, 0], [1, 0], [1, 0], [0, 1]], OWN)
    assert arguments["sample_weight"].tolist() == [1, 1, 1, 5]


@pytest.mark.parametrize("held", [in_batches(X, Y), (X,)], ids=["dataset", "no targets"])
def test_validation_data_that_cannot_be_weighed_here(held):
    with pytest.raises(RequestError, match="a dataset pass weights"):
        weights.fit_arguments(X, Y, OWN, validation_data=held)


@pytest.mark.parametrize("labels", [["ham", "ham", "ham", "spam"], [3, 3, 3, 9]])
def test_labels_that_are_not_columns(labels):
    y = np.array(labels)
    # A GPU reads class weights beyond the last one as 0 and goes on.
    silent = y.dtype.kind == "i" and tf.config.list_physical_devices("GPU")
    refused = pytest.raises((ValueError, TypeError, tf.errors.InvalidArgumentError))
    with nullcontext() if silent else refused:
        fit(X, y=y, class_weight=dict(zip(labels, [1, 1, 1, 5], strict=True)))
    table = weights.class_weight(y, {labels[0]: 1.0, labels[3]: 5.0})
    assert fit(**weights.fit_arguments(X, y, table))["loss"] == pytest.approx(2.0)
    for data in (in_batches(X, y), in_batches(X, y[:, None], rank=False), Batches(X, y)):
        _, codes, w = next(iter(weights.weighted(data, table)))
        assert np.asarray(codes).ravel().tolist() == [0, 0, 0, 1]
        assert np.asarray(w).tolist() == [1, 1, 1, 5]


@pytest.mark.parametrize("y", [Y, Y[:, None], np.eye(2, dtype="float32")[Y]], ids=["n", "n1", "nK"])
def test_dataset_of_unknown_rank(y):
    with pytest.raises(TypeError, match="NoneType"):
        fit(in_batches(X, y, rank=False), class_weight=OWN)
    for table in (OWN, weights.class_weight(Y, OWN)):
        (_, same, w) = next(iter(weights.weighted(in_batches(X, y, rank=False), table)))
        np.testing.assert_array_equal(same, y)
        assert w.numpy().tolist() == [1, 1, 1, 5]


def test_generator():
    with pytest.raises(ValueError, match="not supported for Python generator"):
        fit(iter_once(), class_weight=OWN)
    table = weights.class_weight(Y, OWN)
    assert fit(weights.weighted(iter_once(), table), steps_per_epoch=1)["loss"] == pytest.approx(2)
    with pytest.raises(RequestError, match="iterator cannot be counted"):
        weights.weighted(iter_once(), "balanced")


def iter_once():
    while True:
        yield X, Y


def test_validation_data():
    held = (X, Y)
    keras_own = fit(X, y=Y, validation_data=held, class_weight=OWN)
    assert keras_own["val_loss"] == pytest.approx(1.0)  # beside a training loss of 2.0
    ours = fit(**weights.fit_arguments(X, Y, OWN, validation_data=held))
    assert (ours["loss"], ours["val_loss"]) == (pytest.approx(2.0), pytest.approx(2.0))


def test_size_of_the_loss():
    assert fit(X, y=Y, class_weight={0: 100.0, 1: 500.0})["loss"] == pytest.approx(200)
    arguments = weights.fit_arguments(X, Y, {0: 100.0, 1: 500.0}, normalise=True)
    assert fit(**arguments)["loss"] == pytest.approx(1.0)


def test_several_labels_in_a_dataset():
    y = np.array([[1, 1], [0, 1], [1, 0], [0, 0]], "float32")
    keras_own = next(iter(in_batches(X, y)))[1].numpy().argmax(1)
    assert keras_own.tolist() == [0, 1, 0, 0]  # what Keras' map looks up
    with pytest.raises(TargetError, match="several"):
        weights.weighted(in_batches(X, y), OWN)
    for rank in (True, False):
        streamed = weights.weighted(in_batches(X, y, rank=rank), weights.class_weight(Y, OWN))
        with pytest.raises(tf.errors.InvalidArgumentError, match="not one-hot"):
            list(streamed)


def test_endless_dataset_needs_a_table():
    endless = tf.data.Dataset.from_tensors((X, Y)).repeat()
    with pytest.raises(RequestError, match="endless"):
        weights.weighted(endless)
    table = weights.class_weight(Y, OWN)
    assert next(iter(weights.weighted(endless, table)))[2].numpy().tolist() == [1, 1, 1, 5]


def test_data_without_targets_is_named():
    with pytest.raises(TargetError, match="no targets"):
        weights.weighted(tf.data.Dataset.from_tensors(X))
    with pytest.raises(RequestError, match="fit_arguments"):
        weights.weighted(X)


def test_pydataset_keeps_its_length_and_epochs():
    class Counting(Batches):
        ends = 0

        def on_epoch_end(self):
            self.ends += 1

    data, plain = Counting(X, Y), Counting(X, Y)
    assert fit(weights.weighted(data, OWN), epochs=2)["loss"] == pytest.approx(2.0)
    fit(plain, epochs=2)
    assert data.ends == plain.ends > 0
