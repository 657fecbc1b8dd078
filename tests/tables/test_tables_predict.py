"""Reading a later file as the training table was read; counting without reading the rest."""

import json
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from steelyard.errors import TargetError
from steelyard.tables import Schema, count_classes, iter_features, labels, read_features, read_table

TRAIN = """code,size,flag,day,t
3,1.5,True,2020-01-01,no
x,2.5,False,2020-02-01,yes
4,3,True,2020-03-01,no
"""


@pytest.fixture
def schema(tmp_path):
    (tmp_path / "train.csv").write_text(TRAIN)
    return read_table(tmp_path / "train.csv", "t").schema


def test_codes_of_a_file_without_letters_are_the_same_codes(schema, tmp_path):
    # In training one letter made `code` a category. Here it looks like numbers, with a hole,
    # which pandas turns into 3.0.
    content = "code,size,flag,day\n3,1,True,2020-01-01\n,2,False,2020-01-02\n4,3,,2020-01-03\n"
    (tmp_path / "new.csv").write_text(content)
    pandas = pd.read_csv(tmp_path / "new.csv")
    assert pandas["code"].dtype == float
    pandas.to_csv(tmp_path / "again.csv", index=False)  # writes 3.0
    pandas.to_parquet(tmp_path / "again.parquet")
    for data in (tmp_path / "new.csv", tmp_path / "again.csv", tmp_path / "again.parquet", pandas):
        got = read_features(data, schema)
        assert got["code"].to_list() == ["3", None, "4"]
        assert got["flag"].to_list() == [1.0, 0.0, None]
        assert got["day"].to_list() == [18262, 18263, 18264]
        assert got.schema == {
            "code": pl.String, "size": pl.Float64, "flag": pl.Float64, "day": pl.Float64,
        }  # fmt: skip


@pytest.mark.parametrize("values", [[3, 4], [3.0, 4.0], ["3", "4.0"], [" 3", "4"]])
def test_one_spelling_per_level(schema, values):
    frame = pl.DataFrame({"code": values, "size": 1, "flag": True, "day": "2020-01-01"})
    assert read_features(frame, schema)["code"].to_list() == ["3", "4"]


@pytest.mark.parametrize(
    "flags", [[True, False], [1, 0], [1.0, 0.0], ["TRUE", "false"], ["1", "0"]]
)
def test_flags_in_any_form(schema, flags):
    frame = pl.DataFrame({"code": "3", "size": 1, "flag": flags, "day": "2020-01-01"})
    assert read_features(frame, schema)["flag"].to_list() == [1.0, 0.0]


def test_row_number_of_a_bad_value_counts_through_batches_and_files(schema, tmp_path):
    header, good = "code,size,flag,day\n", "3,1,True,2020-01-01\n"
    (tmp_path / "in").mkdir()
    (tmp_path / "in/1.csv").write_text(header + good * 70)
    (tmp_path / "in/2.csv").write_text(header + good * 9 + "3,wide,True,2020-01-01\n")
    for read in (read_features, lambda *args: list(iter_features(*args, batch_rows=16))):
        with pytest.raises(ValueError, match=r"'size' holds numbers .* data row 80 has 'wide'"):
            read(tmp_path / "in", schema)


def test_columns_that_are_all_missing_there(schema):
    frame = pl.DataFrame({name: [None, None] for name in schema.features})
    got = read_features(frame, schema)
    assert got.null_count().row(0) == (2, 2, 2, 2)
    assert got.dtypes == [pl.String, pl.Float64, pl.Float64, pl.Float64]


def test_a_matrix_to_predict():
    X = np.random.default_rng(0).normal(size=(20, 3))
    schema = read_table((X, np.arange(20) % 2), None).schema
    np.testing.assert_array_equal(read_features(X, schema).to_numpy(), X)


def test_ambiguous_dates_are_read_as_in_training(tmp_path):
    frame = pl.DataFrame({"d": ["13/01/2020", "14/01/2020"], "t": [0, 1]})
    schema = read_table(frame, "t").schema
    later = pl.DataFrame({"d": ["03/04/2020"]})
    assert read_features(later, schema)["d"].to_list() == [18355.0]  # 3 April


def test_schema_survives_json(schema):
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema
    assert schema.numbers == ("size", "flag", "day")
    assert schema.categories == ("code",)


@pytest.mark.parametrize(
    ("classes", "later"),
    [
        ([0, 1], [0.0, 1.0]),
        ([0, 1], ["0", "1"]),
        ([0, 1], [False, True]),
        ([False, True], [0, 1]),
        ([False, True], ["false", "True"]),
        (["0", "1"], [0, 1]),
        (["0", "1"], [0.0, 1.0]),
        (["a", "b"], [" a", "b "]),
    ],
)
def test_labels_in_another_form(classes, later):
    schema = read_table(
        pl.DataFrame({"x": [0.5, 1.5, 2.5], "t": [*classes, classes[0]]}), "t"
    ).schema
    assert labels(pl.DataFrame({"t": [*later, later[1]]}), schema).tolist() == [0, 1, 1]


def test_labels_of_arrays():
    schema = read_table((np.eye(4), np.array([5, 7, 5, 7])), None).schema
    assert labels((np.eye(4), np.array([7, 7, 5, 5])), schema).tolist() == [1, 1, 0, 0]
    with pytest.raises(TargetError, match="6"):
        labels((np.eye(4), np.array([7, 7, 5, 6])), schema)


def test_counting_reads_the_target_column_only(tmp_path):
    rows = 60_000
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b", "c"], rows, p=[0.9, 0.09, 0.01])
    frame = pl.DataFrame({f"x{i}": rng.normal(size=rows) for i in range(8)} | {"t": y})
    path = tmp_path / "a.parquet"
    pq.write_table(frame.to_arrow(), path, row_group_size=7_000)
    expected = dict(zip(*np.unique(y, return_counts=True), strict=True))
    assert count_classes(path, "t") == {str(k): int(n) for k, n in expected.items()}
    # Wreck the bytes of the other columns: counting must not notice.
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    data = bytearray(path.read_bytes())
    start = column.data_page_offset
    data[start : start + column.total_compressed_size // 2] = b"\xff" * (
        column.total_compressed_size // 2
    )
    path.write_bytes(data)
    assert sum(count_classes(path, "t").values()) == rows
    with pytest.raises(ValueError, match="Parquet"):
        read_table(path, "t")


def test_batches_of_a_long_file_need_little_memory(tmp_path):
    path = tmp_path / "a.csv"
    schema = read_table(pl.DataFrame({"a": [0.5, 1.5], "b": ["x", "y"], "t": [0, 1]}), "t").schema
    path.write_text("a,b,t\n" + "1.5,some words here,0\n" * 1_500_000)  # 32 MB
    tracemalloc.start()
    try:
        rows = sum(frame.height for frame in iter_features(path, schema))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows == 1_500_000
    assert peak < 40e6  # a few blocks of 8 MB
