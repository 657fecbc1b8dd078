"""The built-in network of a run, trained on with all rows from files by several workers."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score

from steelyard import compare
from steelyard._keras import keras
from steelyard.decision.prior import correct_prior
from steelyard.errors import RequestError
from steelyard.feeds import fit_parallel

SMALL = {"techniques": "plain", "folds": 2, "repeats": 1, "progress": False}


def simulated(rows, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 4)).astype("float32")
    p = 1 / (1 + np.exp(3.5 - X[:, 0] - X[:, 1] * X[:, 2]))
    y = (rng.random(rows) < p).astype("int32")
    return pl.DataFrame({f"x{i}": X[:, i] for i in range(4)} | {"y": y})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    for part in range(3):
        simulated(4_000, part).write_parquet(folder / f"{part}.parquet")
    return folder


def test_it_is_the_runs_network_and_learns_from_the_rows_that_were_not_drawn(folder):
    study = compare(folder, "y", rows=900, model="tabular", **SMALL)
    network = study.network()
    fresh = simulated(20_000, 99)
    X, y = fresh.drop("y").to_numpy(), fresh["y"].to_numpy()
    before = network.predict(X, verbose=0)
    core = study.model.get_layer("steelyard.network")
    np.testing.assert_allclose(before, core([X, np.empty((len(X), 0), str)]), rtol=1e-4, atol=1e-6)
    network.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    columns = list(study.schema.numbers)
    history = fit_parallel(
        network, folder, "y", 256, epochs=4, workers=2, columns=columns, verbose=0
    )
    after = network.predict(X, verbose=0)
    assert average_precision_score(y, after[:, 1]) > average_precision_score(y, before[:, 1])
    # Known shares of the batches: the correction makes the mean probability the prevalence.
    corrected = correct_prior(after, history.trained_on, history.deployed_on)
    assert corrected[:, 1].mean() == pytest.approx(y.mean(), rel=0.1)
    # The run's own model is as it was.
    np.testing.assert_allclose(core([X[:9], np.empty((9, 0), str)]), before[:9], rtol=1e-4)


def test_what_is_no_network_of_numbers_is_refused(folder, tmp_path):
    trees = compare(folder, "y", rows=900, model="trees", **SMALL)
    with pytest.raises(RequestError, match="model='tabular'"):
        trees.network()
    words = simulated(900, 0).with_columns(x3=pl.lit("a"), x2=pl.col("x2") > 0)
    words = words.with_columns(x3=pl.when(pl.col("x2")).then(pl.lit("b")).otherwise("x3"))
    words.write_parquet(tmp_path / "words.parquet")
    study = compare(tmp_path / "words.parquet", "y", model="tabular", **SMALL)
    with pytest.raises(RequestError, match="columns x3 are not read as plain numbers"):
        study.network()
