"""The model outside: called in every way, and opened by programs that know nothing of steelyard."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import polars as pl
import pytest
import tensorflow as tf

import steelyard
from steelyard.errors import RequestError

# Levels that no training row had are part of what is asked here.
pytestmark = pytest.mark.filterwarnings("ignore:column 'plan'")

CLOSE = 1e-6


@pytest.fixture(scope="module")
def mixed(run_dir, customers):
    """A study with text, booleans and gaps, rows, and what it predicts for them."""
    study, frame = steelyard.load(run_dir), customers(300, seed=5).drop("churned")
    frame = frame.with_columns(
        plan=pl.when(pl.col("calls") == 4).then(pl.lit("new")).otherwise("plan")
    )
    return study, frame, study.predict(frame)


@pytest.fixture(scope="module")
def numeric(customers):
    frame = customers(400, seed=2).drop("plan").with_columns(churned=pl.col("churned") == "yes")
    study = steelyard.train(frame.with_columns(pl.col("churned").cast(pl.Int8)), "churned", folds=2)
    rows = customers(300, seed=5).drop("plan", "churned")
    return study, rows, study.predict(rows)


def columns(frame):
    """Arrays as a user would make them."""
    return {
        name: frame[name].fill_null("").to_numpy().astype(str)
        if frame[name].dtype == pl.String
        else frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for name in frame.columns
    }


def arrays(out):
    found = {name: np.asarray(value) for name, value in out.items()}
    decided = found["decision"]
    if decided.dtype == object:
        found["decision"] = np.array([one.decode() for one in decided])
    return found


def upright(x):
    """The same columns as matrices of one column."""
    return {name: values[:, None] for name, values in x.items()}


def tensors(x):
    text = {name: tf.constant(v.astype(object)) for name, v in x.items() if v.dtype.kind == "U"}
    return {name: tf.constant(v.astype("f4")) for name, v in x.items() if name not in text} | text


def batches(x):
    return tf.data.Dataset.from_tensor_slices(x).batch(64)


CALLS = {
    "eager": lambda model, x: model(x),
    "eager, tensors": lambda model, x: model(tensors(x)),
    "eager, columns": lambda model, x: model(upright(x)),
    "predict": lambda model, x: model.predict(x, verbose=0),
    "predict, columns": lambda model, x: model.predict(upright(x), verbose=0),
    "predict, lists": lambda model, x: model.predict(
        {name: values.tolist() for name, values in x.items()}, verbose=0
    ),
    "dataset": lambda model, x: model.predict(batches(x), verbose=0),
    "dataset, columns": lambda model, x: model.predict(batches(upright(x)), verbose=0),
}


@pytest.mark.parametrize("way", CALLS)
def test_every_way_to_call_it_gives_what_the_study_predicts(way, mixed):
    study, frame, expected = mixed
    out = arrays(CALLS[way](study.model, columns(frame)))
    p = expected.select("probability_no", "probability_yes").to_numpy()
    np.testing.assert_allclose(out["probability"], p, atol=CLOSE)
    assert out["decision"].tolist() == expected["decision"].to_list()


def test_the_file_says_what_it_is_about(run_dir):
    run = json.loads((run_dir / "run.json").read_text())
    for model in (
        steelyard.load_model(run_dir),
        steelyard.load_model(run_dir / "model.keras"),
        keras.models.load_model(run_dir / "model.keras"),
        steelyard.load(run_dir).model,
    ):
        about = model.about
        assert about["classes"] == ["no", "yes"]
        assert about["positive"] == "yes"
        assert about["threshold"] == run["decision"]["rule"]["threshold"]
        assert about["date"] == run["environment"]["date"][:10]
        assert about["goal"] == run["decision"]["describe"]


def test_a_new_decision_is_in_the_file(run_dir):
    moved = steelyard.load(run_dir).retune(goal=steelyard.Costs(fp=1, fn=9), prevalence=0.1)
    assert moved.model.about["threshold"] == pytest.approx(0.1)
    assert moved.model.about["prior"] == pytest.approx([0.9, 0.1])
    assert "costs 1" in moved.model.about["goal"]


def test_labels_keep_their_type(numeric):
    study, frame, expected = numeric
    decided = study.model.predict(columns(frame), verbose=0)["decision"]
    assert decided.dtype == np.int64
    assert decided.tolist() == expected["decision"].to_list()


SERVE = """
import json, sys
import numpy as np, tensorflow as tf
assert "steelyard" not in sys.modules
serve = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
rows = json.load(open(sys.argv[2]))
about = json.load(open(sys.argv[1] + "/about.json"))
kinds = {one["input"]: one["type"] for one in about["inputs"]}
out = serve(**{name: tf.constant(values, kinds[name]) for name, values in rows.items()})
assert sorted(out) == sorted(about["outputs"])
assert not [name for name in sys.modules if name.startswith("steelyard")]
out = {name: value.numpy().tolist() for name, value in out.items()}
out["decision"] = [one.decode() for one in out["decision"]]
print(json.dumps(out))
"""


def test_a_saved_model_serves_where_there_is_no_steelyard(mixed, run_dir, run, tmp_path):
    _, frame, expected = mixed
    done = run("export", run_dir, "--format", "saved-model", "--out", tmp_path / "served")
    assert done.exit_code == 0, done.stderr
    rows = {name: values.tolist() for name, values in columns(frame).items()}
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    told = subprocess.run(
        [sys.executable, "-I", "-c", SERVE, tmp_path / "served", tmp_path / "rows.json"],
        check=True, timeout=120, capture_output=True, text=True,
    )  # fmt: skip
    out = json.loads(told.stdout)
    for name in ("probability_no", "probability_yes"):
        np.testing.assert_allclose(out[name], expected[name], atol=CLOSE)
    assert out["decision"] == expected["decision"].to_list()
    again = run("export", run_dir, "--format", "saved-model", "--out", tmp_path / "served")
    assert (again.exit_code, "exists already" in again.stderr) == (1, True)


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_litert_and_onnx_give_the_same(numeric, tmp_path):
    study, frame, expected = numeric
    x = {name: values.astype("float32") for name, values in columns(frame).items()}
    study.export(tmp_path / "m.tflite", format="litert")
    lite = tf.lite.Interpreter(str(tmp_path / "m.tflite")).get_signature_runner()(**x)
    study.export(tmp_path / "m.onnx", format="onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    names = [one.name for one in session.get_outputs()]
    onnx = dict(zip(names, session.run(None, x), strict=True))
    about = json.loads((tmp_path / "m.onnx.json").read_text())
    assert sorted(about["outputs"]) == sorted(names) == sorted(lite)
    for out in (lite, onnx):
        for name in ("probability_0", "probability_1"):
            np.testing.assert_allclose(out[name], expected[name], atol=1e-5)
        assert (out["decision"] == expected["decision"].to_numpy()).mean() > 0.99


def test_what_a_format_cannot_hold_is_named(run_dir, run, tmp_path):
    for kind in ("litert", "onnx"):
        done = run("export", run_dir, "--format", kind, "--out", tmp_path / "m")
        assert done.exit_code == 1
        assert "'plan'" in done.stderr
        assert "--format saved-model" in done.stderr
    with pytest.raises(RequestError, match="keras, saved-model"):
        steelyard.load(run_dir).export(tmp_path / "m", format="pmml")
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_several_classes_and_names_of_any_kind(tmp_path):
    rng = np.random.default_rng(0)
    kind = np.repeat([0, 1, 2], [160, 60, 30])
    X = rng.normal(size=(250, 3)) + 1.5 * np.c_[kind, kind == 1, kind == 2]
    X[rng.random(X.shape) < 0.05] = np.nan
    names = ["dose (mg)", "x/y", "z"]
    frame = pl.DataFrame(X, schema=names).fill_nan(None)
    labels = np.array(["plain red", "green", "blue"])[kind]
    study = steelyard.train(
        frame.with_columns(kind=labels), "kind", model="trees", folds=2, progress=False
    )
    expected = study.predict(frame)
    formats = ("saved-model", "litert", "onnx")
    told = {one: study.export(tmp_path / one, format=one) for one in formats}
    ports = told["litert"]["inputs"]
    assert ports == {"dose (mg)": "dose__mg_", "x/y": "x_y", "z": "z"}
    x = {ports[name]: X[:, k].astype("float32") for k, name in enumerate(names)}
    session = onnxruntime.InferenceSession(tmp_path / "onnx")
    outputs = [one.name for one in session.get_outputs()]
    served = tf.saved_model.load(tmp_path / "saved-model").signatures["serving_default"]
    found = {
        "saved-model": served(**{name: tf.constant(values) for name, values in x.items()}),
        "litert": tf.lite.Interpreter(str(tmp_path / "litert")).get_signature_runner()(**x),
        "onnx": dict(zip(outputs, session.run(None, x), strict=True)),
    }
    for one, out in found.items():
        about = json.loads(Path(told[one]["about"]).read_text())
        assert sorted(out) == sorted(about["outputs"])
        for label in study.classes:
            p = out[f"probability_{label.replace(' ', '_')}"]
            np.testing.assert_allclose(p, expected[f"probability_{label}"], atol=1e-5)
    for one in ("litert", "onnx"):
        decided = np.array(study.classes)[found[one]["decision_code"]]
        assert (decided == expected["decision"].to_numpy()).mean() > 0.99
