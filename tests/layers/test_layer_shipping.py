"""Every layer inside one model, saved three ways and loaded where it was not built."""

import subprocess
import sys

import numpy as np
import pytest

from steelyard import layers
from steelyard._keras import keras

LOAD = """
import sys
import numpy as np
import tensorflow as tf

folder = sys.argv[1]
x = np.load(f"{folder}/x.npy")
saved = tf.saved_model.load(f"{folder}/saved")  # it must outlive the call
served = saved.serve(x)
interpreter = tf.lite.Interpreter(f"{folder}/model.tflite")
runner = interpreter.get_signature_runner()
lite = runner(**{name: x for name in runner.get_input_details()})
lite = [lite[name] for name in sorted(lite)]
assert "steelyard" not in sys.modules, "SavedModel and LiteRT must not need steelyard"

import keras
import steelyard.layers

loaded = keras.saving.load_model(f"{folder}/model.keras")
np.savez(f"{folder}/out.npz", *[np.asarray(t) for t in [*served, *lite, *loaded(x)]])
"""

LOAD_ONNX = """
import sys
import numpy as np
import onnxruntime

folder = sys.argv[1]
session = onnxruntime.InferenceSession(f"{folder}/model.onnx")
(wanted,) = session.get_inputs()
out = session.run(None, {wanted.name: np.load(f"{folder}/x.npy")})
assert not {"steelyard", "tensorflow"} & set(sys.modules)
np.savez(f"{folder}/out.npz", *out)
"""


def every_layer_in_one_model():
    keras.utils.set_random_seed(0)  # weights under which every rule decides both classes
    inputs = keras.Input((3,), name="features")
    hidden = keras.layers.Dense(3, bias_initializer=layers.PriorBias([9, 3, 1]))(inputs)
    p = layers.TemperatureScaling(1 / 5, from_logits=True)(layers.NormalizedDense(2)(hidden))
    p = layers.PriorCorrection(0.5, 0.2)(p)
    affine = layers.Calibration("affine", scale=1.1, bias=[0.0, 0.3])(p)
    beta = layers.Calibration("beta", a=1.1, b=0.9, c=0.1)(affine)
    knots = layers.Calibration("isotonic", x=[[0.1, 0.3, 0.9]], y=[[0.01, 0.2, 0.95]])(beta)
    rules = [
        layers.Decision(),
        layers.Decision(threshold=0.3),
        layers.Decision(weights=[1.0, 3.0]),
        layers.Decision(costs=[[0.0, 1.0], [5.0, 0.0]]),
    ]
    return keras.Model(inputs, [affine, beta, knots, *(rule(knots) for rule in rules)])


@pytest.mark.filterwarnings("default")  # the exporters warn about themselves
def test_a_fresh_process_reads_the_same_numbers_from_all_three_formats(tmp_path):
    model = every_layer_in_one_model()
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    np.save(tmp_path / "x.npy", x)
    model.save(tmp_path / "model.keras")
    model.export(str(tmp_path / "saved"), verbose=False)
    model.export(str(tmp_path / "model.tflite"), format="litert", verbose=False)

    subprocess.run([sys.executable, "-c", LOAD, str(tmp_path)], check=True, timeout=120)

    expected = [np.asarray(t) for t in model(x)]
    assert {tuple(np.unique(codes)) for codes in expected[3:]} == {(0, 1)}, "both classes decided"
    got = list(np.load(tmp_path / "out.npz").values())
    assert len(got) == 3 * len(expected)
    for position, values in enumerate(got):
        want = expected[position % len(expected)]
        assert values.dtype == want.dtype
        np.testing.assert_allclose(values, want, atol=1e-6)


@pytest.mark.filterwarnings("default")
def test_a_process_without_tensorflow_reads_the_same_numbers_from_onnx(tmp_path):
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    model = every_layer_in_one_model()
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    expected = model(x)
    np.save(tmp_path / "x.npy", x)
    model.export(str(tmp_path / "model.onnx"), format="onnx", verbose=False)
    subprocess.run([sys.executable, "-c", LOAD_ONNX, str(tmp_path)], check=True, timeout=120)
    got = list(np.load(tmp_path / "out.npz").values())
    assert len(got) == len(expected)
    for values, want in zip(got, expected, strict=True):
        np.testing.assert_allclose(values, want, atol=1e-6)
        assert values.dtype == np.asarray(want).dtype
