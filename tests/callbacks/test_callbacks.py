"""Treatments that set in during training really reach the compiled step, when they should."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import precision_score, recall_score

from steelyard import callbacks, feeds, losses
from steelyard._keras import keras
from steelyard.errors import RequestError

COUNTS = [90, 10]
RNG = np.random.default_rng(0)
Y = np.repeat([0, 1], COUNTS)
X = (RNG.normal(size=(100, 3)) + Y[:, None]).astype("float32")


def linear(loss, learning_rate=0.0, **options):
    """One layer of zeros: every row costs log 2 before weights, whatever it is."""
    layer = keras.layers.Dense(2, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile(keras.optimizers.SGD(learning_rate), loss, **options)
    return model


def reweighted():
    return losses.Reweighted(losses.LogitAdjusted(COUNTS, tau=0.0), [1.0, 1.0])


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}, {"steps_per_execution": 2}])
def test_weights_set_in_with_the_epoch_they_should(options):
    model = linear(reweighted(), **options)
    late = callbacks.DeferredReweighting(COUNTS, at=0.5, rule=[2.0, 6.0])
    history = model.fit(X, Y, batch_size=50, epochs=4, verbose=0, callbacks=[late]).history
    weighted = np.log(2) * np.mean(np.array([2.0, 6.0])[Y])
    expected = [np.log(2), np.log(2), weighted, weighted]
    assert history["loss"] == pytest.approx(expected, rel=1e-5)


def test_published_weights():
    late = callbacks.DeferredReweighting([1000, 100, 10])
    np.testing.assert_allclose(late.class_weight, [0.028362, 0.271255, 2.700382], atol=1e-6)


def test_gradient_after_the_switch_is_the_weighted_one():
    model = linear(reweighted(), learning_rate=1.0)
    late = callbacks.DeferredReweighting(COUNTS, at=0.5, rule=[1.0, 9.0])
    late_only = callbacks.DeferredReweighting(COUNTS, at=0.0, rule=[1.0, 9.0])
    model.fit(X, Y, batch_size=100, epochs=1, verbose=0, callbacks=[late_only], shuffle=False)
    # From zero weights the gradient of row i is (1/2 - target) w_i x_i / n.
    w = np.array([1.0, 9.0])[Y]
    expected = -(X * ((0.5 - (Y == 1)) * w)[:, None]).mean(0)
    np.testing.assert_allclose(model.layers[-1].get_weights()[0][:, 1], expected, rtol=1e-4)
    assert late.class_weight.tolist() == [1.0, 9.0]


def test_a_second_fit_starts_unweighted_again():
    model = linear(reweighted())
    late = callbacks.DeferredReweighting(COUNTS, at=0.5, rule=[2.0, 6.0])
    first = model.fit(X, Y, epochs=2, verbose=0, callbacks=[late]).history["loss"]
    second = model.fit(X, Y, epochs=2, verbose=0, callbacks=[late]).history["loss"]
    assert second == pytest.approx(first, rel=1e-6)


def test_without_a_loss_whose_weights_can_change_it_refuses():
    model = linear(keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    with pytest.raises(RequestError, match="Reweighted"):
        model.fit(X, Y, verbose=0, callbacks=[callbacks.DeferredReweighting(COUNTS)])


@pytest.mark.parametrize(("at", "epochs"), [(3, 2), (5, 5)])
def test_a_treatment_that_would_never_set_in(at, epochs):
    late = callbacks.DeferredReweighting(COUNTS, at=at)
    with pytest.raises(RequestError, match=f"trains {epochs}"):
        linear(reweighted()).fit(X, Y, epochs=epochs, verbose=0, callbacks=[late])


@pytest.mark.parametrize("at", [-0.1, 1.5, float("nan")])
def test_at_is_a_share_or_a_number_of_epochs(at):
    with pytest.raises(RequestError, match="epochs"):
        callbacks.DeferredReweighting(COUNTS, at=at)


class Seen(keras.callbacks.Callback):
    """The share of class 1 in the batches of each epoch, read from the loss of a zero model."""

    def on_train_begin(self, logs=None):
        self.shares = []

    def on_epoch_end(self, epoch, logs=None):
        self.shares.append(logs["loss"])


class RareShare(keras.losses.Loss):
    """A loss whose value is the share of class 1."""

    def call(self, y_true, y_pred):
        return keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "float32") + 0 * y_pred[:, 0]


def shares_seen(resampling, epochs):
    model, seen = linear(RareShare()), Seen()
    watching = [resampling, seen]
    model.fit(resampling.dataset, epochs=epochs, verbose=0, shuffle=False, callbacks=watching)
    return seen.shares


def two_feeds():
    return feeds.natural(X, Y, 20), feeds.balanced(X, Y, 20)


def test_balanced_batches_set_in_late():
    late = callbacks.DeferredResampling(*two_feeds(), at=0.5)
    assert shares_seen(late, 4) == pytest.approx([0.1, 0.1, 0.5, 0.5])
    assert late.trained_on == (0.5, 0.5)


def test_a_little_more_balanced_with_every_epoch():
    slow = callbacks.ProgressiveResampling(*two_feeds(), steps_per_epoch=20)
    shares = shares_seen(slow, 5)
    assert shares == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5], abs=0.011)


def test_feeds_of_different_batches():
    with pytest.raises(RequestError, match="same data"):
        callbacks.DeferredResampling(feeds.natural(X, Y, 20), feeds.balanced(X, Y, 30))


@pytest.mark.parametrize("columns", [1, 2])
def test_class_report_is_scikit_learns(columns, tmp_path):
    head = keras.layers.Dense(columns, activation="sigmoid" if columns == 1 else "softmax")
    model = keras.Sequential([keras.Input((3,)), head])
    model.compile(
        "adam",
        "binary_crossentropy" if columns == 1 else keras.losses.SparseCategoricalCrossentropy(),
    )
    report = callbacks.ClassReport(X, Y, class_names=["ok", "fraud"], log_dir=tmp_path)
    history = model.fit(X, Y, epochs=3, verbose=0, callbacks=[report]).history
    out = model.predict(X, verbose=0)
    decided = out.argmax(1) if columns == 2 else (out[:, 0] >= 0.5).astype(int)
    for code, name in enumerate(["ok", "fraud"]):
        recall = recall_score(Y, decided, pos_label=code)
        precision = precision_score(Y, decided, pos_label=code, zero_division=0)
        assert history[f"val_recall_{name}"][-1] == pytest.approx(recall)
        assert history[f"val_precision_{name}"][-1] == pytest.approx(precision)
    events = list(tf.compat.v1.train.summary_iterator(str(next(tmp_path.glob("events*")))))
    assert {v.tag for e in events for v in e.summary.value} >= {"val_recall_fraud"}


def test_class_report_prints_a_line_if_asked(capsys):
    model = linear(reweighted())
    model.fit(X, Y, epochs=1, verbose=0, callbacks=[callbacks.ClassReport(X, Y, verbose=1)])
    assert capsys.readouterr().out.strip() == "epoch 1: recall 0 1.000, 1 0.000"


def test_class_report_refuses_labels_without_a_column():
    report = callbacks.ClassReport(X, Y + 1)
    with pytest.raises(RequestError, match=r"0 \.\.\. 1"):
        linear(reweighted()).fit(X, Y, verbose=0, callbacks=[report])


class Pairs(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        part = slice(index * 25, (index + 1) * 25)
        return X[part], Y[part]


def report_of(report, y=Y):
    head = keras.layers.Dense(1 if y.ndim == 1 else y.shape[1], "sigmoid")
    model = keras.Sequential([keras.Input((3,)), head])
    model.compile("sgd", "binary_crossentropy")
    return model, model.fit(X, y, verbose=0, callbacks=[report]).history


def test_report_reads_batches_of_rows_and_labels():
    for data in (tf.data.Dataset.from_tensor_slices((X, Y)).batch(64), Pairs()):
        model, found = report_of(callbacks.ClassReport(data, threshold=0.4))
        decided = model.predict(X, verbose=0)[:, 0] >= 0.4
        recall = recall_score(Y, decided, zero_division=0)
        assert found["val_recall_1"][0] == pytest.approx(recall)


def test_report_of_several_labels_is_that_of_each():
    labels = np.random.default_rng(0).random((len(X), 3)) < [0.5, 0.2, 0.1]
    model, found = report_of(callbacks.ClassReport(X, labels, threshold=0.4), labels.astype(int))
    decided = model.predict(X, verbose=0) >= 0.4
    for k in range(3):
        recall = recall_score(labels[:, k], decided[:, k], zero_division=0)
        precision = precision_score(labels[:, k], decided[:, k], zero_division=0)
        assert found[f"val_recall_{k}"][0] == pytest.approx(recall)
        assert found[f"val_precision_{k}"][0] == pytest.approx(precision)


def test_report_without_labels_is_refused():
    with pytest.raises(RequestError, match="without y"):
        callbacks.ClassReport(X)
    endless = tf.data.Dataset.from_tensor_slices((X, Y)).batch(50).repeat()
    with pytest.raises(RequestError, match="never end"):
        callbacks.ClassReport(endless)


@pytest.mark.parametrize("one_hot", [False, True])
def test_report_of_pixels_and_an_ignored_label(one_hot):
    rng = np.random.default_rng(0)
    masks = rng.choice(3, (6, 4, 4), p=[0.8, 0.15, 0.05])
    images = rng.normal(size=(6, 4, 4, 2)).astype("float32")
    model = keras.Sequential([keras.Input((4, 4, 2)), keras.layers.Conv2D(3, 1)])
    model.compile(keras.optimizers.SGD(0.0), losses.SparseFocal())
    marked = np.where(masks == 2, 255, masks)
    labels = np.eye(3)[masks] if one_hot else marked
    report = callbacks.ClassReport(images, labels, ignore_class=None if one_hot else 255)
    found = model.fit(images, masks, verbose=0, callbacks=[report]).history
    decided = model.predict(images, verbose=0).argmax(-1)
    recall = recall_score(masks.ravel(), decided.ravel(), average=None, zero_division=0)
    for k in range(2):
        assert found[f"val_recall_{k}"][0] == pytest.approx(recall[k])
