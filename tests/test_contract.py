"""What every exported Keras class keeps: documented, registered, saved and loaded in a model."""

import inspect

import numpy as np
import pytest

from steelyard import layers, losses, metrics
from steelyard._keras import keras
from steelyard._tensorflow import tf

COUNTS = [30, 8]
X = np.random.default_rng(0).normal(size=(38, 4)).astype("float32")
Y = np.repeat([0, 1], COUNTS)

# What a class cannot do without; everything else is built from its defaults.
ARGUMENTS = {
    # Nothing left to chance, so that two evaluations can be compared; the second class is rare.
    losses.Equalization: {"gamma": 1.0, "threshold": 0.5},
    losses.GaussianClouded: {"deviation": 0.0},
    losses.Reweighted: {"loss": losses.LogitAdjusted(COUNTS), "class_weight": [1.0, 5.0]},
    layers.Calibration: {"kind": "beta", "a": 1.1, "b": 0.9, "c": 0.1},
    layers.DecisionByRow: {"row_costs": {"fp": 1.0, "fn": 9.0, "if_missing": [1.0, 9.0]}},
    layers.NormalizedDense: {"units": 2},
    layers.PriorBias: {"class_counts": COUNTS},
    layers.PriorCorrection: {"trained_on": 0.5, "deployed_on": 0.2},
    layers.TemperatureScaling: {"temperature": 2.0},
    layers.Decision: {"threshold": 0.3},
    layers.ThreeWayDecision: {
        "three_way": {
            "fp": 1.0,
            "fn": 9.0,
            "if_missing": [1.0, 9.0],
            "review": 0.5,
            "hit_rate": 0.9,
        }
    },
    layers.TreeEnsemble: {"nodes": 3, "trees": 1, "outputs": 2, "depth": 1},
    metrics.NormalizedCost: {"costs": [[0.0, 1.0], [9.0, 0.0]]},
    metrics.ExpectedCost: {"costs": [[0.0, 1.0], [9.0, 0.0]]},
    metrics.PrecisionAtRecall: {"recall": 0.5},
    metrics.RecallAtPrecision: {"precision": 0.5},
}


def classes_of(module, base):
    found = [getattr(module, name) for name in module.__all__]
    return [kind for kind in found if inspect.isclass(kind) and issubclass(kind, base)]


LOSSES = classes_of(losses, keras.losses.Loss)
METRICS = classes_of(metrics, keras.metrics.Metric)
LAYERS = classes_of(layers, keras.layers.Layer)
INITIALIZERS = classes_of(layers, keras.initializers.Initializer)
EVERY = [*LOSSES, *METRICS, *LAYERS, *INITIALIZERS]


def make(kind):
    arguments = dict(ARGUMENTS.get(kind, {}))
    if "class_counts" in inspect.signature(kind.__init__).parameters:
        arguments.setdefault("class_counts", COUNTS)
    return kind(**arguments)


def test_every_exported_class_is_walked():
    exported = [getattr(module, name) for module in (losses, layers, metrics)
                for name in module.__all__]  # fmt: skip
    assert set(EVERY) == {thing for thing in exported if inspect.isclass(thing)}
    assert len(LOSSES) >= 18
    assert len(METRICS) >= 19
    assert len(LAYERS) >= 5


@pytest.mark.parametrize("kind", EVERY)
def test_documented(kind):
    text = inspect.getdoc(kind)
    assert ">>>" in text, "an example; tests/test_doctests.py runs it"
    assert len(text.splitlines()[0]) > 20


@pytest.mark.parametrize("kind", EVERY)
def test_registered_and_rebuilt_from_plain_values(kind):
    assert keras.saving.get_registered_name(kind) == f"steelyard>{kind.__name__}"
    one = make(kind)
    packed = keras.saving.serialize_keras_object(one)
    again = keras.saving.deserialize_keras_object(packed)
    assert type(again) is kind
    assert keras.saving.serialize_keras_object(again) == packed


def saved_and_loaded(model, tmp_path):
    model.save(tmp_path / "model.keras")
    return keras.saving.load_model(tmp_path / "model.keras")


def network(outputs, activation=None, last=None):
    head = last or keras.layers.Dense(outputs, activation=activation)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="relu"), head])


def columns_for(loss):
    """Two losses read cosines, the ranking losses one score, all others logits per class."""
    if isinstance(loss, losses.LDAM | losses.GaussianClouded):
        return network(2, last=layers.NormalizedDense(2))
    if isinstance(loss, losses.PairwiseSquaredHinge | losses.AUCMargin):
        return network(1)
    return network(2)


def targets_for(loss):
    return np.eye(2)[Y] if isinstance(loss, losses.Asymmetric) else Y


@pytest.mark.parametrize("kind", LOSSES)
def test_loss_trains_is_saved_and_trains_on(kind, tmp_path):
    loss = make(kind)
    model, targets = columns_for(loss), targets_for(loss)
    model.compile("adam", loss)
    model.fit(X, targets, batch_size=38, epochs=2, verbose=0)
    again = saved_and_loaded(model, tmp_path)
    keras.utils.set_random_seed(0)
    before = model.evaluate(X, targets, batch_size=38, verbose=0)
    keras.utils.set_random_seed(0)
    after = again.evaluate(X, targets, batch_size=38, verbose=0)
    assert after == pytest.approx(before, rel=1e-5)
    history = again.fit(X, targets, batch_size=38, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.parametrize("kind", LOSSES)
def test_loss_trains_in_16_bits_and_compiled_by_xla(kind):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        loss = make(kind)
        model, targets = columns_for(loss), targets_for(loss)
        model.compile("adam", loss, jit_compile=True)
        history = model.fit(X, targets, batch_size=38, epochs=2, verbose=0).history
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.compute_dtype == "bfloat16"
    assert np.isfinite(history["loss"]).all()
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


@pytest.mark.parametrize("kind", METRICS)
def test_metric_watches_training_and_is_saved(kind, tmp_path):
    model = network(1, activation="sigmoid")
    model.compile("adam", "binary_crossentropy", metrics=[make(kind)])
    history = model.fit(X, Y, batch_size=10, epochs=2, verbose=0, validation_data=(X, Y))
    assert len(history.history) == 4
    again = saved_and_loaded(model, tmp_path)
    again.evaluate(X, Y, verbose=0)
    expected = model.evaluate(X, Y, batch_size=38, verbose=0)
    for found, value in zip(again.evaluate(X, Y, batch_size=7, verbose=0), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-4)


@pytest.mark.parametrize("kind", METRICS)
def test_metric_merges_batches_and_workers(kind):
    p = 1 / (1 + np.exp(-X[:, :1]))
    whole, left, right = make(kind), make(kind), make(kind)
    whole.update_state(Y, p)
    left.update_state(Y[::2], p[::2])
    right.update_state(Y[1::2], p[1::2])
    left.merge_state([right])
    np.testing.assert_allclose(left.result(), whole.result(), rtol=1e-6)
    in_parts = make(kind)
    in_parts.update_state(Y[::2], p[::2])
    in_parts.update_state(Y[1::2], p[1::2])
    np.testing.assert_allclose(in_parts.result(), whole.result(), rtol=1e-6)


@pytest.mark.parametrize("kind", LAYERS)
def test_layer_travels_in_a_saved_model(kind, tmp_path):
    layer = make(kind)
    model = network(2, activation="softmax")
    model.add(layer)
    again = saved_and_loaded(model, tmp_path)
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-6)


@pytest.mark.parametrize("kind", INITIALIZERS)
def test_initializer_travels_in_a_saved_model(kind, tmp_path):
    model = network(2, last=keras.layers.Dense(2, bias_initializer=make(kind)))
    again = saved_and_loaded(model, tmp_path)
    np.testing.assert_allclose(again.layers[-1].bias, model.layers[-1].bias)


# What a GPU does differently can be seen without one.


def built(kind):
    """One that has its variables."""
    one = make(kind)
    if kind in METRICS:
        one.update_state(Y, 1 / (1 + np.exp(-X[:, :1])))
    else:
        network(2, activation="softmax").add(one)
    return one


@pytest.mark.parametrize("kind", [*METRICS, *LAYERS])
def test_no_variable_is_int32(kind):
    # TensorFlow keeps those in the CPU's memory, where a step compiled for a GPU may not read them.
    assert "int32" not in [variable.dtype for variable in built(kind).variables]


def operations(function, *arguments):
    """Every operation of a function's graph, those of functions inside too."""
    graph = tf.function(function).get_concrete_function(*arguments).graph.as_graph_def()
    inside = [node for inner in graph.library.function for node in inner.node_def]
    return [*graph.node, *inside]


def multiplies_in_float32(function, *arguments):
    found = operations(function, *arguments)
    products = [node for node in found if "MatMul" in node.op or node.op == "Einsum"]
    return tf.float32.as_datatype_enum in [node.attr["T"].type for node in products]


# A GPU rounds the factors to 10 bits: counts above 2,048 and probabilities lose their digits.
LABELS, HALVES = tf.constant(Y), tf.fill((len(Y), 2), 0.5)
CURVE = {"x": [[0.0, 0.5, 1.0]], "y": [[0.0, 0.2, 1.0]]}


@pytest.mark.parametrize("kind", METRICS)
def test_no_metric_has_float32_products(kind, monkeypatch):
    metric = built(kind)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: ["a GPU"])

    def step(y, p):
        metric.update_state(y, p[:, 1:])
        return metric.result()

    assert not multiplies_in_float32(step, LABELS, HALVES)


@pytest.mark.parametrize("kind", LAYERS)
def test_no_layer_of_probabilities_has_float32_products(kind):
    others = {
        layers.Decision: layers.Decision(costs=[[0.0, 1.0], [9.0, 0.0]]),
        layers.Calibration: layers.Calibration("isotonic", **CURVE),
    }
    for layer in (built(kind), others.get(kind)):
        if layer is not None and not layer.trainable_weights:
            assert not multiplies_in_float32(layer, HALVES)
