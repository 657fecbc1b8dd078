"""Models of tf_keras (Keras 2): refused in one line where only Keras 3 will do."""

import sys
import types

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import steelyard  # noqa: E402
from steelyard import callbacks, surgery  # noqa: E402
from steelyard.errors import RequestError  # noqa: E402


class LegacyModel:
    """Stands for tf_keras.Model: all that tells it apart is the package it comes from."""


LegacyModel.__module__ = "tf_keras.src.engine.training"
X, Y = np.zeros((4, 2)), np.array([0, 1, 0, 1])
USES = {
    "finish": lambda model: steelyard.finish(model, X, Y),
    "tau_normalize": surgery.tau_normalize,
    "retrain_head": lambda model: surgery.retrain_head(model, X, Y),
    "train": lambda model: steelyard.train(
        (np.arange(40.0)[:, None] ** 0.5, np.arange(40) % 2), model=lambda inputs, classes: model
    ),
    "ClassReport": lambda model: callbacks.ClassReport(X, Y).set_model(model),
    "Finish": lambda model: callbacks.Finish(X, Y).set_model(model),
    "DeferredReweighting": lambda model: callbacks.DeferredReweighting([9, 1]).set_model(model),
}


@pytest.mark.parametrize("use", USES)
def test_a_legacy_model_is_refused_in_one_line(use, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf_keras", types.ModuleType("tf_keras"))
    with pytest.raises(RequestError, match="tf_keras") as error:
        USES[use](LegacyModel())
    assert "\n" not in str(error.value)
    assert "import keras" in str(error.value)
