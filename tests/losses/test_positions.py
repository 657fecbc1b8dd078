"""Positions that must not count, weights of soft targets, smoothing: one meaning in every loss."""

import numpy as np
import pytest
import tensorflow as tf

from steelyard import layers, losses
from steelyard._keras import keras
from steelyard.errors import SteelyardError

RNG = np.random.default_rng(0)
COUNTS = [500, 50, 5]
WEIGHT = [1.0, 4.0, 16.0]
Z = np.tanh(RNG.normal(size=(6, 8, 3))).astype("float32")
Y = RNG.integers(0, 3, (6, 8))
VOID = RNG.random((6, 8)) < 0.3
MAKERS = {
    "LDAM": lambda **k: losses.LDAM(COUNTS, **k),
    "BalancedSoftmax": lambda **k: losses.BalancedSoftmax(COUNTS, **k),
    "ClassBalanced": lambda **k: losses.ClassBalanced(COUNTS, **k),
    "ClassDependentTemperature": lambda **k: losses.ClassDependentTemperature(COUNTS, **k),
    "Equalization": lambda **k: losses.Equalization(COUNTS, gamma=1.0, **k),
    "GaussianClouded": lambda **k: losses.GaussianClouded(COUNTS, deviation=0.0, **k),
    "LabelAwareSmoothing": lambda **k: losses.LabelAwareSmoothing(COUNTS, **k),
    "LogitAdjusted": lambda **k: losses.LogitAdjusted(COUNTS, **k),
    "Seesaw": lambda **k: losses.Seesaw(COUNTS, **k),
    "SparseFocal": lambda **k: losses.SparseFocal(alpha=WEIGHT, **k),
    "VectorScaling": lambda **k: losses.VectorScaling(COUNTS, **k),
    "Dice": lambda **k: losses.Dice(**k),
    "Tversky": lambda **k: losses.Tversky(**k),
    "FocalTversky": lambda **k: losses.FocalTversky(**k),
}
REGIONS = ("Dice", "Tversky", "FocalTversky")
every_loss = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@every_loss
@pytest.mark.parametrize("label", [255, -1])
def test_an_ignored_label_is_as_if_its_pixels_were_not_there(make, label):
    marked = np.where(VOID, label, Y)
    expected = float(make()(Y[~VOID], Z[~VOID]))
    for y in (marked, marked[..., None]):
        assert float(make(ignore_class=label)(y, Z)) == pytest.approx(expected, rel=1e-4)
    weights = RNG.random(Y.shape).astype("float32")
    weighed = float(make(ignore_class=label)(marked, Z, sample_weight=weights))
    expected = float(make()(Y[~VOID], Z[~VOID], sample_weight=weights[~VOID]))
    assert weighed == pytest.approx(expected, rel=1e-4)


@every_loss
def test_a_class_may_be_ignored_in_labels_and_one_hot_alike(make):
    expected = float(make()(Y[Y != 0], Z[Y != 0]))
    for y in (Y, np.eye(3, dtype="float32")[Y]):
        assert float(make(ignore_class=0)(y, Z)) == pytest.approx(expected, rel=1e-4)


@every_loss
def test_rows_of_weight_zero_may_hold_anything(make):
    keep = (~VOID).astype("float32")
    loss = make()
    expected = float(loss(Y, Z, sample_weight=keep))
    scores = np.where(VOID[..., None], np.nan, Z)
    for y in (np.where(VOID, 255, Y), np.where(VOID, np.nan, Y), np.where(VOID, -1, Y)[..., None]):
        z = tf.constant(scores)
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = loss(y, z, sample_weight=keep)
        assert float(value) == pytest.approx(expected, rel=1e-5)
        assert np.isfinite(tape.gradient(value, z)).all()
    one_hot = np.where(VOID[..., None], np.nan, np.eye(3)[Y])
    assert float(loss(one_hot, scores, sample_weight=keep)) == pytest.approx(expected, rel=1e-5)
    with pytest.raises(SteelyardError, match="255"):
        loss(np.where(VOID, 255, Y), Z)


@every_loss
def test_an_ignored_label_in_a_compiled_step(make):
    marked, loss = np.where(VOID, 255, Y), make(ignore_class=255)
    compiled = tf.function(loss, jit_compile=True)(marked, Z)
    assert float(compiled) == pytest.approx(float(loss(marked, Z)), rel=1e-4)


@pytest.mark.parametrize("make", [losses.AUCMargin, losses.PairwiseSquaredHinge])
def test_ranking_losses_rank_the_rows_that_count(make):
    y, z = RNG.integers(0, 2, 40), RNG.normal(size=(40, 1)).astype("float32")
    out = RNG.random(40) < 0.4
    marked, loss = np.where(out, 255, y), make()
    expected = float(loss(y[~out], z[~out]))
    assert float(make(ignore_class=255)(marked, z)) == pytest.approx(expected, rel=1e-4)
    scores = np.where(out[:, None], np.nan, z)
    keep = (~out).astype("float32")
    assert float(loss(marked, scores, sample_weight=keep)) == pytest.approx(expected, rel=1e-4)


def test_labels_that_are_not_known_cost_nothing():
    y = RNG.integers(0, 2, (20, 4)).astype("float32")
    z = RNG.normal(size=(20, 4)).astype("float32")
    unknown = RNG.random((20, 4)) < 0.3
    both = {"positive_weight": [1, 2, 3, 4], "negative_weight": [4, 3, 2, 1]}
    loss = losses.Asymmetric(0, 0, 0, ignore_class=-1, **both)
    p = 1 / (1 + np.exp(-z.astype("float64")))
    each = -(y * [1, 2, 3, 4] * np.log(p) + (1 - y) * [4, 3, 2, 1] * np.log(1 - p))
    expected = (each * ~unknown).sum(axis=1).mean()
    assert float(loss(np.where(unknown, -1, y), z)) == pytest.approx(expected, rel=1e-5)
    keep = np.arange(20) % 2
    rows = np.where(keep[:, None] == 0, np.nan, y)
    expected = (each.sum(axis=1) * keep).mean()
    found = losses.Asymmetric(0, 0, 0, **both)(rows, z, sample_weight=keep)
    assert float(found) == pytest.approx(expected, rel=1e-5)


SOFT = RNG.dirichlet([1, 1, 1], (6, 8)).astype("float32")


@pytest.mark.parametrize(
    "loss",
    [
        losses.Reweighted(losses.SparseFocal(gamma=0.0), WEIGHT),
        losses.Reweighted(losses.LogitAdjusted(COUNTS, tau=0.0), WEIGHT),
        losses.Reweighted(losses.LabelAwareSmoothing(COUNTS, head=0.0, tail=0.0), WEIGHT),
        losses.SparseFocal(gamma=0.0, alpha=WEIGHT),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_each_class_of_a_soft_target_counts_by_its_own_weight(loss):
    log_p = np.log(np.exp(Z) / np.exp(Z).sum(-1, keepdims=True))
    expected = -(SOFT * WEIGHT * log_p).sum(-1).mean()
    assert float(loss(SOFT, Z)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", [name for name in MAKERS if name not in REGIONS])
def test_smoothing_is_that_of_keras(name):
    """Smoothed targets by hand, through the loss without smoothing."""
    smoothed = np.eye(3, dtype="float32")[Y] * 0.8 + 0.2 / 3
    found = float(MAKERS[name](label_smoothing=0.2)(Y, Z))
    assert found == pytest.approx(float(MAKERS[name]()(smoothed, Z)), rel=1e-5)


def test_smoothing_of_one_unit_and_of_several_labels_is_that_of_keras():
    y, z = (Y == 1).astype("float32"), Z[..., 0]
    theirs = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.2)
    ours = losses.SparseFocal(gamma=0.0, label_smoothing=0.2)
    expected = float(theirs(y[..., None], z[..., None]))
    assert float(ours(y, z[..., None])) == pytest.approx(expected, rel=1e-5)
    several = losses.Asymmetric(0, 0, 0, label_smoothing=0.2)
    assert float(several(y, z)) == pytest.approx(8 * float(theirs(y, z)), rel=1e-5)


def test_regions_against_keras():
    y = (RNG.random((4, 6, 6, 1)) < 0.2).astype("float32")
    p = RNG.random((4, 6, 6, 1)).astype("float32")
    ours = losses.Dice(smooth=1e-7, from_logits=False)(y, p)
    assert float(ours) == pytest.approx(float(keras.losses.Dice()(y, p)), rel=1e-5)
    ours = losses.Tversky(0.2, 0.6, smooth=1e-7, from_logits=False)(y, p)
    # What Keras calls a false positive is a row of truth that the model misses.
    theirs = keras.losses.Tversky(alpha=0.6, beta=0.2)(y, p)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)


def test_regions_of_several_classes_are_a_mean_over_classes():
    one_hot, p = np.eye(3)[Y], np.exp(Z) / np.exp(Z).sum(-1, keepdims=True)
    hits, alarms, misses = (
        (a * b).sum((0, 1)) for a, b in ((one_hot, p), (1 - one_hot, p), (one_hot, 1 - p))
    )
    index = (hits + 1) / (hits + 0.3 * alarms + 0.7 * misses + 1)
    assert float(losses.Tversky()(Y, Z)) == pytest.approx((1 - index).mean(), rel=1e-5)
    focal = ((1 - index) ** 0.75).mean()
    assert float(losses.FocalTversky()(one_hot, Z)) == pytest.approx(focal, rel=1e-5)


ONE_UNIT = {
    "SparseFocal": losses.SparseFocal,
    "LogitAdjusted": lambda: losses.LogitAdjusted([9, 1]),
    "Reweighted": lambda: losses.Reweighted(losses.SparseFocal(), [1, 9]),
    "Dice": losses.Dice,
    "AUCMargin": lambda: losses.AUCMargin(one_class="zero"),
    "Asymmetric": losses.Asymmetric,
}


def trained(loss, *last):
    model = keras.Sequential([keras.Input((3,)), *last])
    model.compile("sgd", loss)
    y = (np.arange(64) % 8 == 0).astype(int)[:, None]
    return model.fit(RNG.normal(size=(64, 3)), y, verbose=0).history["loss"][0]


@pytest.mark.parametrize("make", ONE_UNIT.values(), ids=ONE_UNIT)
def test_a_sigmoid_in_front_of_a_loss_of_logits_is_noticed(make):
    with pytest.raises(SteelyardError, match="comes out of a sigmoid"):
        trained(make(), keras.layers.Dense(1, "sigmoid"))
    with pytest.raises(SteelyardError, match="comes out of a sigmoid"):
        trained(make(), keras.layers.Dense(1), keras.layers.Activation("sigmoid", dtype="float16"))


def test_outputs_that_are_all_alike_are_not_taken_for_probabilities():
    """A model that starts at a share of .6 says 0.4, as a logit, for every row."""
    start = layers.PriorBias([2, 3])
    flat = keras.layers.Dense(1, kernel_initializer="zeros", bias_initializer=start)
    assert np.isfinite(trained(losses.SparseFocal(), flat))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: losses.SparseFocal(alpha=0.25)(np.array([0, 1]), np.zeros(2)), "columns"),
        (lambda: losses.SparseFocal(alpha=[1, 2])(Y, Z), "alpha has 2 classes"),
        (lambda: losses.Reweighted(losses.SparseFocal(), [1, 2])(Y, Z), "class_weight has 2"),
        (lambda: losses.SparseFocal(label_smoothing=1.0), "label_smoothing = 1.0"),
        (lambda: losses.Tversky(alpha=-1), "alpha = -1"),
        (lambda: losses.FocalTversky(gamma=0.5), "gamma = 0.5"),
        (lambda: losses.SparseFocal()(Y, Z, sample_weight=np.ones((6, 8, 3))), "sample_weight"),
    ],
)
def test_what_is_wrong_is_said_at_once(make, said):
    with pytest.raises(SteelyardError, match=said):
        make()
