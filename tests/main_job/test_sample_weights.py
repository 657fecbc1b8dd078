"""Rows drawn with unequal chances and weighted by them: the model and its figures are the truth's.

Known truth: a population of 4 % positives, of which 90 % of the positives and 5 % of the rest were
kept, fewer where a column is low.
"""

import dataclasses
import json

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from scipy.special import expit
from sklearn.metrics import average_precision_score

import steelyard as sy
from steelyard.cli import main
from steelyard.comparison.verify import verify_run
from steelyard.errors import DataError, RequestError, WeightError
from steelyard.runs.evaluate import evaluate_file
from steelyard.tables import read_table


def population(rows, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 3))
    p = expit(-4.2 + 1.3 * X[:, 0] + 0.8 * X[:, 1])
    return X, (rng.random(rows) < p).astype(int), p


def drawn(rows=40_000, seed=1):
    X, y, _ = population(rows, seed)
    chance = np.where(y == 1, 0.9, 0.05) * np.where(X[:, 2] > 0, 1.0, 0.6)
    kept = np.random.default_rng(seed + 1).random(rows) < chance
    return pl.DataFrame(X[kept], schema=["a", "b", "c"]).with_columns(
        y=pl.Series(y[kept]), w=pl.Series(1 / chance[kept])
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    drawn().write_csv(folder / "drawn.csv")
    words = ["compare", str(folder / "drawn.csv"), "--target", "y", "--weight", "w", "--folds", "2"]
    words += ["--repeats", "1", "--techniques", "plain,class-weight,random-over,smote"]
    words += ["--cost-fp", "1", "--cost-fn", "20", "--out", str(folder / "run")]
    found = CliRunner().invoke(main, words, catch_exceptions=False)
    assert found.exit_code == 0, found.stderr
    (folder / "said.txt").write_text(found.stdout)
    return folder


@pytest.fixture(scope="module")
def study(run):
    return sy.load(run / "run")


def test_probabilities_are_those_of_the_population(study):
    X, y, p = population(40_000, 9)
    found = study.predict(pl.DataFrame(X, schema=["a", "b", "c"]))["probability_1"].to_numpy()
    assert found.mean() == pytest.approx(p.mean(), rel=0.1)
    assert y.mean() == pytest.approx(study.run["decision"]["prior"][1], rel=0.1)
    best = average_precision_score(y, p)
    assert average_precision_score(y, found) > 0.85 * best


def test_every_technique_is_corrected_to_them(study):
    for entry in study.run["techniques"]:
        observed = entry["metrics"]["observed_expected"]
        assert observed["low"] <= 1 <= observed["high"], entry["name"]
        assert entry["metrics"]["average_precision"]["value"] < 0.4, entry["name"]  # unweighted .8


def test_what_was_promised_is_what_new_rows_of_the_population_show(run, tmp_path):
    X, y, _ = population(20_000, 11)
    new = pl.DataFrame(X, schema=["a", "b", "c"]).with_columns(y=pl.Series(y))
    found = evaluate_file(run / "run", new)
    assert found["weight"] is None
    assert "'w'" in found["notes"][0]
    assert not any(one["beyond_chance"] for one in found["promised"].values())
    same = drawn(20_000, 21)
    same.write_parquet(tmp_path / "same.parquet")
    weighted = evaluate_file(run / "run", tmp_path / "same.parquet")
    assert weighted["weight"] == "w"
    ours, theirs = (one["metrics"]["average_precision"] for one in (weighted, found))
    assert ours["low"] < theirs["high"]
    assert theirs["low"] < ours["high"]
    renamed = evaluate_file(run / "run", same.rename({"w": "v"}), weight="v")
    assert renamed["metrics"] == weighted["metrics"]
    with pytest.raises(DataError, match="no column 'nowhere'"):
        evaluate_file(run / "run", same, weight="nowhere")


def test_the_run_says_how_rows_count(run, study):
    said, page = (run / "said.txt").read_text(), (run / "run" / "report.html").read_text()
    counts = study.run["data"]["weights"]
    assert counts["column"] == "w"
    table = read_table(run / "drawn.csv", "y", weight="w")
    assert counts["counts"] == pytest.approx(table.weighted_counts.tolist())
    for text in (" ".join(said.split()), page):
        assert "Rows are weighted by w: class 1 is 3.7 % of what they stand for" in text
    assert "--weight w" in page
    assert "w" not in study.schema.features


def test_verify_holds_and_finds_another_weight(run, tmp_path):
    assert verify_run(run / "run")["holds"]
    drawn().with_columns(w=pl.col("w") * 2).write_csv(tmp_path / "other.csv")
    found = verify_run(run / "run", tmp_path / "other.csv")
    assert [one["name"] for one in found["checks"] if not one["holds"]] == ["table"]


def test_a_new_goal_counts_rows_as_they_count(study):
    best = study.retune(goal="f1")
    p = study.predictions.filter(pl.col("technique") == best.run["decision"]["technique"])
    score, y, w = (p[name].to_numpy() for name in ("probability_1", "truth", "weight"))
    cut = best.run["decision"]["rule"]["threshold"]
    hits, flagged = w @ ((score >= cut) * y), w @ (score >= cut)
    f1 = 2 * hits / (flagged + w @ y)
    assert best.run["decision"]["tuned"]["value"] == pytest.approx(f1, rel=0.02)
    counts = best.run["decision"]["counts"]
    assert counts["true_positives"] == pytest.approx(hits, abs=1e-3)
    assert "<script" in best.to_html()


def test_weights_that_are_none_are_refused_in_one_line(tmp_path):
    frame = drawn(4000)
    n = frame.height
    for values, kind, says in [
        ([-1.0] + [1.0] * (n - 1), WeightError, "negative"),
        ([float("inf")] + [1.0] * (n - 1), WeightError, "infinite"),
        ([None] + [1.0] * (n - 1), DataError, "no value in 1 row"),
        ([float("nan")] + [1.0] * (n - 1), DataError, "no value in 1 row"),
        ([0.0] * n, WeightError, "is 0"),
        (["heavy", "light"] * (n // 2) + ["heavy"] * (n % 2), DataError, "such as 'heavy'"),
    ]:
        with pytest.raises(kind, match=says) as error:
            read_table(frame.with_columns(w=pl.Series(values)), "y", weight="w")
        assert "\n" not in str(error.value)
    with pytest.raises(DataError, match="no column 'v'"):
        read_table(frame, "y", weight="v")
    with pytest.raises(DataError, match="is the target"):
        read_table(frame, "y", weight="y")


def test_rows_of_weight_0_are_no_rows():
    frame = drawn(4000)
    zero = frame.with_columns(w=pl.when(pl.col("a") > 1).then(0.0).otherwise("w"))
    table = read_table(zero, "y", weight="w")
    alone = read_table(zero.filter(pl.col("w") > 0), "y", weight="w")
    np.testing.assert_array_equal(table.weights, alone.weights)
    np.testing.assert_array_equal(table.row_ids, np.flatnonzero(zero["w"].to_numpy()))
    assert table.weights.mean() == pytest.approx(1)
    assert "weight 0" in table.notes[0]


def test_a_technique_that_cannot_honour_weights_is_refused_by_name():
    with pytest.raises(RequestError, match=r"svm-smote: .*no sample weight"):
        sy.train(drawn(4000), "y", weight="w", technique="svm-smote", model="tabular")


@pytest.mark.parametrize("model", ["trees", "tabular"])
def test_the_scale_of_weights_changes_nothing(model):
    frame = drawn(6000)
    one, other = (
        sy.train(frame.with_columns(w=pl.col("w") * scale), "y", weight="w", model=model)
        for scale in (1, 1000)
    )
    ours, theirs = (s.run["techniques"][0]["metrics"]["log_loss"]["value"] for s in (one, other))
    assert ours == pytest.approx(theirs, rel=1e-4)


def test_an_own_model_trains_by_weights():
    keras = pytest.importorskip("keras")

    def build(inputs, classes):
        model = keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(classes)])
        model.compile(keras.optimizers.Adam(0.03))
        return model

    found = sy.train(drawn(20_000), "y", weight="w", model=build, folds=2, technique="random-over")
    X, _, p = population(10_000, 5)
    q = found.predict(pl.DataFrame(X, schema=["a", "b", "c"]))["probability_1"].to_numpy()
    assert q.mean() == pytest.approx(p.mean(), rel=0.25)


def test_the_classifier_takes_sample_weights():
    frame = drawn(20_000)
    X, y, w = frame.select("a", "b", "c").to_numpy(), frame["y"].to_numpy(), frame["w"].to_numpy()
    model = sy.ImbalancedClassifier("class-weight", model="trees").fit(X, y, sample_weight=w)
    new, _, p = population(10_000, 5)
    assert model.predict_proba(new)[:, 1].mean() == pytest.approx(p.mean(), rel=0.25)
    assert model.prior_[1] == pytest.approx(np.average(y, weights=w))
    dropped = np.where(np.arange(len(y)) % 2, w, 0.0)
    some = dropped > 0
    one = sy.ImbalancedClassifier("plain", model="trees").fit(X, y, sample_weight=dropped)
    other = sy.ImbalancedClassifier("plain", model="trees").fit(X[some], y[some], w[some])
    np.testing.assert_allclose(one.predict_proba(new), other.predict_proba(new))
    with pytest.raises(WeightError):
        sy.ImbalancedClassifier("plain").fit(X, y, sample_weight=-w)


def test_a_table_takes_weights_of_its_own(study):
    """The plain seam: a table with weights, whatever they come from."""
    table = read_table(drawn().drop("w"), "y")
    weights = read_table(drawn(), "y", weight="w").weights
    found = sy.train(dataclasses.replace(table, weights=weights), model="trees")
    assert found.run["decision"]["prior"] == pytest.approx(study.run["decision"]["prior"])
    assert json.loads(json.dumps(found.run["data"]["weights"]))["column"] is None
