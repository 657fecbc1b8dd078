"""Numbers far from 0 keep their signal: models see them less an offset taken in float64."""

import json

import numpy as np
import polars as pl
import pytest

keras = pytest.importorskip("keras")

import steelyard as sy  # noqa: E402

ROWS, SECONDS = 600, 1_700_000_000  # float32 knows every 128th second there


@pytest.fixture(scope="module")
def table():
    """The second of the minute decides the class."""
    rng = np.random.default_rng(0)
    y = rng.permutation((np.arange(ROWS) < 60).astype(int))
    second = np.where(y == 1, rng.integers(50, 60, ROWS), rng.integers(0, 50, ROWS))
    return pl.DataFrame({"t": SECONDS + second, "b": rng.normal(size=ROWS), "y": y})


@pytest.fixture(scope="module", params=["trees", "tabular"])
def study(request, table):
    options = {"techniques": "plain", "folds": 3, "repeats": 1, "progress": False}
    return sy.compare(table, "y", model=request.param, **options)


def test_the_signal_is_learned_and_every_way_to_predict_agrees(study, table, tmp_path):
    ap = study.run["techniques"][0]["metrics"]["average_precision"]["value"]
    assert ap > 0.9  # .1 in float32 alone
    expected = study.predict(table)["probability_1"].to_numpy()
    columns = {name: table[name].to_numpy() for name in ("t", "b")}
    study.save(tmp_path / "run")
    loaded = sy.load_model(tmp_path / "run")
    for model in (study.model, loaded):
        for found in (model(columns), model.predict(columns, verbose=0)):
            np.testing.assert_allclose(
                np.asarray(found["probability"])[:, 1], expected, rtol=0, atol=1e-6
            )


def test_litert_has_no_float64(study, tmp_path):
    with pytest.raises(sy.SteelyardError, match="float64"):
        study.export(tmp_path / "model.tflite", format="litert")


def test_only_such_columns_have_an_offset(study):
    offsets = {column["name"]: column["offset"] for column in study.schema.to_dict()["columns"]}
    assert offsets == {"t": float(SECONDS), "b": 0.0}
    assert json.dumps(study.run["data"]["schema"])
