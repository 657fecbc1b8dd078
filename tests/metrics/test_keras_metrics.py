"""The Keras metrics read what the numpy functions read, within the bound that they state."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn import metrics as sk

from steelyard import metrics
from steelyard._keras import keras
from steelyard.errors import RequestError, SteelyardError

RNG = np.random.default_rng(0)
COSTS = [[0, 1, 2], [9, 0, 3], [30, 4, 0]]

# name -> (Keras metric of settings, numpy function of (y, p)) for two classes
BINARY = {
    "ROCAUC": (metrics.ROCAUC, metrics.roc_auc),
    "AveragePrecision": (metrics.AveragePrecision, metrics.average_precision),
    "PrecisionAtRecall": (
        lambda **kw: metrics.PrecisionAtRecall(0.6, **kw),
        lambda y, p, **kw: metrics.precision_at_recall(y, p, recall=0.6, **kw),
    ),
    "RecallAtPrecision": (
        lambda **kw: metrics.RecallAtPrecision(0.1, **kw),
        lambda y, p, **kw: metrics.recall_at_precision(y, p, precision=0.1, **kw),
    ),
    "LogLoss": (metrics.LogLoss, metrics.log_loss),
    "BrierSkill": (metrics.BrierSkill, metrics.brier_skill),
    "ObservedExpected": (metrics.ObservedExpected, metrics.observed_expected),
    "CalibrationError": (metrics.CalibrationError, metrics.calibration_error),
    "BalancedAccuracy": (
        lambda **kw: metrics.BalancedAccuracy(threshold=0.1, **kw),
        lambda y, p, **kw: metrics.balanced_accuracy(y, p >= 0.1, **kw),
    ),
    "GMean": (
        lambda **kw: metrics.GMean(threshold=0.1, **kw),
        lambda y, p, **kw: metrics.gmean(y, p >= 0.1, **kw),
    ),
    "MCC": (
        lambda **kw: metrics.MCC(threshold=0.1, **kw),
        lambda y, p, **kw: metrics.mcc(y, p >= 0.1, **kw),
    ),
    "F1": (
        lambda **kw: metrics.F1(threshold=0.1, **kw),
        lambda y, p, **kw: metrics.f1(y, p >= 0.1, **kw),
    ),
    "FBeta": (
        lambda **kw: metrics.FBeta(2.0, threshold=0.1, **kw),
        lambda y, p, **kw: metrics.fbeta(y, p >= 0.1, beta=2.0, **kw),
    ),
    "Precision": (
        lambda **kw: metrics.Precision(threshold=0.1, **kw),
        lambda y, p, **kw: metrics.precision(y, p >= 0.1, **kw),
    ),
    "Recall": (
        lambda **kw: metrics.Recall(threshold=0.1, **kw),
        lambda y, p, **kw: metrics.recall(y, p >= 0.1, **kw),
    ),
    "Specificity": (
        lambda **kw: metrics.Specificity(threshold=0.1, **kw),
        lambda y, p, **kw: metrics.recall(1 - y, p < 0.1, **kw),
    ),
    "IoU": (
        lambda **kw: metrics.IoU(threshold=0.1, **kw),
        lambda y, p, **kw: sk.jaccard_score(y, p >= 0.1, **kw),
    ),
    "ExpectedCost": (
        lambda **kw: metrics.ExpectedCost(fp=1, fn=20, **kw),
        lambda y, p, **kw: metrics.expected_cost(y, p >= 1 / 21, fp=1, fn=20, **kw),
    ),
    "NormalizedCost": (
        lambda **kw: metrics.NormalizedCost(fp=1, fn=20, **kw),
        lambda y, p, **kw: metrics.normalized_cost(y, p >= 1 / 21, fp=1, fn=20, **kw),
    ),
}
# The same for more: numpy functions of (y, p) with p of shape (n, K), macro over classes.
MANY = BINARY | {
    "ObservedExpected": (
        lambda **kw: metrics.ObservedExpected(class_id=2, **kw),
        lambda y, p, **kw: metrics.observed_expected(y, p, **kw)[2],
    ),
    "BalancedAccuracy": (
        metrics.BalancedAccuracy,
        lambda y, p, **kw: metrics.balanced_accuracy(y, p.argmax(1), **kw),
    ),
    "GMean": (metrics.GMean, lambda y, p, **kw: metrics.gmean(y, p.argmax(1), **kw)),
    "MCC": (metrics.MCC, lambda y, p, **kw: metrics.mcc(y, p.argmax(1), **kw)),
    "F1": (metrics.F1, lambda y, p, **kw: metrics.f1(y, p.argmax(1), average="macro", **kw)),
    "FBeta": (
        lambda **kw: metrics.FBeta(2.0, **kw),
        lambda y, p, **kw: metrics.fbeta(y, p.argmax(1), beta=2.0, average="macro", **kw),
    ),
    "Precision": (
        metrics.Precision,
        lambda y, p, **kw: metrics.precision(y, p.argmax(1), average="macro", **kw),
    ),
    "Recall": (
        metrics.Recall,
        lambda y, p, **kw: metrics.recall(y, p.argmax(1), average="macro", **kw),
    ),
    "Specificity": (
        metrics.Specificity,
        lambda y, p, **kw: np.mean([sk.recall_score(y != k, p.argmax(1) != k) for k in range(3)]),
    ),
    "IoU": (
        metrics.IoU,
        lambda y, p, **kw: sk.jaccard_score(y, p.argmax(1), average="macro", **kw),
    ),
    "ExpectedCost": (
        lambda **kw: metrics.ExpectedCost(costs=COSTS, **kw),
        lambda y, p, **kw: metrics.expected_cost(y, (p @ COSTS).argmin(1), costs=COSTS, **kw),
    ),
    "NormalizedCost": (
        lambda **kw: metrics.NormalizedCost(costs=COSTS, **kw),
        lambda y, p, **kw: metrics.normalized_cost(y, (p @ COSTS).argmin(1), costs=COSTS, **kw),
    ),
}


def binary(rows=6000, prevalence=0.03):
    y = (RNG.random(rows) < prevalence).astype(int)
    z = logit(prevalence) + RNG.normal(size=rows) + 1.7 * y
    return y, z.astype("float32")


def three(rows=5000):
    y = RNG.choice(3, rows, p=[0.9, 0.08, 0.02])
    z = RNG.normal(size=(rows, 3)) + 1.5 * np.eye(3)[y] + np.log([0.9, 0.08, 0.02])
    return y, z.astype("float32")


def softmax(z):
    e = np.exp(z.astype(float) - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def in_batches(metric, *columns, size=700):
    for start in range(0, len(columns[0]), size):
        metric.update_state(*(column[start : start + size] for column in columns))
    return metric


def agrees(metric, exact):
    """Within the bound stated, and near it: a bound that says nothing would hold as well."""
    bound = metric.error_bound() if hasattr(metric, "error_bound") else 0.0
    value = float(metric.result())
    assert value == pytest.approx(exact, rel=2e-5, abs=bound + 2e-6)
    assert value == pytest.approx(exact, rel=0.01)


def test_every_keras_metric_is_here():
    named = {name for name in metrics.__all__ if not name.islower()} - {"ConfusionMatrix"}
    assert named == set(BINARY) == set(MANY)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", BINARY)
def test_two_classes_in_every_form_they_come_in(name, weighted):
    make, exact = BINARY[name]
    y, z = binary()
    weight = RNG.integers(1, 4, len(y)).astype(float) if weighted else np.ones(len(y))
    value = exact(y, expit(z.astype(float)), sample_weight=weight)
    pair = np.column_stack([np.zeros_like(z), z])
    for targets, scores, from_logits in [
        (y, z, True),
        (y[:, None], z[:, None], True),
        (y.astype("float32"), expit(z), False),
        (y, pair, True),
        (np.eye(2)[y], softmax(pair), False),
    ]:
        metric = in_batches(make(from_logits=from_logits), targets, scores, weight)
        if weighted and name == "AveragePrecision":
            # Under unequal weights the bound is an estimate; the figure still is near.
            assert float(metric.result()) == pytest.approx(value, abs=2e-3)
        else:
            agrees(metric, value)
        assert metric.unreadable() == 0


@pytest.mark.parametrize("name", MANY)
def test_three_classes(name):
    make, exact = MANY[name]
    y, z = three()
    value = exact(y, softmax(z))
    for targets, scores, from_logits in [
        (y, z, True),
        (np.eye(3)[y], z, True),
        (y[:, None], softmax(z), False),
    ]:
        agrees(in_batches(make(from_logits=from_logits), targets, scores), value)


@pytest.mark.parametrize("name", ["ROCAUC", "AveragePrecision", "CalibrationError", "F1"])
def test_one_class_against_the_rest(name):
    y, z = three()
    p = softmax(z)
    for k in range(3):
        metric = in_batches(getattr(metrics, name)(class_id=k), y, p)
        if name == "F1":
            exact = metrics.f1(y, p.argmax(1), average=None)[k]
        else:
            exact = MANY[name][1](y, p, average=None)[k]
        agrees(metric, exact)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_outputs_of_16_bits_are_read_as_what_they_say(dtype):
    y, z = binary()
    narrow = keras.ops.cast(z, dtype)
    for name in ("ROCAUC", "LogLoss"):
        make, exact = BINARY[name]
        value = exact(y, expit(np.asarray(narrow, "float32").astype(float)))
        agrees(in_batches(make(from_logits=True), y, narrow), value)


def rare_event_scores(rows=300_000, prevalence=0.0015, separation=2.09):
    """Scores of a model that knows the truth: two normal classes, .0015 of the rows positive."""
    rng = np.random.default_rng(0)
    y = (rng.random(rows) < prevalence).astype(int)
    x = rng.normal(size=rows) + separation * y
    return y, expit(logit(prevalence) + separation * x - separation**2 / 2).astype("float32")


def test_at_015_percent_keras_reads_the_wrong_auc_and_we_the_right_one():
    y, p = rare_event_scores()
    exact = sk.roc_auc_score(y, p)
    assert exact == pytest.approx(0.932, abs=0.01)
    theirs = keras.metrics.AUC()
    theirs.update_state(y, p)
    assert float(theirs.result()) < exact - 0.09
    ours = metrics.ROCAUC()
    ours.update_state(y, p)
    assert float(ours.result()) == pytest.approx(exact, abs=1e-4)
    ap = metrics.AveragePrecision()
    ap.update_state(y, p)
    assert float(ap.result()) == pytest.approx(sk.average_precision_score(y, p), abs=5e-4)


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from([2, 30, 1000, 4096]), st.integers(2, 60))
def test_the_bound_holds_at_any_resolution(seed, resolution, rows):
    rng = np.random.default_rng(seed)
    y = np.r_[0, 1, rng.integers(0, 2, rows - 2)]
    p = np.round(rng.random(rows), int(rng.integers(1, 4))).astype("float32")
    for name, exact in [
        ("ROCAUC", sk.roc_auc_score(y, p)),
        ("AveragePrecision", sk.average_precision_score(y, p)),
        ("CalibrationError", metrics.calibration_error(y, p)),
    ]:
        metric = getattr(metrics, name)(resolution=resolution)
        metric.update_state(y, p)
        assert abs(float(metric.result()) - exact) <= metric.error_bound() + 1e-6


def test_perfect_order_is_one_and_reversed_order_zero():
    y = np.repeat([0, 1], [990, 10])
    p = np.linspace(0.001, 0.9, 1000)
    for scores, auc in ((p, 1.0), (p[::-1], 0.0)):
        metric = metrics.ROCAUC()
        metric.update_state(y, scores)
        assert float(metric.result()) == pytest.approx(auc, abs=1e-6)
    precise = metrics.AveragePrecision()
    precise.update_state(y, p)
    assert float(precise.result()) == pytest.approx(1.0, abs=1e-6)


def test_counts_stay_whole_where_float32_stops_counting():
    metric = metrics.ROCAUC()
    metric.update_state([0, 1], [0.2, 0.8], sample_weight=[2.0**25, 1.0])
    for _ in range(8):  # in float32 adding 1 to 2^25 changes nothing
        metric.update_state([0], [0.2])
    assert float(np.sum(metric.sums()["histogram"])) == 2**25 + 9


UNREADABLE = [
    ([0.0, 1.0, 0.5], [0.1, 0.2, 0.3], {}),  # between two classes
    ([0, 1, np.nan], [0.1, 0.2, 0.3], {}),
    ([0, 1, 1], [0.1, 0.2, np.nan], {}),
    ([0, 1, 1], [0.1, 0.2, np.nan], {"from_logits": True}),
    ([[1, 0], [0, 1], [0.5, 0.5]], [[0.5, 0.5]] * 3, {}),
]


@pytest.mark.parametrize(("y", "p", "settings_"), UNREADABLE)
@pytest.mark.parametrize("name", BINARY)
def test_a_row_that_cannot_be_read_is_counted_and_never_guessed(name, y, p, settings_):
    metric = BINARY[name][0](**settings_)
    metric.update_state(np.array(y), np.array(p, "float32"))
    assert np.isnan(float(metric.result()))
    assert metric.unreadable() == 1
    metric.reset_state()
    assert metric.unreadable() == 0


WRONG = [
    ([0, 1, 2], [0.1, 0.2, 0.3], r"classes 0 \.\.\. 1"),
    ([0, 1, -1], [0.1, 0.2, 0.3], r"classes 0 \.\.\. 1"),
    ([0, 1, 1], [0.1, 0.2, 3.0], "from_logits=True"),  # a logit for a probability
    ([[1, 0], [0, 1], [1, 1]], [[0.5, 0.5]] * 3, "multi_label=True"),  # argmax would lie
    ([[1, 0], [0, 1], [0, 0]], [[0.5, 0.5]] * 3, "multi_label=True"),
]


@pytest.mark.parametrize(("y", "p", "said"), WRONG)
@pytest.mark.parametrize("name", BINARY)
def test_a_row_that_is_wrong_is_an_error_and_nan_under_xla(name, y, p, said):
    y, p = np.array(y), np.array(p, "float32")
    with pytest.raises(SteelyardError, match=said):
        BINARY[name][0]().update_state(y, p)
    if name == "F1":  # one of them: a compiled step takes a second
        metric = BINARY[name][0]()
        metric.build(2)
        with pytest.raises(tf.errors.InvalidArgumentError, match=said):
            tf.function(metric.update_state)(y, p)
        metric.reset_state()
        tf.function(metric.update_state, jit_compile=True)(y, p)
        assert np.isnan(float(metric.result()))
        assert metric.unreadable() == 1


def test_negative_weights_are_counted_as_unreadable():
    metric = metrics.LogLoss()
    metric.update_state([0, 1], [0.1, 0.9], sample_weight=[1.0, -1.0])
    assert np.isnan(float(metric.result()))
    assert metric.unreadable() == 1


@pytest.mark.parametrize("name", ["ROCAUC", "AveragePrecision", "BalancedAccuracy", "BrierSkill"])
def test_undefined_until_both_classes_were_seen(name):
    metric = BINARY[name][0]()
    assert np.isnan(float(metric.result()))
    metric.update_state([0, 0], [0.1, 0.2])
    assert np.isnan(float(metric.result()))
    metric.update_state([1], [0.9])
    assert np.isfinite(float(metric.result()))


def test_requests_that_make_no_sense_are_named():
    y, p = three()
    with pytest.raises(RequestError, match="class_id 5"):
        metrics.ROCAUC(class_id=5).update_state(y, softmax(p))
    with pytest.raises(RequestError, match="one number of classes"):
        in_batches(metrics.MCC(), y, softmax(p)).update_state([0, 1], [0.1, 0.9])
    with pytest.raises(RequestError, match="same settings"):
        metrics.ROCAUC().merge_state([metrics.ROCAUC(resolution=64)])
    with pytest.raises(RequestError, match="resolution"):
        metrics.ROCAUC(resolution=1)
    with pytest.raises(RequestError, match="false alarm and a miss of -1"):
        metrics.ExpectedCost(fp=-1, fn=5)
    with pytest.raises(RequestError, match=r"shape \(1, 2\)"):
        metrics.ExpectedCost(costs=[[0, 1]])
    with pytest.raises(RequestError, match="strictly"):
        metrics.GMean(threshold=1.0)
    for name in ("F1", "MCC", "Precision"):
        with pytest.raises(RequestError, match=r"threshold 0\.2 for 3 classes"):
            getattr(metrics, name)(threshold=0.2).update_state(y, softmax(p))
    with pytest.raises(RequestError, match="beta is 0"):
        metrics.FBeta(0.0)
    with pytest.raises(RequestError, match="use one such metric"):
        metrics.ExpectedCost(multi_label=True)
    with pytest.raises(RequestError, match=r"class_id for 3"):
        metrics.ObservedExpected().update_state(y, softmax(p))


TWO_WORKERS = """
import numpy as np, keras, tensorflow as tf
from steelyard import metrics
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
rng = np.random.default_rng(0)
y = (rng.random(8000) < 0.02).astype(int)
z = (rng.normal(size=8000) - 4 + 2 * y).astype("float32")
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Activation("linear")])
    watched = [metrics.ROCAUC(from_logits=True), metrics.LogLoss(from_logits=True)]
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True), metrics=watched)
found = model.evaluate(z[:, None], y, batch_size=1000, verbose=0, return_dict=True)
print(abs(found["roc_auc"] - metrics.roc_auc(y, z)) < 2e-4)
print(abs(found["log_loss"] - metrics.log_loss(y, 1 / (1 + np.exp(-z)))) < 1e-5)
"""


def test_two_replicas_count_as_one():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TWO_WORKERS],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.split() == ["True", "True"]
