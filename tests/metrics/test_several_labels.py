"""Several labels a row, one class against the rest, rows that do not count."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics as sk

from steelyard import metrics
from steelyard._keras import keras
from steelyard.errors import RequestError, SteelyardError

RNG = np.random.default_rng(0)
Y = (RNG.random((600, 4)) < [0.4, 0.2, 0.1, 0.05]).astype(int)
Z = (RNG.normal(size=(600, 4)) - 1 + 1.5 * Y).astype("float32")
P = expit(Z)
D = P >= 0.3


def per_label(figure):
    return [figure(Y[:, k], D[:, k], P[:, k]) for k in range(4)]


# name -> (arguments, the figure of one label: truth, decision, probability)
FIGURES = {
    "ROCAUC": ({}, lambda y, d, p: sk.roc_auc_score(y, p)),
    "AveragePrecision": ({}, lambda y, d, p: sk.average_precision_score(y, p)),
    "LogLoss": ({}, lambda y, d, p: sk.log_loss(y, p)),
    "BrierSkill": (
        {},
        lambda y, d, p: 1 - sk.brier_score_loss(y, p) / (y.mean() * (1 - y.mean())),
    ),
    "CalibrationError": ({}, lambda y, d, p: metrics.calibration_error(y, p.astype(float))),
    "BalancedAccuracy": ({"threshold": 0.3}, lambda y, d, p: sk.balanced_accuracy_score(y, d)),
    "GMean": (
        {"threshold": 0.3},
        lambda y, d, p: np.sqrt(sk.recall_score(y, d) * sk.recall_score(1 - y, ~d)),
    ),
    "MCC": ({"threshold": 0.3}, lambda y, d, p: sk.matthews_corrcoef(y, d)),
    "F1": ({"threshold": 0.3}, lambda y, d, p: sk.f1_score(y, d)),
    "FBeta": ({"threshold": 0.3, "beta": 2.0}, lambda y, d, p: sk.fbeta_score(y, d, beta=2)),
    "Precision": ({"threshold": 0.3}, lambda y, d, p: sk.precision_score(y, d)),
    "Recall": ({"threshold": 0.3}, lambda y, d, p: sk.recall_score(y, d)),
    "Specificity": ({"threshold": 0.3}, lambda y, d, p: sk.recall_score(1 - y, ~d)),
    "IoU": ({"threshold": 0.3}, lambda y, d, p: sk.jaccard_score(y, d)),
}
BY_LABEL = ["ROCAUC", "AveragePrecision", "CalibrationError", "F1", "Recall", "Specificity"]


def read(metric, y=Y, scores=P, weight=None):
    for start in range(0, len(y), 250):
        part = slice(start, start + 250)
        metric.update_state(y[part], scores[part], None if weight is None else weight[part])
    return float(metric.result())


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("name", FIGURES)
def test_mean_over_labels(name, from_logits):
    arguments, figure = FIGURES[name]
    make = getattr(metrics, name)
    expected = np.mean(per_label(figure))
    metric = make(multi_label=True, from_logits=from_logits, **arguments)
    found = read(metric, scores=Z if from_logits else P)
    assert found == pytest.approx(expected, rel=2e-3)
    assert metric.unreadable() == 0
    pixels = make(multi_label=True, **arguments)
    pixels.update_state(Y.reshape(2, 300, 4), P.reshape(2, 300, 4))
    assert float(pixels.result()) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("name", BY_LABEL)
def test_one_label_of_several(name):
    arguments, figure = FIGURES[name]
    for k, expected in enumerate(per_label(figure)):
        metric = getattr(metrics, name)(multi_label=True, class_id=k, **arguments)
        assert read(metric) == pytest.approx(expected, rel=5e-3)
    observed = metrics.ObservedExpected(multi_label=True, class_id=2)
    assert read(observed) == pytest.approx(Y[:, 2].sum() / P[:, 2].sum(), rel=1e-4)


@pytest.mark.parametrize("labels", [1, 2])
def test_one_or_two_columns_are_labels_as_well(labels):
    metric = metrics.F1(multi_label=True, threshold=0.3)
    expected = np.mean(per_label(FIGURES["F1"][1])[:labels])
    assert read(metric, Y[:, :labels], P[:, :labels]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["ROCAUC", "AveragePrecision"])
def test_ranking_takes_several_labels_as_they_come(name):
    """Each column is ranked by itself, so nothing has to be said; two columns are two classes."""
    expected = np.mean(per_label(FIGURES[name][1]))
    assert read(getattr(metrics, name)()) == pytest.approx(expected, rel=2e-3)
    with pytest.raises(SteelyardError, match="multi_label=True"):
        read(getattr(metrics, name)(), Y[:, :2], P[:, :2])
    with pytest.raises(SteelyardError, match="multi_label=True"):
        read(getattr(metrics, name)(from_logits=True), Y, Z)


def test_a_label_that_is_not_known_is_left_out():
    unknown = RNG.random(Y.shape) < 0.3
    expected = np.mean([sk.f1_score(Y[~unknown[:, k], k], D[~unknown[:, k], k]) for k in range(4)])
    metric = metrics.F1(multi_label=True, threshold=0.3, ignore_class=-1)
    assert read(metric, np.where(unknown, -1, Y)) == pytest.approx(expected, rel=1e-5)
    weighed = metrics.F1(multi_label=True, threshold=0.3)
    found = read(weighed, np.where(unknown, 7, Y), weight=(~unknown).astype("float32"))
    assert found == pytest.approx(expected, rel=1e-5)
    with pytest.raises(SteelyardError, match="ignore_class"):
        read(metrics.F1(multi_label=True), np.where(unknown, -1, Y))
    with pytest.raises(RequestError, match="same, 0 or 1"):
        read(metrics.F1(multi_label=True), Y[:, 0])


LABEL = RNG.choice(3, 900, p=[0.8, 0.15, 0.05])
SHARES = RNG.dirichlet([1, 1, 1], 900)
SHARES = (0.5 * SHARES + 0.5 * np.eye(3)[LABEL]).astype("float32")
ALL = sorted(
    {name for name in metrics.__all__ if not name.islower()} - {"ConfusionMatrix"}
)  # fmt: skip
NEEDS = {
    "ObservedExpected": {"class_id": 1},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.3},
    "ExpectedCost": {"costs": [[0, 1, 1], [5, 0, 1], [9, 1, 0]]},
    "NormalizedCost": {"costs": [[0, 1, 1], [5, 0, 1], [9, 1, 0]]},
}


@pytest.mark.parametrize("name", ALL)
def test_rows_that_do_not_count_may_hold_anything(name):
    def make(**more):
        return getattr(metrics, name)(**NEEDS.get(name, {}), **more)

    out = RNG.random(900) < 0.3
    expected = read(make(), LABEL[~out], SHARES[~out])
    marked = np.where(out, 255, LABEL)
    assert read(make(ignore_class=255), marked, SHARES) == pytest.approx(expected, rel=1e-5)
    keep = (~out).astype("float32")
    for y, p in [
        (marked, np.where(out[:, None], np.nan, SHARES)),
        (np.where(out, np.nan, LABEL), np.where(out[:, None], 7.0, SHARES)),
        (np.where(out[:, None], 0, np.eye(3)[LABEL]), SHARES),
    ]:
        assert read(make(), y, p, keep) == pytest.approx(expected, rel=1e-5)


def test_a_weight_for_each_image_is_that_of_its_pixels():
    y, p = RNG.integers(0, 2, (5, 4, 4, 1)), RNG.random((5, 4, 4, 1)).astype("float32")
    weight = np.array([0.0, 1.0, 2.0, 1.0, 0.5])
    each = np.broadcast_to(weight[:, None, None], (5, 4, 4))
    expected = sk.balanced_accuracy_score(y.ravel(), p.ravel() >= 0.5, sample_weight=each.ravel())
    for given in (weight, weight[:, None], each, each[..., None]):
        metric = metrics.BalancedAccuracy()
        metric.update_state(y, p, given)
        assert float(metric.result()) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("threshold", [0.2, 0.6])
@pytest.mark.parametrize("class_id", [0, 2])
def test_a_threshold_for_one_class_against_the_rest(class_id, threshold):
    y, d = class_id == LABEL, SHARES[:, class_id] >= threshold
    figures = {
        "F1": sk.f1_score(y, d),
        "Precision": sk.precision_score(y, d),
        "Recall": sk.recall_score(y, d),
        "Specificity": sk.recall_score(~y, ~d),
    }
    for name, expected in figures.items():
        for from_logits in (False, True):
            scores = np.log(SHARES) if from_logits else SHARES
            metric = getattr(metrics, name)(
                class_id=class_id, threshold=threshold, from_logits=from_logits
            )
            assert read(metric, LABEL, scores) == pytest.approx(expected, rel=1e-5)


def test_a_threshold_for_the_first_of_two_classes_is_on_its_own_probability():
    y, p = (LABEL > 0).astype(int), SHARES[:, 1] + SHARES[:, 2]
    expected = sk.recall_score(1 - y, 1 - p >= 0.3)
    metric = metrics.Recall(class_id=0, threshold=0.3)
    assert read(metric, y, p) == pytest.approx(expected, rel=1e-5)


def test_confusion_matrix_against_scikit_learn():
    metric = metrics.ConfusionMatrix(ignore_class=255)
    metric.update_state(np.r_[LABEL, 255], np.r_[SHARES, SHARES[:1]])
    expected = sk.confusion_matrix(LABEL, SHARES.argmax(1))
    np.testing.assert_array_equal(metric.result(), expected)


DOWN = {"LogLoss", "ExpectedCost", "NormalizedCost", "CalibrationError"}
DIRECTIONS = {
    "up": set(ALL) - DOWN - {"ObservedExpected"},
    "down": DOWN,
}


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_early_stopping_knows_which_way_is_better(direction):
    needs = NEEDS | {"ExpectedCost": {"fn": 9.0}, "NormalizedCost": {"fn": 9.0}}
    names = sorted(DIRECTIONS[direction])
    watched = [getattr(metrics, name)(**needs.get(name, {})) for name in names]
    stops = [keras.callbacks.EarlyStopping(f"val_{one.name}") for one in watched]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=watched)
    X, y = RNG.normal(size=(40, 1)), np.arange(40) % 2
    model.fit(X, y, validation_data=(X, y), verbose=0, callbacks=stops)
    better = {"up": np.greater, "down": np.less}[direction]
    for stop in stops:
        assert stop.monitor_op(1.0, 0.0) == better(1.0, 0.0), stop.monitor


def test_a_sigmoid_in_front_of_a_metric_of_logits_is_noticed():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=[metrics.F1(from_logits=True)])
    with pytest.raises(SteelyardError, match="comes out of a sigmoid"):
        model.evaluate(np.zeros((4, 1)), np.array([0, 1, 0, 1]), verbose=0)
