"""Files too large to be read whole: exact counts, and a sample that depends on the seed alone."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from steelyard.inspection import inspect, large
from steelyard.tables.size import values_in
from steelyard.tables.sources import open_table

N = 20_000
RNG = np.random.default_rng(0)
Y = RNG.choice(["no", "yes", "odd"], N, p=[0.949, 0.05, 0.001])
TABLE = pl.DataFrame(
    {
        "good": RNG.normal(size=N) + 2.0 * (Y == "yes"),
        "noise": RNG.normal(size=N),
        "job": RNG.choice(["a", "b"], N),
        "y": np.where(RNG.random(N) < 0.01, None, Y),
    }
)


@pytest.fixture
def limits(monkeypatch):
    monkeypatch.setattr(large, "MOST_VALUES", 40_000)
    monkeypatch.setattr(large, "SAMPLE_SHARE", 2)


def summary_of(path, **options):
    return inspect(path, "y", **options).to_dict()


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_counts_are_exact_and_the_sample_is_said(limits, tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    TABLE.write_csv(path) if suffix == ".csv" else TABLE.write_parquet(path)
    summary = summary_of(path, seed=1)
    exact = dict(TABLE.drop_nulls("y")["y"].value_counts().iter_rows())
    assert {entry["class"]: entry["rows"] for entry in summary["classes"]} == exact
    data = summary["data"]
    assert data["rows"] == sum(exact.values())
    assert data["dropped_rows"] == TABLE["y"].null_count()
    assert data["source"] == str(path)
    assert 5_000 <= data["measured_rows"] <= 5_000 + large.LEAST_ROWS
    best = summary["separation"]["columns"][0]
    assert (best["column"], best["class"]) == ("good", "yes")
    whole = TABLE.drop_nulls("y")
    exact_auc = roc_auc_score(whole["y"] == "yes", whole["good"])
    assert best["low"] < exact_auc < best["high"]
    assert summary["minority_types"]["sampled"]
    text = repr(inspect(path, "y", seed=1))
    assert f"Exact counts; all else measured on {data['measured_rows']:,} rows" in text
    assert max(map(len, text.splitlines()[1:])) <= 80  # but for the long path of a test
    assert f"{data['measured_rows']:,} rows drawn" in inspect(path, "y", seed=1).to_html()


def test_files_and_seed_choose_the_sample(limits, tmp_path):
    for files in (1, 7):
        (tmp_path / str(files)).mkdir()
        for i, part in enumerate(np.array_split(np.arange(N), files)):
            TABLE[part].write_parquet(tmp_path / str(files) / f"{i}.parquet")
    one, seven = summary_of(tmp_path / "1"), summary_of(tmp_path / "7")
    for summary in (one, seven):
        summary["data"].pop("source")
    assert one == seven
    other = summary_of(tmp_path / "1", seed=1)
    assert other["separation"] != one["separation"]


def test_smaller_tables_are_read_whole(tmp_path):
    TABLE.write_csv(tmp_path / "t.csv")
    values = values_in(open_table(tmp_path / "t.csv"))
    assert values == pytest.approx(TABLE.height * TABLE.width, rel=0.02)
    data = summary_of(tmp_path / "t.csv")["data"]
    assert data["measured_rows"] == data["rows"]
