"""Surgery on the last layer against the closed form, and the model given stays as it was."""

import numpy as np
import pytest

from steelyard import layers, surgery
from steelyard._keras import keras
from steelyard.errors import RequestError, TargetError


def with_kernel(rows):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(len(rows))])
    model.layers[-1].set_weights([np.array(rows, "float32").T, np.ones(len(rows))])
    return model


@pytest.mark.parametrize(
    ("tau", "expected"),
    [
        (0.0, [(3, 4), (1, 0), (0, 0.5)]),
        (0.5, [(1.341641, 1.788854), (1, 0), (0, 0.707107)]),
        (1.0, [(0.6, 0.8), (1, 0), (0, 1)]),
    ],
)
def test_tau_normalize_oracle(tau, expected):
    model = with_kernel([(3, 4), (1, 0), (0, 0.5)])
    before = [w.copy() for w in model.get_weights()]
    kernel, bias = surgery.tau_normalize(model, tau).layers[-1].get_weights()
    np.testing.assert_allclose(kernel.T, expected, atol=1e-6)
    assert not bias.any()
    for old, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, now)


def test_tau_normalize_refuses():
    with pytest.raises(RequestError, match="-1"):
        surgery.tau_normalize(with_kernel([(1, 0), (0, 1)]), -1)
    soft = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), keras.layers.Softmax()])
    with pytest.raises(RequestError, match="Softmax"):
        surgery.tau_normalize(soft)


@pytest.mark.parametrize("head", [keras.layers.Dense, layers.NormalizedDense])
def test_retrain_head_finds_the_rare_class_with_the_features_left_alone(head):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [950, 50])
    X = (rng.normal(size=(1000, 4)) + 1.5 * y[:, None]).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            head(2),
        ]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(X, y, epochs=3, verbose=0)
    before = [w.copy() for w in model.get_weights()]
    again = surgery.retrain_head(model, X, y, epochs=20, learning_rate=0.01)
    for old, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, now)
    body = len(before) - len(model.layers[-1].get_weights())
    for old, now in zip(before[:body], again.get_weights()[:body], strict=True):
        np.testing.assert_array_equal(old, now)

    def found(one):
        return (one.predict(X, verbose=0).argmax(1)[y == 1] == 1).mean()

    assert found(again) > found(model) + 0.1
    assert found(again) > 0.85


@pytest.mark.parametrize("y", [[1, 2, 1, 2], ["a", "b", "a", "b"], [0, 1, 0, -1]])
def test_retrain_head_refuses_labels_that_are_no_columns(y):
    model = with_kernel([(1, 0), (0, 1)])
    with pytest.raises(TargetError, match=r"columns 0 \.\.\. 1"):
        surgery.retrain_head(model, np.zeros((4, 2), "float32"), y)


@pytest.mark.parametrize("head", [keras.layers.Dense, layers.NormalizedDense])
def test_the_same_seed_gives_the_same_head_and_no_global_generator_is_touched(head):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 2)).astype("float32"), np.repeat([0, 1], [80, 10])
    model = keras.Sequential([keras.Input((2,)), head(2)])
    kernels = []
    for number, seed in enumerate([3, 3, 4]):
        keras.utils.set_random_seed(number)
        state = np.random.get_state()[1].copy()  # noqa: NPY002
        again = surgery.retrain_head(model, X, y, epochs=1, batch_size=20, seed=seed)
        np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
        kernels.append(again.layers[-1].get_weights()[0])
    np.testing.assert_allclose(kernels[0], kernels[1], atol=1e-6)
    assert not np.allclose(kernels[0], kernels[2])
