"""Counts and measures against the closed form, by every way in."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.stats import entropy
from sklearn.metrics import roc_auc_score

import steelyard
from steelyard.inspection import classes


@pytest.mark.parametrize("counts", [[1000, 100, 10], [7, 7], [5, 1], [3, 0.0 + 9, 27, 81]])
def test_hill_numbers_and_lrid(counts):
    shares = np.array(counts) / np.sum(counts)
    assert classes.hill_1(counts) == pytest.approx(np.exp(entropy(shares)))
    assert classes.hill_2(counts) == pytest.approx(1 / (shares**2).sum())
    kl = entropy(shares, np.full(len(counts), 1 / len(counts)))
    assert classes.lrid(counts) == pytest.approx(2 * np.sum(counts) * kl, abs=1e-9)


def test_oracle_of_the_published_formula():
    assert classes.entropy([1000, 100, 10]) == pytest.approx(0.353288, abs=1e-6)
    assert classes.lrid([1000, 100, 10]) == pytest.approx(1654.619625, abs=1e-6)


@pytest.mark.parametrize(
    ("ratio", "tier"), [(4.99, "low"), (5, "medium"), (10, "high"), (50, "extreme")]
)
def test_tiers(ratio, tier):
    assert classes.tier(ratio) == tier


def test_permits_changes_where_the_rules_say():
    said = [classes.permits(rows) for rows in (9, 10, 49, 50, 199, 200)]
    assert said[1] == said[2]
    assert said[3] == said[4]
    assert len(set(said)) == 4


def table():
    return {"x": [0.5, 1.5, 2.5, 1.0, 9.0, 9.5], "c": ["a", "b", "a", "a", "b", "b"],
            "y": ["no", "no", "no", "no", "yes", "yes"]}  # fmt: skip


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, pa.table])
def test_every_frame_gives_the_same(make):
    expected = steelyard.inspect(pl.DataFrame(table()), "y").to_dict()
    found = steelyard.inspect(make(table()), "y").to_dict()
    for key in ("classes", "imbalance", "rows", "separation", "minority_types", "findings"):
        assert found[key] == expected[key], key


def test_class_table():
    found = steelyard.inspect(pl.DataFrame(table()), "y").to_dict()
    assert found["classes"] == [
        {"class": "no", "rows": 4, "share": pytest.approx(2 / 3), "ratio": 1.0},
        {"class": "yes", "rows": 2, "share": pytest.approx(1 / 3), "ratio": 2.0},
    ]
    assert found["positive"] == "yes"


def test_repeated_rows_count_missing_as_equal():
    frame = pl.DataFrame(
        {"x": [1.0, 1.0, 1.0, None, None, 2.0], "y": ["a", "a", "b", "a", "a", "b"]}
    )
    rows = steelyard.inspect(frame, "y").to_dict()["rows"]
    assert rows["duplicates"] == 2, "one (1, a) and one (missing, a) came before"
    assert rows["conflicts"] == 3, "the three rows with x = 1"
    assert rows["conflict_groups"] == 1


def test_single_columns_are_ranked_as_scikit_learn_does():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [300, 60])
    frame = pl.DataFrame(
        {"up": rng.normal(y), "down": rng.normal(-2 * y), "noise": rng.normal(size=360), "y": y}
    )
    scores = steelyard.inspect(frame, "y").to_dict()["separation"]["columns"]
    found = {score["column"]: score for score in scores}
    assert scores[0]["column"] == "down"
    for name, sign in (("up", 1), ("down", -1)):
        if found[name]["how"] == "order":
            expected = roc_auc_score(y, sign * frame[name].to_numpy())
            assert found[name]["auc"] == pytest.approx(expected, abs=1e-9)
        assert found[name]["low"] <= found[name]["auc"] <= found[name]["high"]


def test_counts_alone_read_the_target_column_only(tmp_path):
    """The other column is damaged on disk; counting must not notice."""
    from steelyard.tables import count_classes

    path = tmp_path / "data.parquet"
    wide = pl.DataFrame({"y": [0] * 900 + [1] * 100, "x": np.random.default_rng(0).random(1000)})
    wide.write_parquet(path, compression="uncompressed", statistics=False)
    import pyarrow.parquet as pq

    place = pq.ParquetFile(path).metadata.row_group(0).column(1)
    data = bytearray(path.read_bytes())
    start = place.data_page_offset
    data[start : start + 40] = b"\xff" * 40
    path.write_bytes(bytes(data))
    with pytest.raises(Exception):  # noqa: B017 - whatever the reader says of the correction_effect
        pl.read_parquet(path)
    counted = count_classes(path, "y")
    assert {str(k): v for k, v in dict(counted).items()} == {"0": 900, "1": 100}


def test_page_text_and_plain_data_say_the_same():
    inspection = steelyard.inspect(pl.DataFrame(table()), "y")
    text, page = repr(inspection), inspection.to_html()
    for finding in inspection.to_dict()["findings"]:
        assert finding["code"] in text
        assert finding["code"] in page
    assert max(map(len, text.splitlines())) <= 80
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "<iframe" in inspection._repr_html_()
    assert inspection.plot().to_dict()
