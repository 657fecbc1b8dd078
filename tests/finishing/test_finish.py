"""`finish`: any Keras classifier gets true probabilities, a decision and a report."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

keras = pytest.importorskip("keras")

import steelyard as sy  # noqa: E402
from steelyard.callbacks import Finish  # noqa: E402
from steelyard.errors import DataError, RequestError, TargetError  # noqa: E402

ROWS = 6000
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 1)).astype("float32")
TRUE_LOGIT = 1.5 * X[:, 0] - 4.0
Y = (RNG.random(ROWS) < 1 / (1 + np.exp(-TRUE_LOGIT))).astype(int)
TRUE = 1 / (1 + np.exp(-TRUE_LOGIT))


def one_unit(activation, slope=3.0, bias=0.5):
    """A model whose odds are far too high and too steep, as after balanced class weights."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation=activation)])
    model.layers[-1].set_weights([np.array([[slope]]), np.array([bias])])
    return model


def two_units(activation):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, activation=activation)])
    model.layers[-1].set_weights([np.array([[0.0, 3.0]]), np.array([0.0, 0.5])])
    return model


def with_softmax_layer():
    inputs = keras.Input((1,))
    logits = two_units(None)(inputs)
    return keras.Model(inputs, keras.layers.Softmax()(logits))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = one_unit("sigmoid")

    def call(self, inputs):
        return self.inner(inputs)


MODELS = {
    "sigmoid": lambda: one_unit("sigmoid"),
    "one logit": lambda: one_unit(None),
    "softmax": lambda: two_units("softmax"),
    "two logits": lambda: two_units(None),
    "softmax layer": with_softmax_layer,
    "subclass": Subclassed,
}


@pytest.fixture(scope="module")
def reference():
    return sy.finish(one_unit("sigmoid"), X, Y)


@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_of_output_ends_at_the_true_probabilities(kind, reference):
    finished = sy.finish(MODELS[kind](), X, Y)
    out = finished.predict(X, verbose=0)
    assert out["probability"].shape == (ROWS, 2)
    # The model is the truth up to scale and bias, so calibration recovers it.
    assert np.abs(out["probability"][:, 1] - TRUE).mean() < 0.01
    assert log_loss(Y, out["probability"]) < log_loss(Y, TRUE) * 1.02
    same = reference.predict(X, verbose=0)
    np.testing.assert_allclose(out["probability"], same["probability"], atol=2e-3)


def test_eager_predict_and_a_saved_model_agree(reference, tmp_path):
    reference.save(tmp_path / "finished.keras")
    loaded = keras.models.load_model(tmp_path / "finished.keras")
    eager = {name: np.asarray(value) for name, value in reference(X).items()}
    for out in (reference.predict(X, verbose=0), loaded.predict(X, verbose=0)):
        np.testing.assert_allclose(out["probability"], eager["probability"], atol=1e-6)
        np.testing.assert_array_equal(out["decision"], eager["decision"])


def test_the_report_tells_before_from_after(reference):
    report = reference.report
    assert report.before.metrics["observed_expected"]["value"] < 0.2
    after = report.after.metrics["observed_expected"]
    assert after["low"] <= 1.0 <= after["high"]
    counts = report.after.per_1000
    assert counts["found"] + counts["missed"] == pytest.approx(1000 * Y.mean())
    assert counts["flagged"] == pytest.approx(counts["found"] + counts["false_alarms"])
    assert "false alarms" in repr(report)
    assert report.to_dict()["positive"] == 1


def test_costs_give_the_threshold_of_the_formula():
    finished = sy.finish(one_unit("sigmoid"), X, Y, goal=sy.Costs(fp=1, fn=9))
    out = finished.predict(X, verbose=0)
    np.testing.assert_array_equal(out["decision"], out["probability"][:, 1] >= 0.1)


def test_a_shuffled_dataset_keeps_rows_and_labels_together(reference):
    tf = pytest.importorskip("tensorflow")
    rows = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(ROWS, seed=1).batch(512)
    finished = sy.finish(one_unit("sigmoid"), rows)
    ours, theirs = (one.predict(X, verbose=0)["probability"] for one in (finished, reference))
    np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_dict_inputs_string_labels_and_one_hot(reference):
    inputs = {"a": keras.Input((1,), name="a"), "b": keras.Input((1,), name="b")}
    both = keras.layers.Concatenate()(list(inputs.values()))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(both))
    model.layers[-1].set_weights([np.array([[2.0], [1.0]]), np.array([0.5])])
    names = np.array(["no", "yes"])[Y]
    finished = sy.finish(model, {"a": X, "b": X}, names, classes=["no", "yes"])
    out = finished.predict({"a": X, "b": X}, verbose=0)["probability"]
    np.testing.assert_allclose(out, reference.predict(X, verbose=0)["probability"], atol=2e-3)
    assert finished.report.positive == "yes"
    one_hot = sy.finish(two_units("softmax"), X, np.eye(2)[Y])
    assert one_hot.report.positive == 1


def test_the_callback_finishes_at_the_end_of_fit():
    model = one_unit("sigmoid")
    model.compile(keras.optimizers.SGD(0.0), "binary_crossentropy")
    ending = Finish(X, Y, goal=sy.Costs(fp=1, fn=9))
    assert ending.finished is None
    model.fit(X[:64], Y[:64], verbose=0, callbacks=[ending])
    assert ending.finished.report.goal == sy.Costs(fp=1, fn=9).describe()


def several_labels():
    return two_units("sigmoid")


def two_outputs():
    inputs = keras.Input((1,))
    return keras.Model(inputs, [keras.layers.Dense(1)(inputs), keras.layers.Dense(1)(inputs)])


@pytest.mark.parametrize(
    ("model", "y", "options", "error", "says"),
    [
        (several_labels, Y, {}, RequestError, "several labels"),
        (two_outputs, Y, {}, RequestError, "2 outputs"),
        (MODELS["sigmoid"], np.array(["a", "b"])[Y], {}, TargetError, "classes="),
        (MODELS["sigmoid"], Y, {"classes": [0, 1, 2]}, TargetError, "3 classes for 2"),
        (MODELS["sigmoid"], Y[:-1], {}, DataError, "as many"),
        (MODELS["sigmoid"], np.where(np.arange(ROWS) < 3, 1, 0), {}, DataError, "at least|or more"),
        (MODELS["sigmoid"], Y, {"positive": 7}, RequestError, "one of the classes"),
        (MODELS["sigmoid"], Y, {"groups": [1, 2]}, DataError, "one per validation row"),
    ],
)
def test_what_cannot_be_finished_is_one_clear_line(model, y, options, error, says):
    with pytest.raises(error, match=says):
        sy.finish(model(), X, y, **options)


@pytest.mark.parametrize("as_dict", [False, True])
def test_costs_that_differ_by_row_go_into_the_finished_model(as_dict, tmp_path):
    amount = np.exp(RNG.normal(size=ROWS)).astype("float32")
    model, inputs = one_unit("sigmoid"), X
    if as_dict:
        ports = {name: keras.Input((1,), name=name) for name in ("x", "Amount")}
        model, inputs = keras.Model(ports, model(ports["x"])), {"x": X, "Amount": amount[:, None]}
    given = {} if as_dict else {"amounts": {"Amount": amount}}
    finished = sy.finish(model, inputs, Y, goal=sy.Costs(fp=1, fn="10*Amount"), **given)
    finished.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    name = next(one.name for one in again.inputs if one.name != "Amount")
    out = again.predict({name: X, "Amount": amount[:, None]}, verbose=0)
    p = out["probability"][:, 1].astype(float)
    np.testing.assert_array_equal(out["decision"] == 1, p >= 1 / (1 + 10.0 * amount))
    cost = finished.report.after.metrics["normalized_cost"]
    assert 0 < cost["low"] < cost["value"] < 1
    with pytest.raises(DataError, match="needs the column 'Amount'"):
        sy.finish(one_unit("sigmoid"), X, Y, goal=sy.Costs(fp=1, fn="Amount"))


def test_validation_rows_may_have_weights():
    """Half of the negatives left out and weighted twice: the probabilities of all rows."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(20_000, 1)).astype("float32")
    p = 1 / (1 + np.exp(3 - 1.5 * a[:, 0]))
    y = (rng.random(len(p)) < p).astype(int)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation="sigmoid")])
    model.layers[-1].set_weights([np.array([[1.5]]), np.array([0.0])])  # balanced odds
    chance = np.where(y == 1, 1.0, 0.2)
    kept = rng.random(len(y)) < chance
    goal = sy.Costs(1, 9)
    found = sy.finish(model, a[kept], y[kept], sample_weight=1 / chance[kept], goal=goal)
    whole = sy.finish(model, a, y, goal=goal)
    ours, theirs = (one.predict(a, verbose=0)["probability"][:, 1] for one in (found, whole))
    assert np.abs(ours - p).mean() < 0.01
    assert np.abs(theirs - p).mean() < 0.01
    for name in ("flagged", "missed"):
        one, other = (f.report.after.per_1000[name] for f in (found, whole))
        assert one == pytest.approx(other, rel=0.15)
