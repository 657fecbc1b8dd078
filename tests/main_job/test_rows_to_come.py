"""Later files of small models: no rows, no row of a class, levels and values never seen."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from click.testing import CliRunner

import steelyard as sy
from steelyard.cli import main
from steelyard.errors import DataError, SteelyardWarning
from steelyard.runs.evaluate import evaluate_file
from steelyard.runs.predict import predict_file

LABELS = ["no", "yes", "maybe"]


def table(classes, rows=500):
    rng = np.random.default_rng(0)
    y = rng.choice(classes, rows, p=[0.8, 0.2] if classes == 2 else [0.7, 0.2, 0.1])
    columns = {
        "id": [f"r{i}" for i in range(rows)],
        "x": rng.normal(size=rows) + y,
        "plan": rng.choice(["a", "b"], rows),
    }
    return pl.DataFrame(columns | {"y": [LABELS[code] for code in y]})


@pytest.fixture(scope="module", params=[2, 3])
def trained(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("later")
    table(request.param).write_csv(folder / "t.csv")
    sy.train(folder / "t.csv", "y", model="trees", out=folder / "run")
    return folder / "run", request.param


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("keep", [["id", "plan"], "all", []])
def test_no_rows_give_the_columns_that_rows_would(trained, ending, keep, tmp_path):
    run, classes = trained
    found = {}
    for rows in (0, 3):
        part, path = table(classes).head(rows), tmp_path / f"{rows}.{ending}"
        part.write_csv(path) if ending == "csv" else part.write_parquet(path)
        out = tmp_path / f"out{rows}.{ending}"
        assert predict_file(run, path, out, keep=keep)["rows"] == rows
        found[rows] = pl.read_csv(out) if ending == "csv" else pl.read_parquet(out)
    assert found[0].columns == found[3].columns
    assert ending == "csv" or found[0].schema == found[3].schema


def test_rows_without_one_of_the_classes_are_scored(trained, tmp_path):
    run, classes = trained
    for absent in LABELS[:classes]:
        rows = table(classes).filter(pl.col("y") != absent)
        found = evaluate_file(run, rows)
        assert repr(absent) in found["notes"][0]
        assert found["metrics"]["log_loss"]["value"] > 0
        ranked = found["metrics"]["roc_auc"]["value"]
        assert (ranked is None) == (classes == 2)
    rows.write_csv(tmp_path / "rows.csv")
    words = ["evaluate", str(run), str(tmp_path / "rows.csv")]
    said = CliRunner().invoke(main, words, catch_exceptions=False)
    assert said.exit_code == 0
    assert "no row is of the class" in " ".join(said.stdout.split())


KINDS = {
    "text": lambda values: pd.Series(values, dtype=object),
    "categorical": lambda values: pd.Series(values).astype("category"),
    "nullable string": lambda values: pd.Series(values, dtype="string"),
    "Arrow dictionary": lambda values: pd.Series(values).astype(
        pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_python_names_columns_of_unknown_levels_as_the_command_does(kind):
    rows = table(2).to_pandas()
    X, y = pd.DataFrame({"x": rows["x"], "plan": KINDS[kind](rows["plan"].tolist())}), rows["y"]
    new = pd.DataFrame({"x": [0.0, 1.0], "plan": KINDS[kind](["q", "r"])})
    model = sy.ImbalancedClassifier("plain", model="trees").fit(X, y)
    for predict in (model.predict, model.predict_proba, model.study_.predict):
        with pytest.warns(SteelyardWarning, match="'plan': 2 of 2 rows hold a level"):
            predict(new)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            predict(X[:5])
    for value in (np.inf, -1e300):
        with pytest.raises(DataError, match="'x' has an infinite value"):
            model.predict(new.assign(x=[0.0, value]))


def test_matrices_beyond_float32_are_refused():
    X = np.random.default_rng(0).normal(size=(300, 2))
    y = (X[:, 0] > 1).astype(int)
    model = sy.ImbalancedClassifier("plain", model="trees").fit(X, y)
    X[5, 1] = 1e300
    for refuse in (lambda: model.predict(X), lambda: sy.ImbalancedClassifier("plain").fit(X, y)):
        with pytest.raises(DataError, match=r"beyond 3.4e\+38.*row 5, column 1"):
            refuse()
