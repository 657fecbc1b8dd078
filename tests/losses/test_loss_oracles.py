"""Losses against the independently computed values of the project's formulas, row by row."""

import numpy as np
import pytest

from steelyard import losses
from steelyard._keras import keras
from steelyard.losses.asymmetric import asymmetric_crossentropy
from steelyard.losses.gaussian_clouded import noise_sizes, noisy_crossentropy
from steelyard.weights import from_counts

COUNTS = [1000, 100, 10]
Z = np.array([[2.0, 1.0, 0.5], [0.2, 0.4, 0.1], [1.5, -0.5, 0.3]], "float32")
Y = np.array([0, 1, 2])

# ruff: noqa: E501 - a table
# name -> (loss, values of the three rows or None, mean)
ORACLES = {
    "cross-entropy": (losses.LogitAdjusted(COUNTS, tau=0.0), (0.464369, 0.939831, 1.562230), 0.988810),
    "focal 1": (losses.SparseFocal(gamma=1.0), (0.172498, 0.572645, 1.234681), 0.659941),
    "focal 2": (losses.SparseFocal(gamma=2.0), (0.064078, 0.348916, 0.975808), 0.462934),
    "focal 5": (losses.SparseFocal(gamma=5.0), None, 0.187977),
    "class-balanced .9": (losses.ClassBalanced(COUNTS, beta=0.9), None, 1.075639),
    "class-balanced .99": (losses.ClassBalanced(COUNTS, beta=0.99), None, 1.402694),
    "class-balanced .999": (losses.ClassBalanced(COUNTS, beta=0.999), None, 1.488711),
    "class-balanced .9999": (losses.ClassBalanced(COUNTS), None, 1.495574),
    "balanced softmax": (losses.BalancedSoftmax(COUNTS), (0.038277, 2.225854, 5.821580), 2.695237),
    "logit-adjusted .5": (losses.LogitAdjusted(COUNTS, tau=0.5), (0.129840, 1.341119, 3.572965), None),
    "logit-adjusted 1": (losses.LogitAdjusted(COUNTS), (0.038277, 2.225854, 5.821580), 2.695237),
    "logit-adjusted 1.5": (losses.LogitAdjusted(COUNTS, tau=1.5), (0.011787, 3.292645, 8.112326), None),
    "vector scaling": (losses.VectorScaling(COUNTS, gamma=0.2, tau=1.2), (0.016568, 2.778266, 6.917979), 3.237605),
    "temperature": (losses.ClassDependentTemperature(COUNTS, gamma=0.3), (0.319792, 1.043340, 1.771253), 1.044795),
    "equalization": (losses.Equalization(COUNTS, threshold=0.05, gamma=1.0), (0.313262, 0.598139, 1.562230), None),
    "smoothing, code": (losses.LabelAwareSmoothing(COUNTS), (0.797702, 0.963613, 1.548897), 1.103404),
    "smoothing, paper": (losses.LabelAwareSmoothing(COUNTS, spread="others"), (0.964369, 0.975505, 1.542230), 1.160701),
    "seesaw": (losses.Seesaw(COUNTS), (0.061951, 0.660698, 3.638837), 1.453828),
}  # fmt: skip
# On cosine logits.
LDAM_ROWS = (0.000707, 6.300240, 29.400000)


@pytest.mark.parametrize("one_hot", [False, True], ids=["labels", "one-hot"])
@pytest.mark.parametrize("name", ORACLES)
def test_oracle(name, one_hot):
    loss, rows, mean = ORACLES[name]
    y = np.eye(3)[Y] if one_hot else Y
    if rows is not None:
        np.testing.assert_allclose(loss.call(y, Z), rows, rtol=1e-5, atol=2e-6)
        mean = np.mean(rows)
    assert float(loss(y, Z)) == pytest.approx(mean, rel=1e-5)


def test_ldam_oracle():
    loss = losses.LDAM(COUNTS)
    np.testing.assert_allclose(loss.call(Y, Z / 2.5), LDAM_ROWS, rtol=1e-5, atol=2e-6)


def test_gaussian_clouded_oracle():
    noise = np.array([0.1, 0.2, 0.3], "float32")
    found = noisy_crossentropy(Y, Z / 2.5, noise_sizes(COUNTS), noise, 30.0)
    np.testing.assert_allclose(found, [0.0, 1.037512, 23.4], rtol=1e-5, atol=1e-6)


def test_gaussian_clouded_noise_only_lowers_rare_classes_and_is_cut_at_one():
    loss, plain = (losses.GaussianClouded(COUNTS, deviation=d, seed=1) for d in (5.0, 0.0))
    z = np.zeros((2000, 3), "float32")
    frequent, rare = (np.asarray(loss.call(np.full(2000, k), z)) for k in (0, 2))
    base = float(plain(np.array([0]), z[:1]))
    assert (frequent <= base + 1e-5).all()
    # At most a whole cosine below the two others, times 30.
    assert 29.9 < rare.max() <= 30.0 + np.log(2) + 1e-4
    again = losses.GaussianClouded(COUNTS, deviation=5.0, seed=1).call(np.full(2000, 0), z)
    np.testing.assert_array_equal(again, frequent)
    np.testing.assert_allclose(plain.call(Y, Z / 2.5), losses.LDAM(COUNTS, 0.0).call(Y, Z / 2.5))


def test_ldam_oracle_with_deferred_weights():
    late = from_counts(COUNTS, "effective", beta=0.9999)
    loss = losses.Reweighted(losses.LDAM(COUNTS), late)
    assert float(loss(Y, Z / 2.5)) == pytest.approx(27.033413, rel=1e-5)


def test_asymmetric_oracle():
    x = np.array([[2.0, -1.0, 0.5, -4.0]], "float32")
    t = np.array([[1.0, 0.0, 0.0, 0.0]], "float32")
    each = asymmetric_crossentropy(t, x, gamma_neg=4.0, gamma_pos=1.0, clip=0.05)
    np.testing.assert_allclose(each[0], (0.015130, 0.000568, 0.091253, 0), rtol=1e-5, atol=6e-7)
    found = losses.Asymmetric(reduction="sum")(t, x)
    assert float(found) == pytest.approx(0.106951, rel=1e-5)
    narrow = losses.Asymmetric()(t, keras.ops.cast(x, "bfloat16"))
    assert float(narrow) == pytest.approx(0.106951, rel=1e-2)


@pytest.mark.parametrize("make", [losses.PairwiseSquaredHinge, losses.AUCMargin])
def test_auc_oracle(make):
    scores = np.array([[0.9], [0.4], [0.1], [0.3], [0.6]], "float32")
    found = make(from_logits=False)(np.array([1, 1, 0, 0, 0]), scores)
    assert float(found) == pytest.approx(0.571667, rel=1e-5)


@pytest.mark.parametrize("name", ORACLES)
def test_bfloat16_logits(name):
    loss, rows, _ = ORACLES[name]
    if rows is not None:
        found = np.asarray(loss.call(Y, keras.ops.cast(Z, "bfloat16")), "float32")
        np.testing.assert_allclose(found, rows, rtol=1e-2, atol=2e-3)


def test_bfloat16_cosines_and_scores():
    cosines = keras.ops.cast(Z / 2.5, "bfloat16")
    found = np.asarray(losses.LDAM(COUNTS).call(Y, cosines))
    np.testing.assert_allclose(found[1:], LDAM_ROWS[1:], rtol=1e-2)
    scores = keras.ops.cast([[0.9], [0.4], [0.1], [0.3], [0.6]], "bfloat16")
    for make in (losses.PairwiseSquaredHinge, losses.AUCMargin):
        found = float(make(from_logits=False)(np.array([1, 1, 0, 0, 0]), scores))
        assert found == pytest.approx(0.571667, rel=1e-2)


def test_focal_of_one_sigmoid_unit():
    """Lin et al.: alpha .25 for the positives, gamma 2."""
    x = np.array([[-3.0], [-1.0], [0.0], [1.0], [3.0]], "float32")
    t = np.array([0, 0, 1, 1, 0])
    expected = [0.000082, 0.016994, 0.043322, 0.005665, 2.074710]
    found = losses.SparseFocal(gamma=2.0, alpha=[0.75, 0.25]).call(t, x)
    np.testing.assert_allclose(found, expected, atol=2e-6)
