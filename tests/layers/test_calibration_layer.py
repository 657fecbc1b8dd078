"""Calibration layers, against numpy, SciPy and scikit-learn."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit, logit, softmax
from sklearn.isotonic import IsotonicRegression

from steelyard.decision import calibrators as kinds
from steelyard.decision import correct_prior
from steelyard.errors import ClassCountError, RequestError
from steelyard.layers import Calibration, NormalizedDense, PriorCorrection, TemperatureScaling

RNG = np.random.default_rng(0)
P3 = RNG.dirichlet([5, 1, 0.2], 200)
P2 = np.column_stack([1 - P3[:, 1], P3[:, 1]])


def test_temperature_is_softmax_of_scaled_logits():
    z = RNG.normal(scale=4, size=(50, 3))
    expected = softmax(z / 1.7, axis=1)
    np.testing.assert_allclose(TemperatureScaling(1.7, from_logits=True)(z), expected, atol=1e-6)
    np.testing.assert_allclose(TemperatureScaling(1.7)(softmax(z, axis=1)), expected, atol=1e-6)
    one = TemperatureScaling(1.7, from_logits=True)(z[:, :1])
    np.testing.assert_allclose(one, expit(z[:, :1] / 1.7), atol=1e-6)


def test_affine_is_softmax_and_for_two_classes_platt():
    bias = [0.1, -0.3, 0.7]
    expected = softmax(1.3 * np.log(P3) + bias, axis=1)
    np.testing.assert_allclose(Calibration("affine", scale=1.3, bias=bias)(P3), expected, atol=1e-6)
    platt = expit(0.8 * logit(P2[:, 1:]) - 1.1)
    layer = Calibration("affine", scale=0.8, bias=[0.6, -0.5])
    np.testing.assert_allclose(layer(P2[:, 1:]), platt, atol=1e-6)


def test_beta_formula():
    p = P2[:, 1]
    expected = expit(1.2 * np.log(p) - 0.7 * np.log(1 - p) + 0.4)
    layer = Calibration("beta", a=1.2, b=0.7, c=0.4)
    np.testing.assert_allclose(layer(P2)[:, 1], expected, atol=1e-6)
    by_logits = Calibration("beta", a=1.2, b=0.7, c=0.4, from_logits=True)
    np.testing.assert_allclose(by_logits(logit(P2[:, 1:]))[:, 0], expected, atol=1e-6)


def test_knots_are_scikit_learns_isotonic_regression():
    truth = RNG.random(200) < P2[:, 1] ** 1.5
    fitted = IsotonicRegression(out_of_bounds="clip").fit(P2[:, 1], truth)
    layer = Calibration("isotonic", x=[fitted.X_thresholds_], y=[fitted.y_thresholds_])
    fresh = np.r_[0.0, np.linspace(0.001, 0.999, 97), 1.0]
    out = layer(np.column_stack([1 - fresh, fresh])).numpy()
    np.testing.assert_allclose(out[:, 1], fitted.predict(fresh), atol=1e-6)
    np.testing.assert_allclose(out.sum(1), 1, atol=1e-6)


def test_knots_that_fall_together_in_float32_are_a_step():
    layer = Calibration("isotonic", x=[[0, 0.5, 0.5 + 1e-12, 1]], y=[[0, 0.2, 0.8, 1]])
    np.testing.assert_allclose(layer(np.array([[0.25], [0.75]])), [[0.1], [0.9]], atol=1e-6)


def test_zero_and_one_stay_finite():
    edge = np.array([[0.0, 1.0], [1.0, 0.0]])
    for layer in (
        Calibration("affine", scale=1.3, bias=[0, 1]),
        Calibration("beta", a=1, b=1, c=0),
        Calibration("isotonic", x=[[0.1, 0.9]], y=[[0.2, 0.7]]),
        TemperatureScaling(3.0),
    ):
        out = layer(edge).numpy()
        assert np.isfinite(out).all()
        np.testing.assert_allclose(out.sum(1), 1, atol=1e-6)


def test_cosines_have_no_length():
    layer = NormalizedDense(4)
    x = RNG.normal(size=(5, 3)).astype("float32")
    out = layer(x).numpy()
    kernel = layer.get_weights()[0]
    expected = (x @ kernel) / np.outer(np.linalg.norm(x, axis=1), np.linalg.norm(kernel, axis=0))
    np.testing.assert_allclose(out, expected, atol=1e-6)
    np.testing.assert_allclose(layer(x * 1000), out, atol=1e-6)
    assert np.isfinite(layer(np.zeros((1, 3)))).all()


@pytest.mark.parametrize(
    ("kind", "parameters", "named"),
    [
        ("spline", {}, "spline"),
        ("affine", {"scale": 1.0}, "scale and bias"),
        ("beta", {"a": 1, "b": float("inf"), "c": 0}, "b = inf"),
        ("isotonic", {"x": [[0, 1]], "y": [[1, 0]]}, "must not fall"),
        ("isotonic", {"x": [[0, 0]], "y": [[0, 1]]}, "x must rise"),
        ("isotonic", {"x": [[0, 1, 2]], "y": [[0, 1]]}, "3 knots"),
        ("isotonic", {"x": [[0, 1]] * 2, "y": [[0, 1]] * 2}, "2 lists of knots"),
        ("affine", {"scale": [1.0], "bias": [0, 1]}, "a finite number here"),
    ],
)
def test_bad_parameters_are_named(kind, parameters, named):
    with pytest.raises(RequestError, match=named):
        Calibration(kind, **parameters)


@pytest.mark.parametrize(
    "fitted",
    [
        kinds.Identity(),
        kinds.Affine(scale=0.8, bias=(0.3, 0.1)),
        kinds.Affine(scale=1.2, bias=(0.3, 0.1, -0.4)),
        kinds.Beta(a=1.3, b=0.6, c=-0.2),
        kinds.Isotonic(x=((0.1, 0.2, 0.7),), y=((0.02, 0.4, 0.9),)),
        kinds.Isotonic(x=((0.5,),), y=((0.3,),)),
        kinds.Isotonic(x=((0.1, 0.9), (0.2, 0.7), (0.0, 0.4)), y=((0.2, 0.8), (0, 1), (0.1, 0.6))),
    ],
    ids=repr,
)
def test_the_layer_is_the_twin_of_the_numpy_calibration(fitted):
    classes = len(getattr(fitted, "bias", getattr(fitted, "x", ())))
    p = P3 if classes == 3 else P2
    layer = Calibration(**fitted.to_dict())
    p = np.vstack([p, np.eye(p.shape[1])])
    np.testing.assert_allclose(layer(p), fitted.apply(p), atol=1e-6)


def test_bad_temperature_and_columns_are_named():
    with pytest.raises(RequestError, match=r"temperature = -1"):
        TemperatureScaling(-1)
    with pytest.raises(ClassCountError, match="3 columns"):
        Calibration("beta", a=1, b=1, c=0)(P3)


CALIBRATIONS = [
    kinds.Affine(scale=0.5, bias=(0.3, -0.2)),
    kinds.Affine(scale=1.7, bias=(0.0, 0.1)),
    kinds.Beta(a=0.5, b=1.5, c=0.2),
    kinds.Isotonic(x=((0.1, 0.9),), y=((0.0, 1.0),)),
    kinds.Affine(scale=0.5, bias=(0.3, -0.2, 0.0)),
    kinds.Isotonic(x=((0.5, 0.9),) * 3, y=((0.0, 1.0),) * 3),
]


@pytest.mark.parametrize("calibration", CALIBRATIONS, ids=lambda one: one.kind)
@pytest.mark.parametrize("compiled", [False, True])
def test_the_layer_says_what_numpy_says_at_the_extremes(calibration, compiled):
    """Through the logarithm's floor, and where every curve of a row is at 0."""
    ends = np.array([0.0, 1e-38, 1e-20, 1e-7, 0.3, 0.5, 1 - 1e-7, 1.0], "float32")
    several = len(getattr(calibration, "x", getattr(calibration, "bias", (0, 0)))) == 3
    p = np.column_stack([1 - ends, ends / 2, ends / 2] if several else [1 - ends, ends])
    if several:
        p = np.r_[p, [[0.4, 0.3, 0.3], [1 / 3, 1 / 3, 1 / 3]]].astype("float32")
    layer = Calibration(**calibration.to_dict())
    out = tf.function(layer, jit_compile=True)(p) if compiled else layer(p)
    expected = calibration.apply(p)
    np.testing.assert_allclose(out, expected, rtol=2e-4, atol=1e-37)
    if not several:
        one_column = layer(p[:, 1:])
        np.testing.assert_allclose(one_column[:, 0], expected[:, 1], rtol=2e-4, atol=1e-37)
        np.testing.assert_allclose(calibration.apply(p[:, 1:]), expected, rtol=1e-6)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_prior_layer_says_what_numpy_says_at_the_extremes(compiled):
    ends = np.array([0.0, 1e-20, 1e-7, 0.3, 1 - 1e-7, 1.0], "float32")
    p = np.column_stack([1 - ends, ends])
    layer = PriorCorrection([0.5, 0.5], [0.999, 0.001])
    out = tf.function(layer, jit_compile=True)(p) if compiled else layer(p)
    expected = correct_prior(p, [0.5, 0.5], [0.999, 0.001])
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-37)
    np.testing.assert_allclose(layer(p[:, 1:])[:, 0], expected[:, 1], rtol=1e-4, atol=1e-37)
    np.testing.assert_allclose(correct_prior(p[:, 1:], 2 * [0.5], [0.999, 0.001]), expected)
