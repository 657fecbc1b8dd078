"""The same table gives the same result, whatever it is stored in."""

import gzip

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from steelyard.tables import count_classes, iter_features, labels, read_features, read_table
from steelyard.tables.names import pick

SETTINGS = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Whatever one may find in a header; not stripped names, as spaces at the ends are dropped.
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")),
    min_size=1,
    max_size=8,
)
LEVELS = st.sampled_from(["red", "dark blue", "a,b", 'say "x"', "two\nlines", "ä€", "None", "1;2"])


@st.composite
def tables(draw):
    """A polars table with every kind of column, missing values among them."""
    rows = draw(st.integers(4, 12))
    names = draw(st.lists(NAMES, min_size=8, max_size=8, unique=True))

    def column(values):
        return draw(st.lists(values, min_size=rows, max_size=rows))

    number = st.none() | st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 3) + 0.5)
    data = [
        pl.Series(names[0], column(number), pl.Float64),
        pl.Series(names[1], column(st.none() | st.integers(-(10**9), 10**9)), pl.Int64),
        pl.Series(names[2], column(st.none() | st.booleans()), pl.Boolean),
        pl.Series(names[3], column(st.none() | st.dates()), pl.Date),
        pl.Series(names[4], column(st.none() | LEVELS), pl.String),
        pl.Series(names[5], column(st.datetimes().map(lambda t: t.replace(microsecond=0)))),
    ]
    years = [s.dt.year() for s in (data[3], data[5])]
    # Text without four digits of year has no one reading.
    ok = all((year.drop_nulls() >= 1000).all() for year in years)
    data.append(pl.Series(names[6], [i + 0.5 for i in range(rows)]))  # never empty or constant
    data.append(pl.Series(names[7], [f"class {i % 2}" for i in range(rows)]))
    return pl.DataFrame(data if ok else [s for i, s in enumerate(data) if i not in (3, 5)])


def as_csv(frame, tmp_path, name="t.csv", **options):
    frame.write_csv(tmp_path / name, **options)
    return tmp_path / name


def as_parquet(frame, tmp_path):
    frame.write_parquet(tmp_path / "t.parquet")
    return tmp_path / "t.parquet"


def as_csv_gz(frame, tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(frame.write_csv().encode()))
    return path


def as_pandas_csv(frame, tmp_path):
    frame.to_pandas().to_csv(tmp_path / "p.csv", index=False)
    return tmp_path / "p.csv"


STORED = {
    "pandas": lambda frame, _: frame.to_pandas(),
    "arrow": lambda frame, _: frame.to_arrow(),
    "lazy": lambda frame, _: frame.lazy(),
    "csv": as_csv,
    "semicolons": lambda frame, path: as_csv(frame, path, "s.csv", separator=";"),
    "tabs": lambda frame, path: as_csv(frame, path, "s.tsv", separator="\t"),
    "csv.gz": as_csv_gz,
    "pandas csv": as_pandas_csv,
    "parquet": as_parquet,
}


def same(one, other):
    assert one.schema.features == other.schema.features
    assert [c.kind for c in one.schema.columns] == [c.kind for c in other.schema.columns]
    assert [c.role for c in one.schema.columns] == [c.role for c in other.schema.columns]
    assert one.schema.classes == other.schema.classes
    np.testing.assert_array_equal(one.y, other.y)
    np.testing.assert_array_equal(one.categories(), other.categories())
    np.testing.assert_allclose(one.numbers(), other.numbers(), rtol=1e-6)
    assert one.features.equals(other.features)


@SETTINGS
@given(frame=tables())
def test_every_store_gives_the_same_table(frame, tmp_path):
    target = frame.columns[-1]
    reference = read_table(frame, target)
    for store in STORED.values():
        data = store(frame, tmp_path)
        table = read_table(data, target)
        same(reference, table)
        assert read_features(data, reference.schema).equals(reference.features)
        assert count_classes(data, target) == dict(
            zip(table.schema.classes, table.class_counts.tolist(), strict=True)
        )
        np.testing.assert_array_equal(labels(data, reference.schema), reference.y)


@SETTINGS
@given(frame=tables(), batch_rows=st.integers(1, 5))
def test_batches_join_to_the_whole(frame, batch_rows, tmp_path):
    schema = read_table(frame, frame.columns[-1]).schema
    whole = read_features(frame, schema)
    for store in STORED.values():
        parts = list(iter_features(store(frame, tmp_path), schema, batch_rows=batch_rows))
        assert max(part.height for part in parts) <= batch_rows
        assert pl.concat(parts).equals(whole)


@SETTINGS
@given(frame=tables(), seed=st.integers(0, 99))
def test_order_of_columns_and_rows_does_not_matter_to_predict(frame, seed):
    schema = read_table(frame, frame.columns[-1]).schema
    rng = np.random.default_rng(seed)
    order = rng.permutation(frame.height)
    shuffled = pick(frame[order], rng.permutation(frame.columns).tolist())
    got = read_features(shuffled.with_columns(surplus=pl.lit("x")), schema)
    assert got.equals(read_features(frame, schema)[order])


@given(X=arrays(np.float32, st.tuples(st.integers(4, 9), st.just(3))))
@SETTINGS
def test_arrays_keep_their_values(X):
    table = read_table((X, np.arange(len(X)) % 2), None)
    expected = [int(name[1:]) for name in table.schema.features]
    np.testing.assert_array_equal(table.numbers(), X[:, expected])
    assert table.source.path == "numpy"
    assert table.schema.target == "target"


FRAME = pl.DataFrame(
    {"size": [1.5, 2.5, None, 4.0], "kind": ["x", None, "y", "x"], "t": [0, 1, 1, 0]}
)


def test_what_a_table_holds():
    table = read_table(FRAME, "t")
    assert table.features.schema == {"size": pl.Float64, "kind": pl.String}
    assert table.numbers().dtype == np.float32
    np.testing.assert_array_equal(table.numbers()[:, 0], [1.5, 2.5, np.nan, 4.0])
    assert table.categories().tolist() == [["x"], [""], ["y"], ["x"]]
    assert table.y.dtype == np.int64
    assert table.class_counts.tolist() == [2, 2]
    assert table.row_ids.tolist() == [0, 1, 2, 3]
    assert (table.source.path, table.source.rows, table.source.columns) == ("polars", 4, 3)


def test_rows_without_target_are_dropped_and_counted():
    table = read_table(FRAME.with_columns(t=pl.Series([0, None, 1, 0])), "t")
    assert table.row_ids.tolist() == [0, 2, 3]
    assert (table.dropped_rows, table.source.rows, len(table.y)) == (1, 4, 3)
    assert table.features["size"].to_list() == [1.5, None, 4.0]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_folder_and_glob_are_one_table_in_order_of_names(kind, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    parts = {"b": FRAME[2:].select("t", "kind", "size"), "a": FRAME[:2]}
    for name, part in parts.items():
        getattr(part, f"write_{kind}")(folder / f"{name}.{kind}")
    (folder / "_SUCCESS").touch()
    (folder / "notes.md").write_text("not data")
    for data in (folder, str(folder / f"*.{kind}")):
        table = read_table(data, "t")
        same(table, read_table(FRAME, "t"))
        assert read_features(data, table.schema).equals(table.features)
        assert pl.concat(iter_features(data, table.schema)).equals(table.features)
        assert count_classes(data, "t") == {0: 2, 1: 2}


def test_a_word_in_the_second_file_makes_a_category_of_both(tmp_path):
    (tmp_path / "1.csv").write_text("a,t\n1,0\n2.0,1\n")
    (tmp_path / "2.csv").write_text("a,t\nmany,0\n2,1\n")
    table = read_table(tmp_path, "t")
    assert table.categories()[:, 0].tolist() == ["1", "2", "many", "2"]


def test_types_of_parquet_files_may_differ_among_numbers(tmp_path):
    pl.DataFrame({"a": [1, 2], "t": [0, 1]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"a": [1.5, 2.5], "t": [0, 1]}).write_parquet(tmp_path / "2.parquet")
    pl.DataFrame({"a": [None, None], "t": [0, 1]}).write_parquet(tmp_path / "3.parquet")
    assert read_table(tmp_path, "t").features["a"].to_list() == [1, 2, 1.5, 2.5, None, None]


def test_hash_is_of_the_content_alone(tmp_path):
    (tmp_path / "a.csv").write_bytes(FRAME.write_csv().encode())
    (tmp_path / "b.csv").write_bytes(FRAME.write_csv().encode())
    hashes = [read_table(tmp_path / name, "t").source.sha256 for name in ("a.csv", "b.csv")]
    assert hashes[0] == hashes[1]
    chunked = pl.concat([FRAME[:1], FRAME[1:]], rechunk=False)
    frames = [FRAME, chunked, FRAME.lazy(), FRAME.to_arrow()]
    assert len({read_table(frame, "t").source.sha256 for frame in frames}) == 1
    other = FRAME.with_columns(kind=pl.Series(["x", "y", None, "x"]))
    assert read_table(other, "t").source.sha256 != read_table(FRAME, "t").source.sha256


def test_file_hash_is_what_sha256sum_prints(tmp_path):
    (tmp_path / "a.csv").write_text("a,t\n1.5,0\n2.5,1\n")
    # printf 'a,t\n1.5,0\n2.5,1\n' | sha256sum
    assert read_table(tmp_path / "a.csv", "t").source.sha256.startswith("e1693654af0d")


def test_pandas_types():
    data = pd.DataFrame(
        {
            0: pd.Categorical([3, 1, None, 3]),
            "nullable": pd.array([1, None, 3, 4], dtype="Int64"),
            "mixed": [1, "x", 2.0, None],
            "numbers": np.array([1, 2.5, None, 4], dtype=object),
            "flags": np.array([True, None, False, True], dtype=object),
            "sparse": pd.arrays.SparseArray([0, 1, 0, 2]),
            "period": pd.period_range("2020-01", periods=4, freq="M"),
            "lists": [[1], [2], [3], [4]],
            "t": ["a", "b", "a", "b"],
        },
        index=[9, 9, 8, 7],
    )
    table = read_table(data, "t")
    kinds = {column.name: (column.kind, column.role) for column in table.schema.columns}
    assert kinds == {
        "0": ("category", "feature"),
        "nullable": ("number", "feature"),
        "mixed": ("category", "feature"),
        "numbers": ("number", "feature"),
        "flags": ("boolean", "feature"),
        "sparse": ("number", "feature"),
        "period": ("date", "feature"),
        "lists": ("text", "text"),
    }
    assert table.features["0"].to_list() == ["3", "1", None, "3"]
    assert table.features["mixed"].to_list() == ["1", "x", "2", None]
    assert table.features["flags"].to_list() == [1.0, None, 0.0, 1.0]
    assert table.features["period"][0] == 18262


def test_input_frame_is_untouched():
    data = FRAME.to_pandas()
    before = data.copy(deep=True)
    table = read_table(data, "t")
    table.numbers()[:] = 0
    pd.testing.assert_frame_equal(data, before)


def test_no_pandas_import_unless_pandas_is_given(tmp_path):
    import subprocess
    import sys

    path = tmp_path / "a.csv"
    path.write_text("a,t\n1.5,0\n2.5,1\n")
    code = (
        "import sys; from steelyard.tables import read_table; "
        f"read_table({str(path)!r}, 't').numbers(); "
        "print([m for m in ('pandas', 'tensorflow', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
