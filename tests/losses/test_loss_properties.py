"""What must hold for every loss: limits, reductions, weights, precision, bad input."""

import numpy as np
import pytest
import tensorflow as tf

from steelyard import losses
from steelyard._keras import keras
from steelyard.errors import SteelyardError

COUNTS = [500, 50, 5]
RNG = np.random.default_rng(0)
Z = np.tanh(RNG.normal(size=(40, 3))).astype("float32")  # within [-1, 1]: LDAM takes cosines
Y = RNG.integers(0, 3, 40)

COUNTED = [
    losses.BalancedSoftmax,
    losses.ClassBalanced,
    losses.ClassDependentTemperature,
    losses.LDAM,
    losses.LogitAdjusted,
    losses.Seesaw,
    losses.VectorScaling,
]
# Equalization draws; with gamma 1 the draw is sure.
EXCLUSIVE = [
    *(make(COUNTS) for make in COUNTED),
    losses.ClassBalanced(COUNTS, base="sigmoid"),
    losses.ClassBalanced(COUNTS, base="focal", gamma=0.5),
    losses.Equalization(COUNTS, gamma=1.0),
    losses.GaussianClouded(COUNTS, deviation=0.0),
    losses.LabelAwareSmoothing(COUNTS),
    losses.Reweighted(losses.LogitAdjusted(COUNTS, tau=0.3), [1.0, 2.0, 30.0]),
    losses.SparseFocal(),
    losses.SparseFocal(gamma=0.5, alpha=[1.0, 2.0, 30.0]),
]

COSINES = (losses.LDAM, losses.GaussianClouded)


def named(loss):
    return "-".join([type(loss).__name__, *filter(None, [getattr(loss, "base", "")])])


by_name = {"ids": named}


def keras_own(y=Y, z=Z):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")(y, z)


@pytest.mark.parametrize(
    "loss",
    [
        losses.LogitAdjusted(COUNTS, tau=0.0),
        losses.SparseFocal(gamma=0.0),
        losses.ClassBalanced(COUNTS, beta=0.0),
        losses.VectorScaling(COUNTS, gamma=0.0, tau=0.0),
        losses.ClassDependentTemperature(COUNTS, gamma=0.0),
        losses.Seesaw(COUNTS, p=0.0, q=0.0),
        losses.Equalization(COUNTS, gamma=0.0),
        losses.LabelAwareSmoothing(COUNTS, head=0.0, tail=0.0),
        losses.GaussianClouded(COUNTS, scale=1.0, deviation=0.0),
        losses.BalancedSoftmax([7, 7, 7]),
    ],
    **by_name,
)
def test_where_it_becomes_keras_own_cross_entropy(loss):
    np.testing.assert_allclose(loss.call(Y, Z), keras_own(), rtol=1e-5, atol=1e-6)


def test_balanced_softmax_is_logit_adjustment_of_strength_one():
    np.testing.assert_allclose(
        losses.BalancedSoftmax(COUNTS).call(Y, Z),
        losses.LogitAdjusted(COUNTS).call(Y, Z),
        rtol=1e-5,
    )


def test_vector_scaling_without_scaling_is_logit_adjustment():
    np.testing.assert_allclose(
        losses.VectorScaling(COUNTS, gamma=0.0, tau=0.7).call(Y, Z),
        losses.LogitAdjusted(COUNTS, tau=0.7).call(Y, Z),
        rtol=1e-5,
    )


def test_beta_near_one_weighs_by_inverse_frequency():
    inverse = 1 / np.array(COUNTS)
    weights = 3 * inverse / inverse.sum()
    np.testing.assert_allclose(
        losses.ClassBalanced(COUNTS, beta=1 - 1e-9).call(Y, Z), weights[Y] * keras_own(), rtol=1e-4
    )


@pytest.mark.parametrize("loss", EXCLUSIVE, **by_name)
def test_reductions_and_sample_weights_are_keras(loss):
    rows = np.asarray(loss.call(Y, Z))
    assert rows.shape == (40,)
    assert float(loss(Y, Z)) == pytest.approx(rows.mean(), rel=1e-5)
    weight = RNG.random(40).astype("float32")
    expected = (rows * weight).sum() / 40
    assert float(loss(Y, Z, sample_weight=weight)) == pytest.approx(expected, rel=1e-5)
    config = loss.get_config() | {"reduction": "none"}
    np.testing.assert_allclose(type(loss).from_config(config)(Y, Z), rows, rtol=1e-6)


@pytest.mark.parametrize("loss", EXCLUSIVE, **by_name)
def test_pixels(loss):
    """Targets with more axes than rows: (n, height, width) labels, (n, height, width, K) logits."""
    shaped = loss.call(Y.reshape(2, 4, 5), Z.reshape(2, 4, 5, 3))
    np.testing.assert_allclose(np.ravel(shaped), loss.call(Y, Z), rtol=1e-5)


@pytest.mark.parametrize("loss", EXCLUSIVE, **by_name)
def test_probabilities_in(loss):
    if isinstance(loss, COSINES):
        with pytest.raises(TypeError):
            type(loss)(COUNTS, from_logits=False)
        return
    if getattr(loss, "base", "softmax") != "softmax":
        with pytest.raises(SteelyardError, match="needs logits"):
            losses.ClassBalanced(COUNTS, base=loss.base, from_logits=False)
        return
    config = loss.get_config()
    inside = config["loss"]["config"] if isinstance(loss, losses.Reweighted) else config
    inside["from_logits"] = False
    again = type(loss).from_config(config)
    p = np.exp(Z) / np.exp(Z).sum(1, keepdims=True)
    np.testing.assert_allclose(again.call(Y, p), loss.call(Y, np.log(p)), rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("loss", EXCLUSIVE, **by_name)
def test_compiled_equals_eager(loss):
    compiled = tf.function(loss.call, jit_compile=True)
    np.testing.assert_allclose(compiled(Y, Z), loss.call(Y, Z), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("loss", EXCLUSIVE, **by_name)
def test_gradients_stay_finite_at_extreme_logits(loss, dtype):
    far = 1 if isinstance(loss, COSINES) else 100  # cosines end at 1
    z = tf.constant([[far, -far, 0], [-far, far, far], [0, 0, -far]], dtype)
    for y in ([0, 1, 2], [2, 0, 0]):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = loss(np.array(y), z)
        gradient = tape.gradient(value, z)
        assert gradient.dtype == z.dtype
        assert np.isfinite(np.asarray(gradient, "float32")).all()
        assert np.isfinite(float(value))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize(
    ("loss", "targets"),
    [
        (losses.Asymmetric(), np.eye(3)[[0, 1]]),
        (losses.Asymmetric(gamma_neg=2.5, gamma_pos=0.5, clip=0.0), np.eye(3)[[2, 0]]),
        (losses.AUCMargin(), np.array([[0], [1]])),
        (losses.PairwiseSquaredHinge(), np.array([[1], [0]])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_gradients_stay_finite_for_the_other_losses(loss, targets, dtype):
    z = tf.constant([[100, -100, 0], [-100, 100, 100]], dtype)[:, : targets.shape[1]]
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss(targets, z)
    gradient = tape.gradient(value, z)
    assert gradient.dtype == z.dtype
    assert np.isfinite(np.asarray(gradient, "float32")).all()
    assert np.isfinite(float(value))


@pytest.mark.parametrize("margin", [0.3, 1.0])
def test_sorting_is_the_same_as_going_through_all_pairs(margin):
    y = tf.constant(RNG.integers(0, 2, 60))
    p = tf.constant(RNG.random((60, 1)).round(2).astype("float32"))  # with ties
    loss = losses.PairwiseSquaredHinge(margin, from_logits=False)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(p)
        value = loss(y, p)
        ours, theirs = tf.boolean_mask(p, y == 1), tf.boolean_mask(p, y == 0)
        gaps = tf.nn.relu(margin - (ours - tf.transpose(theirs)))
        pairs = tf.reduce_mean(gaps**2)
    assert float(value) == pytest.approx(float(pairs), rel=1e-5)
    np.testing.assert_allclose(tape.gradient(value, p), tape.gradient(pairs, p), atol=1e-6)


def test_gradient_of_logit_adjustment_is_softmax_of_shifted_logits_minus_target():
    z = tf.constant(Z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = losses.LogitAdjusted(COUNTS, reduction="sum")(Y, z)
    shifted = Z + np.log(np.array(COUNTS) / sum(COUNTS))
    softmax = np.exp(shifted) / np.exp(shifted).sum(1, keepdims=True)
    np.testing.assert_allclose(tape.gradient(value, z), softmax - np.eye(3)[Y], atol=1e-5)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: losses.BalancedSoftmax([10, 0, 5]), "0"),
        (lambda: losses.BalancedSoftmax([10, -3, 5]), "-3"),
        (lambda: losses.BalancedSoftmax([10]), "at least two"),
        (lambda: losses.BalancedSoftmax(COUNTS)(Y, Z[:, :2]), "2"),
        (lambda: losses.SparseFocal()(np.array([0, 3]), Z[:2]), "3"),
        (lambda: losses.SparseFocal()(np.array([0, -1]), Z[:2]), "-1"),
        (lambda: losses.SparseFocal(gamma=-1), "-1"),
        (lambda: losses.SparseFocal(alpha=[0.5, -0.5]), "-0.5"),
        (lambda: losses.SparseFocal()(Y, np.full((40, 3), 1 / 3, "float32")), "from_logits"),
        (lambda: losses.SparseFocal(from_logits=False)(Y, Z), r"\[0, 1\]"),
        (lambda: losses.ClassBalanced(COUNTS, beta=1.0), "1.0"),
        (lambda: losses.ClassBalanced(COUNTS, base="hinge"), "softmax"),
        (lambda: losses.LogitAdjusted(COUNTS, tau=float("nan")), "nan"),
        (lambda: losses.LDAM(COUNTS, scale=0), "0"),
        (lambda: losses.LDAM(COUNTS)(Y, 9 * Z), "NormalizedDense"),
        (lambda: losses.GaussianClouded(COUNTS)(Y, 9 * Z), "NormalizedDense"),
        (lambda: losses.GaussianClouded(COUNTS, deviation=-1), "-1"),
        (lambda: losses.LabelAwareSmoothing(COUNTS, head=1.0), "1.0"),
        (lambda: losses.LabelAwareSmoothing(COUNTS, spread="rest"), "rest"),
        (lambda: losses.BalancedSoftmax(COUNTS)(np.ones((40, 3)), Z), "Asymmetric"),
        (lambda: losses.AUCMargin()(np.zeros(5), np.zeros((5, 1))), "class"),
        (lambda: losses.Asymmetric(clip=1.0), "1.0"),
        (lambda: losses.Reweighted(losses.SparseFocal(), [1.0, -2.0]), "-2"),
        (lambda: losses.Reweighted(losses.SparseFocal(), 5.0), "5.0"),
        (lambda: losses.Reweighted("mse", [1.0, 2.0]), "LDAM"),
    ],
)
def test_what_is_wrong_is_said_at_once(make, said):
    with pytest.raises(SteelyardError, match=said):
        make()


def test_a_label_out_of_range_stops_the_first_compiled_step():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    model.compile("sgd", losses.BalancedSoftmax(COUNTS), jit_compile=False)
    # Our assertion or TensorFlow's own kernel, whichever runs first in the compiled step.
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"label (is|value of 3 .*) outside"):
        model.fit(np.zeros((8, 2)), np.full(8, 3), verbose=0)


def test_weights_in_a_variable_reach_a_step_that_was_compiled_before():
    loss = losses.Reweighted(losses.LogitAdjusted(COUNTS, tau=0.0), [1.0, 1.0, 1.0])
    step = tf.function(lambda: loss(Y, Z))
    before = float(step())
    loss.assign([1.0, 2.0, 30.0])
    assert before == pytest.approx(float(np.mean(keras_own())), rel=1e-5)
    expected = float(np.mean(np.array([1.0, 2.0, 30.0])[Y] * keras_own()))
    assert float(step()) == pytest.approx(expected, rel=1e-5)
