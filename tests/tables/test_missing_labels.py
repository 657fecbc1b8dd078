"""Labels that read as missing: left out and counted, or kept as classes, from every source."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import steelyard as sy
from steelyard.errors import RequestError, TargetError
from steelyard.tables import labels, read_table

WORDS = ["attack", "NA", "", "NA", "attack", "NA"]


def frame(values, dtype=None):
    return pl.DataFrame({"v": np.linspace(0, 1, len(values)), "y": pl.Series(values, dtype=dtype)})


@pytest.mark.parametrize("ending", [".csv", ".parquet", "pandas", "polars"])
def test_words_that_read_as_missing_are_classes_where_they_are_kept(ending, tmp_path):
    rows = frame(WORDS)
    data = {"pandas": rows.to_pandas(), "polars": rows}.get(ending)
    if data is None:
        data = tmp_path / f"t{ending}"
        rows.write_csv(data) if ending == ".csv" else rows.write_parquet(data)
    kept = read_table(data, "y", missing_label="keep")
    assert kept.schema.classes == ("(blank)", "NA", "attack")
    assert kept.class_counts.tolist() == [1, 3, 2]
    assert kept.dropped_rows == 0
    np.testing.assert_array_equal(labels(data, kept.schema), kept.y)
    dropped = read_table(data, "y")
    assert (dropped.schema.classes, dropped.dropped_rows) == (("attack",), 4)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([1, 0, None, 1], ("(blank)", "0", "1")),
        ([1.0, 0.0, None, 1.0], ("(blank)", "0", "1")),
        ([True, None, False, True], ("(blank)", "false", "true")),
        (["a", None, "null", "a"], ("(blank)", "a", "null")),
    ],
)
def test_nothing_at_all_is_the_class_blank(values, classes):
    assert read_table(frame(values), "y", missing_label="keep").schema.classes == classes


def test_pandas_nullable_columns():
    data = pd.DataFrame({"v": [0.1, 0.2, 0.3, 0.4], "y": pd.array([1, None, 0, 1], dtype="Int64")})
    assert read_table(data, "y", missing_label="keep").schema.classes == ("(blank)", "0", "1")


def test_without_missing_labels_nothing_changes():
    rows = frame([0, 1, 1, 0])
    for missing_label in ("drop", "keep"):
        found = read_table(rows, "y", missing_label=missing_label)
        assert found.class_counts.tolist() == [2, 2]


def test_the_error_of_one_class_says_what_was_left_out_and_how_to_keep_it():
    with pytest.raises(TargetError, match=r"4 rows.*missing_label=keep"):
        sy.train(frame(WORDS), "y")
    with pytest.raises(RequestError, match="'drop' or 'keep'"):
        read_table(frame(WORDS), "y", missing_label="ask")


def test_a_run_with_such_a_class(tmp_path):
    pytest.importorskip("keras")
    rng = np.random.default_rng(0)
    y = np.where(rng.random(300) < 0.2, "attack", "NA")
    rows = pl.DataFrame({"v": rng.normal(size=300) + (y == "attack"), "y": y})
    rows.write_csv(tmp_path / "t.csv")
    study = sy.train(
        tmp_path / "t.csv", "y", model="trees", missing_label="keep", out=tmp_path / "run"
    )
    assert study.classes == ["NA", "attack"]
    assert "--missing-label keep" in study.to_html()
    from steelyard.comparison.verify import verify_run
    from steelyard.runs.evaluate import evaluate_file

    assert verify_run(tmp_path / "run")["holds"]
    assert evaluate_file(tmp_path / "run", tmp_path / "t.csv")["rows"] == 300
