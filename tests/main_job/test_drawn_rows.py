"""Compared on some rows of a larger table: the figures are those of all of its rows."""

import json

import numpy as np
import polars as pl
import pytest
from markupsafe import escape
from sklearn.metrics import average_precision_score

import steelyard
from steelyard import _memory
from steelyard._memory import limited
from steelyard.comparison.need import rows_that_fit
from steelyard.comparison.verify import verify_run
from steelyard.errors import RequestError, RunError

ROWS = 1_500
OPTIONS = {
    "techniques": "plain,random-under,class-weight",
    "model": "trees",
    "folds": 3,
    "repeats": 1,
    "progress": False,
}


def simulated(rows, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 3))
    odds = -5.3 + 1.6 * X[:, 0] + 1.1 * np.abs(X[:, 1])
    y = rng.random(rows) < 1 / (1 + np.exp(-odds))
    return pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": y.astype(int)})


TABLE = simulated(16_000, 0)
COUNTS = np.bincount(TABLE["y"]).tolist()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("larger") / "parts"
    folder.mkdir()
    for i, part in enumerate(np.array_split(np.arange(len(TABLE)), 3)):
        TABLE[part].write_parquet(folder / f"{i}.parquet")
    return folder


@pytest.fixture(scope="module")
def drawn(source):
    run = source.parent / "run"
    return steelyard.compare(source, "y", rows=ROWS, out=run, **OPTIONS)


@pytest.fixture(scope="module")
def fresh():
    return simulated(60_000, 1)


def metric(study, technique, name):
    entry = next(one for one in study.run["techniques"] if one["name"] == technique)
    return entry["metrics"][name]


def test_it_is_said_what_was_drawn(drawn):
    data = drawn.run["data"]
    assert data["rows"] == ROWS
    assert data["population"] == COUNTS
    assert [entry["count"] for entry in data["classes"]] == [ROWS - COUNTS[1], COUNTS[1]]
    natural = np.array(COUNTS) / sum(COUNTS)
    np.testing.assert_allclose(drawn.run["decision"]["prior"], natural, rtol=1e-9)
    (note,) = [one for one in data["notes"] if one.startswith("compared on")]
    assert f"{ROWS:,} of {sum(COUNTS):,} rows" in note
    assert f"1: all {COUNTS[1]:,}" in note
    assert str(escape(note)) in drawn.to_html()
    assert f"{sum(COUNTS):,} rows ({ROWS:,} drawn), {COUNTS[1]:,} of them class 1 (3.7 %)" in repr(
        drawn
    )


def test_figures_are_those_of_all_rows(drawn, fresh):
    """The deployed model on fresh rows of all classes does what the intervals promise."""
    scored = drawn.predict(fresh)["probability_1"].to_numpy()
    y = fresh["y"].to_numpy()
    chosen = drawn.run["decision"]["technique"]
    promised = metric(drawn, chosen, "average_precision")
    assert promised["low"] < average_precision_score(y, scored) < promised["high"]
    assert y.mean() / scored.mean() == pytest.approx(1, abs=0.15)
    decided = drawn.predict(fresh)["decision"].to_numpy() == 1
    recall, precision = metric(drawn, chosen, "recall"), metric(drawn, chosen, "precision")
    assert recall["low"] < decided[y == 1].mean() < recall["high"]
    assert precision["low"] < y[decided].mean() < precision["high"]


@pytest.mark.parametrize("technique", OPTIONS["techniques"].split(","))
def test_every_technique_is_calibrated_for_all_rows(technique, drawn):
    ratio = metric(drawn, technique, "observed_expected")
    assert ratio["low"] < 1 < ratio["high"]
    shares = np.array(COUNTS) / sum(COUNTS)
    by_shares_alone = -shares @ np.log(shares)
    assert metric(drawn, technique, "log_loss")["value"] < by_shares_alone


def test_the_run_is_verified_against_the_same_rows(drawn, source):
    found = verify_run(source.parent / "run")
    assert found["holds"], [check for check in found["checks"] if not check["holds"]]
    assert found["table"] == "read again"
    drawn_rows = pl.read_parquet(source.parent / "run" / "predictions.parquet")["row"].unique()
    assert TABLE["y"].gather(drawn_rows).sum() == COUNTS[1]


def test_an_unfinished_run_goes_on_with_the_rows_it_began_with(drawn, source, tmp_path):
    request = json.loads((source.parent / "run" / "journal.jsonl").read_text().split("\n")[0])
    assert request["request"]["rows"] == ROWS
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "journal.jsonl").write_text(json.dumps(request) + "\n")
    with pytest.raises(RunError, match="other: rows"):
        steelyard.compare(source, "y", rows=900, out=tmp_path / "run", **OPTIONS)
    other = OPTIONS | {"techniques": "plain"}
    with pytest.raises(RunError, match="other: techniques"):
        steelyard.compare(source, "y", out=tmp_path / "run", **other)


def test_by_default_as_many_rows_as_fit(source, monkeypatch):
    with limited("64G"):
        assert rows_that_fit(source) is None
    monkeypatch.setattr("steelyard.comparison.need.FEWEST_DRAWN", 1_000)
    with limited(_memory.in_use() + (258 << 20)):
        found = rows_that_fit(source)
    assert 1_000 < found < len(TABLE)
    assert found == int(float(f"{found:.1e}"))


def test_as_many_as_there_are_is_the_table_itself(source):
    from steelyard.resample.drawn import drawn_table, rows_by_class
    from steelyard.tables import read_table

    table = drawn_table(source, "y", lambda counts: rows_by_class(counts, 10**9))
    assert table.weights is None
    assert table.population is None
    assert table.features.equals(read_table(source, "y").features)
    with pytest.raises(RequestError, match="rows=3"):
        steelyard.compare(source, "y", rows=3, **OPTIONS)
