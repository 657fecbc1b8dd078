"""Probabilities of one sigmoid unit handed over as logits: told in eager and in compiled steps."""

import warnings

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from steelyard import losses, metrics  # noqa: E402
from steelyard.errors import RequestError, SteelyardWarning  # noqa: E402

LOSSES = {
    "focal": lambda: losses.SparseFocal(),
    "logit-adjusted": lambda: losses.LogitAdjusted([90, 10]),
    "class-balanced": lambda: losses.ClassBalanced([90, 10]),
    "reweighted": lambda: losses.Reweighted(losses.LogitAdjusted([90, 10], tau=0.0), [1.0, 9.0]),
    "asymmetric": lambda: losses.Asymmetric(),
    "Dice": lambda: losses.Dice(),
}
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(300, 3)).astype("float32"), (np.arange(300) % 10 == 0).astype("float32")


def model(activation, **how):
    made = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(1, activation=activation, bias_initializer="ones")]
    )
    made.compile("sgd", **how)
    return made


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_tells_of_a_sigmoid(name):
    with pytest.raises(RequestError, match="sigmoid"):
        model("sigmoid", loss=LOSSES[name]()).fit(X, Y[:, None], verbose=0)
    eager = model("sigmoid", loss=LOSSES[name](), run_eagerly=True)
    with pytest.warns(SteelyardWarning, match="from_logits=False") as said:
        eager.fit(X, Y[:, None], verbose=0, epochs=2)
    assert len(said) == 1


@pytest.mark.parametrize("name", LOSSES)
def test_logits_are_taken_without_a_word(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error", SteelyardWarning)
        model(None, loss=LOSSES[name](), run_eagerly=True).fit(X, Y[:, None], verbose=0)


@pytest.mark.parametrize("kind", [metrics.F1, metrics.AveragePrecision, metrics.LogLoss])
def test_a_metric_tells_too(kind):
    p = RNG.random(300).astype("float32")
    with pytest.warns(SteelyardWarning, match="from_logits=False"):
        kind(from_logits=True).update_state(Y, p)
    with warnings.catch_warnings():
        warnings.simplefilter("error", SteelyardWarning)
        kind(from_logits=True).update_state(Y, 4 * p - 2)
        kind().update_state(Y, p)
