"""Types of pandas, polars, Arrow and NumPy that few tables have, and columns in the path."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from steelyard.errors import DataError
from steelyard.tables import count_classes, iter_features, labels, read_features, read_table

N = 24
X = np.round(np.random.default_rng(0).normal(size=N), 2)
Y = np.arange(N) % 3 // 2
DECIMALS = [decimal.Decimal(str(v)) for v in X]
WIDE = {
    "Arrow decimal256": lambda: pa.table({"v": pa.array(DECIMALS, pa.decimal256(76, 38)), "y": Y}),
    "pandas decimal256": lambda: pd.DataFrame(
        {"v": pd.Series(DECIMALS, dtype=pd.ArrowDtype(pa.decimal256(76, 38))), "y": Y}
    ),
    "polars Int128": lambda: pl.DataFrame(
        {"v": pl.Series((X * 100).astype(int).tolist(), dtype=pl.Int128), "y": Y}
    ),
    "Arrow run-end encoded": lambda: pa.table(
        {"v": pa.compute.run_end_encode(pa.array(X)), "y": Y}
    ),
    "Arrow duration": lambda: pa.table({"v": pa.array(np.arange(N), pa.duration("s")), "y": Y}),
}


@pytest.mark.parametrize("case", WIDE)
def test_numbers_of_rare_types(case):
    table = read_table(WIDE[case](), "y", keep=["v"])
    assert table.schema.column("v").kind == "number"
    expected = {"polars Int128": X * 100, "Arrow duration": np.arange(N)}.get(case, X)
    np.testing.assert_allclose(table.features["v"], np.round(expected, 2))


def test_long_doubles():
    table = read_table((X.astype(np.longdouble)[:, None], Y), None)
    np.testing.assert_array_equal(table.features["x0"], X)


def test_whole_numbers_beyond_64_bits_are_codes():
    codes = pl.Series([2**70 + i % 3 for i in range(N)], dtype=pl.Int128)
    table = read_table(pl.DataFrame({"v": codes, "y": Y}), "y")
    assert table.features["v"].to_list()[:2] == [str(2**70), str(2**70 + 1)]


@pytest.mark.parametrize(
    "target",
    [pl.Series([dt.timedelta(days=int(k)) for k in Y]), pl.Series([dt.time(int(k)) for k in Y])],
)
def test_durations_are_no_classes(target):
    with pytest.raises(DataError, match="one label a row"):
        read_table(pl.DataFrame({"v": X, "y": target}), "y")


def test_what_a_mask_hides_is_missing():
    mask = np.arange(N) % 4 == 0
    table = read_table((np.ma.array(X[:, None], mask=mask[:, None]), np.ma.array(Y)), None)
    assert table.features["x0"].is_null().to_list() == mask.tolist()
    table = read_table((X[:, None], np.ma.array(Y, mask=mask)), None)
    assert table.row_ids.tolist() == np.flatnonzero(~mask).tolist()


def test_dates_beyond_nanoseconds():
    days = np.array(["9999-12-31", "1600-01-01", "2020-01-01"] * 8, "datetime64[us]")
    for data in (pd.DataFrame({"d": days, "y": Y}), pl.DataFrame({"d": days, "y": Y})):
        table = read_table(data, "y")
        assert table.features["d"].to_list()[:2] == [2932896.0, -135140.0]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_names_with_blanks_at_their_ends(make, tmp_path):
    data = make({" v": X, "y ": Y})
    table = read_table(data, "y ")
    assert (table.schema.features, table.schema.target) == (("v",), "y")
    pl.DataFrame({"v": X, "y": Y}).write_csv(tmp_path / "a.csv")
    assert read_features(data, read_table(tmp_path / "a.csv", "y").schema).width == 1


def test_names_that_polars_takes_for_patterns(tmp_path):
    frame = pl.DataFrame({"*": X, "^v.*$": X + 1, "y": Y})
    frame.write_csv(tmp_path / "a.csv")
    frame.write_parquet(tmp_path / "a.parquet")
    for data in (frame, tmp_path / "a.csv", tmp_path / "a.parquet"):
        table = read_table(data, "y")
        assert table.schema.features == ("*", "^v.*$")
        assert pl.concat(iter_features(data, table.schema, batch_rows=5)).equals(table.features)


@pytest.fixture(params=["parquet", "csv"])
def partitioned(request, tmp_path):
    """region=A/year=2020 and so on, four files; the target in one of the folders."""
    frame = pl.DataFrame({"v": X, "region": ["A b", "B"] * (N // 2), "y": Y})
    for (region, y), part in frame.group_by("region", "y", maintain_order=True):
        folder = tmp_path / "t" / f"region={region.replace(' ', '%20')}" / f"y={y}"
        folder.mkdir(parents=True)
        inside = part.select("v")
        if request.param == "csv":
            inside.write_csv(folder / "part-0.csv")
        else:
            inside.write_parquet(folder / "part-0.parquet")
    return tmp_path / "t", request.param, frame


def test_columns_in_the_path(partitioned):
    folder, ending, frame = partitioned
    for data in (folder, folder / "*" / "*" / f"*.{ending}"):
        table = read_table(data, "y")
        assert table.schema.features == ("v", "region")
        seen = table.features.with_columns(y=pl.Series(table.y)).sort("v", "region")
        assert seen.equals(
            frame.select("v", "region", pl.col("y").cast(pl.Int64)).sort(seen.columns)
        )
        assert count_classes(data, "y") == {0: 16, 1: 8}
        assert labels(data, table.schema).tolist() == table.y.tolist()
        assert pl.concat(iter_features(data, table.schema, batch_rows=3)).equals(table.features)


def test_folders_that_do_not_fit(partitioned):
    folder, ending, _ = partitioned
    (folder / "region=C").mkdir()
    pl.DataFrame({"v": X}).write_csv(folder / "region=C" / f"x.{ending}")
    with pytest.raises(DataError, match="folders"):
        read_table(folder, "y")


@pytest.mark.parametrize(
    ("name", "way"), [("a.xlsx", "read_excel"), ("a.feather", "read_ipc"), ("a.jsonl", "ndjson")]
)
def test_other_formats_are_refused_with_the_way(name, way, tmp_path):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(DataError, match=way):
        read_table(tmp_path / name, "y")
