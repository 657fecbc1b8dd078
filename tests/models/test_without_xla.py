"""Keras compiles `predict` with XLA on a GPU, which knows no text: layers of text say so."""

import numpy as np
import pytest

from steelyard._tensorflow import keras, tf
from steelyard.decision import DecisionRule
from steelyard.decision.calibrators import Identity
from steelyard.models.deploy import ship
from steelyard.models.deployed_model import Columns, Label
from steelyard.models.encoding_layer import TreeColumns
from steelyard.tables import Column, Schema

NUMBERS = np.array([[0.5], [-0.5]], "float32")
TEXT = np.array([["a"], ["b"]], object)


def deployed(classes):
    rule = DecisionRule(threshold=0.5, positive=1)
    head = keras.layers.Dense(2, activation="softmax")
    return ship(
        Schema((Column("a", "number", "feature"),), "y", classes),
        lambda columns: head(columns[0]),
        trained_on=None,
        prior=np.array([0.5, 0.5]),
        calibration=Identity(),
        rule=rule,
        about={},
    )


@pytest.mark.parametrize("classes", [("no", "yes"), (0, 1), (False, True)])
def test_a_deployed_model_is_predicted_without(classes):
    model = deployed(classes)
    with pytest.warns(UserWarning, match="doesn't support `jit_compile=True`"):
        model.compile(jit_compile=True)  # as a GPU would have it
    decision = model.predict({"a": NUMBERS[:, 0]}, verbose=0)["decision"]
    assert decision.shape == (2,)


@pytest.mark.parametrize(
    ("layer", "arguments"),
    [
        (Columns("string"), (TEXT, [TEXT])),
        (Columns("float32"), (NUMBERS, [NUMBERS])),
        (TreeColumns([["a"]]), (NUMBERS, TEXT)),
        (TreeColumns([]), (NUMBERS, NUMBERS)),
        (Label(["no", "yes"]), (np.array([0, 1], "int32"),)),
    ],
)
def test_a_layer_says_what_xla_can(layer, arguments):
    tensors = tf.nest.map_structure(tf.constant, arguments)
    compiled = tf.function(lambda *given: layer(*given), jit_compile=True)
    if layer.supports_jit:
        np.testing.assert_array_equal(compiled(*tensors), layer(*tensors))
        return
    with pytest.raises((tf.errors.InvalidArgumentError, tf.errors.UnimplementedError)):
        compiled(*tensors)
