"""Every mistake in an own model is one line that names file and function, before any training."""

import pytest

from steelyard.errors import RequestError
from steelyard.models.own_model import OwnModel, from_file

# ruff: noqa: E501 - one line for each program
SOURCE = """
import keras
from keras import layers

def good(inputs, classes):
    hidden = [keras.Input((inputs,)), layers.Dense(4, "relu"), layers.BatchNormalization()]
    model = keras.Sequential([*hidden, layers.Dense(classes)])
    model.compile(keras.optimizers.SGD(0.1))
    return model

def functional(inputs, classes):
    x = keras.Input((inputs,), name="x")
    return keras.Model(x, layers.Dense(classes)(x))

def none(): return good(5, 2)
def shape(input_shape): return good(5, 2)
def fails(inputs, classes): return layers.Dense(classs)
def number(inputs, classes): return 3
def sigmoid(inputs, classes): return keras.Sequential([keras.Input((inputs,)), layers.Dense(1, "sigmoid")])
def softmax(inputs, classes): return keras.Sequential([keras.Input((inputs,)), layers.Dense(classes, "softmax")])
def activation(inputs, classes): return keras.Sequential([keras.Input((inputs,)), layers.Dense(classes), layers.Activation("softmax")])
def operation(inputs, classes):
    x = keras.Input((inputs,))
    return keras.Model(x, keras.ops.softmax(layers.Dense(classes)(x)))
def narrow(inputs, classes): return keras.Sequential([keras.Input((3,)), layers.Dense(classes)])
def columns(inputs, classes):
    x = {"a": keras.Input((1,), name="a"), "cat": keras.Input((1,), name="cat", dtype="string")}
    return keras.Model(x, layers.Dense(classes)(x["a"]))
def outputs(inputs, classes):
    x = keras.Input((inputs,))
    return keras.Model(x, [layers.Dense(classes)(x), layers.Dense(1)(x)])
def loss(inputs, classes):
    model = good(inputs, classes)
    model.compile("adam", keras.losses.CategoricalFocalCrossentropy())
    return model
class Own(keras.Model):
    def __init__(self, classes):
        super().__init__()
        self.last = layers.Dense(classes)
    def call(self, x): return self.last(x)
def subclassed(inputs, classes): return Own(classes)
def function(inputs, classes):
    return keras.Sequential([keras.Input((inputs,)), layers.Lambda(lambda x: x * 2), layers.Dense(classes)])
"""
SAID = {
    "none": r"takes \(\), which does not do",
    "shape": "takes .input_shape., which does not do",
    "fails": r"fails in line 17 of mine.py: NameError: name 'classs'",
    "number": "returned a int, not a keras.Model",
    "sigmoid": r"must give logits of shape \(2, 2\)",
    "softmax": "ends in softmax; it must return logits",
    "activation": "ends in softmax; it must return logits",
    "operation": "ends in softmax; it must return logits",
    "narrow": r"cannot take a batch of shape \(2, 5\)",
    "columns": "has 2 inputs; it gets one matrix",
    "outputs": "several tensors",
    "loss": "compiled with a loss",
    "subclassed": "could not be loaded again",
    "function": "could not be loaded again",
    "gone": "no function 'gone'; it has good, functional",
}


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "mine.py"
    path.write_text(SOURCE)
    return path


@pytest.mark.parametrize("name", SAID)
def test_one_line_says_what_is_wrong(mine, name):
    with pytest.raises(RequestError, match=SAID[name]) as told:
        from_file(f"{mine}:{name}").check(5, 2)
    assert f"{mine}:{name}" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["good", "functional"])
def test_what_is_right_is_taken(mine, name):
    from_file(f"{mine}:{name}").check(5, 3)


def returns_nothing(inputs, classes):
    return None


def test_a_function_in_python_is_named_as_well():
    with pytest.raises(RequestError, match=r"returns_nothing.*returned a NoneType"):
        OwnModel(returns_nothing, returns_nothing.__name__).check(5, 2)
