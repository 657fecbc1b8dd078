"""More than two classes, an own Keras model, groups and time: the same job, the same files."""

import json

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_wine

import steelyard
from steelyard.runs.evaluate import evaluate_file
from steelyard.runs.new_decision import out_of_fold

OWN = """
import keras


def small(inputs, classes):
    layers = [keras.Input((inputs,)), keras.layers.Dense(8, activation="relu")]
    return keras.Sequential([*layers, keras.layers.Dense(classes)])


def too_wide(inputs, classes):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(classes + 3)])


def not_a_model(inputs, classes):
    return None
"""


@pytest.fixture(scope="module")
def wine():
    """Three classes of wine, the third thinned out."""
    X, y = load_wine(return_X_y=True)
    kept = np.flatnonzero((y < 2) | (np.arange(len(y)) % 3 == 0))
    frame = pl.DataFrame(X[kept].astype("float32"))
    return frame.with_columns(kind=pl.Series(np.array(["red", "rose", "white"])[y[kept]]))


def test_more_than_two_classes(wine, tmp_path):
    study = steelyard.compare(
        wine,
        "kind",
        techniques=["plain", "random-over", "balanced-softmax"],
        folds=3,
        repeats=1,
        out=tmp_path / "run",
    )
    scored = study.predict(wine.drop("kind"))
    assert scored.columns == [f"probability_{k}" for k in ("red", "rose", "white")] + ["decision"]
    np.testing.assert_allclose(scored.drop("decision").sum_horizontal(), 1, atol=1e-5)
    assert (scored["decision"] == wine["kind"]).mean() > 0.95
    best = study.leaderboard.row(0, named=True)
    assert best["balanced_accuracy"] > 0.9
    assert steelyard.load(tmp_path / "run").verdict == study.verdict
    assert "white" in (tmp_path / "run" / "report.html").read_text()


def test_classes_that_every_technique_parts(tmp_path):
    y = np.arange(90) < 30
    x = np.random.default_rng(0).normal(size=90) + 40 * y
    study = steelyard.compare(
        pl.DataFrame({"x": x, "y": y}),
        "y",
        techniques=["plain", "class-weight"],
        model="trees",
        folds=3,
        repeats=1,
        out=tmp_path / "run",
    )
    (weighted,) = study.verdict["comparisons"]
    assert study.leaderboard["average_precision"][0] == 1
    assert (weighted["gain"], weighted["error"], study.verdict["reach"]) == (0, 0, None)
    assert "Decision" in (tmp_path / "run" / "report.html").read_text()


def test_own_model_from_a_file(run, customers, tmp_path):
    (tmp_path / "mine.py").write_text(OWN)
    customers(rows=200).write_csv(tmp_path / "data.csv")
    words = ["compare", tmp_path / "data.csv", "--target", "churned", "--folds", 2, "--repeats", 1]
    words += ["--techniques", "plain,class-weight,smote", "--quiet"]
    result = run(*words, "--out", tmp_path / "run", "--model", f"{tmp_path / 'mine.py'}:small")
    assert result.exit_code == 0, result.stderr
    study = steelyard.load(tmp_path / "run")
    assert {entry["name"] for entry in study.run["techniques"]} == {
        "plain",
        "class-weight",
        "smote",
    }
    assert len(study.predict(customers(rows=20, seed=2))) == 20


@pytest.mark.parametrize(
    ("name", "said"), [("too_wide", "(2, 5)"), ("not_a_model", "keras.Model"), ("gone", "small")]
)
def test_own_model_that_will_not_do(run, customers, tmp_path, name, said):
    (tmp_path / "mine.py").write_text(OWN)
    customers(rows=100).write_csv(tmp_path / "data.csv")
    words = ["compare", tmp_path / "data.csv", "--target", "churned", "--folds", 2]
    result = run(*words, "--out", tmp_path / "run", "--model", f"{tmp_path / 'mine.py'}:{name}")
    assert result.exit_code == 1
    assert said in result.stderr.splitlines()[-1]
    assert not (tmp_path / "run" / "run.json").exists()


def test_groups_stay_on_one_side(customers, tmp_path):
    frame = customers(rows=240).with_columns(house=pl.Series(np.arange(240) // 4))
    study = steelyard.compare(
        frame,
        "churned",
        group="house",
        techniques=["plain"],
        folds=3,
        repeats=1,
        out=tmp_path / "run",
    )
    folds = study.predictions.filter(pl.col("technique") == "plain").sort("row")["fold"].to_numpy()
    assert all(len(set(folds[i : i + 4])) == 1 for i in range(0, 240, 4))
    assert "house" not in study.schema.features
    assert study.run["protocol"]["group"] == "house"
    of_rows = study.predictions.sort("row")
    assert of_rows["group"].to_list() == (of_rows["row"] // 4).to_list()


def test_fresh_rows_and_new_decisions_know_their_groups(tmp_path):
    """Each row four times in one house is no more evidence than once."""
    rng = np.random.default_rng(0)
    ill = rng.random(150) < 0.3
    once = pl.DataFrame(
        {"x": rng.normal(size=150) + 1.5 * ill, "house": np.arange(150)}
        | {"ill": np.where(ill, "yes", "no")}
    )
    four = pl.concat([once] * 4)
    options = {"model": "tabular", "technique": "plain", "group": "house", "folds": 3}
    study = steelyard.train(four, "ill", **options, out=tmp_path / "run")
    width = {}
    for name, frame in (("once", once), ("four", four), ("unnamed", four.drop("house"))):
        frame.write_csv(tmp_path / f"{name}.csv")
        found = evaluate_file(tmp_path / "run", tmp_path / f"{name}.csv")
        entry = found["metrics"]["roc_auc"]
        width[name] = entry["high"] - entry["low"]
        assert bool(found["notes"]) == (name == "unnamed")
    assert width["four"] == pytest.approx(width["once"], rel=0.02)
    assert width["unnamed"] < 0.6 * width["once"]
    assert len(np.unique(out_of_fold(study).group)) == 150


def test_time_trains_on_the_past(customers):
    rng = np.random.default_rng(0)
    days = rng.permutation(300)
    frame = customers(rows=300).with_columns(day=pl.Series(days))
    study = steelyard.compare(
        frame, "churned", time_column="day", techniques=["plain"], folds=3, repeats=1
    )
    kept = study.predictions.filter(pl.col("technique") == "plain").sort("row")
    day = days[kept["row"].to_numpy()]
    fold = kept["fold"].to_numpy()
    for later in np.unique(fold)[1:]:
        assert day[fold == later].min() > day[fold == later - 1].max()
    assert "day" not in study.schema.features
    json.dumps(study.run, allow_nan=False)
    # Members of the final model saw later rows than those that importance is told of.
    assert "though on rows that came later" in " ".join(study.to_html().split())
