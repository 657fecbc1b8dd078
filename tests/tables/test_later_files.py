"""Files that come after training: unknown levels, infinite values, no rows, other spellings."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from steelyard.errors import DataError, TargetError
from steelyard.tables import (
    Schema,
    check_learnable,
    iter_features,
    labels,
    read_features,
    read_table,
)
from steelyard.tables.unknown_levels import UnknownLevels, described

N = 40
TRAINED = pl.DataFrame(
    {
        "zip": [f"{501 + 7 * (i % 9):05d}" for i in range(N)],
        "yn": ["Y" if i % 3 else "N" for i in range(N)],
        "x": [i / 7 for i in range(N)],
        "t": [i % 2 for i in range(N)],
    }
)
SCHEMA = read_table(TRAINED, "t").schema


def test_levels_that_no_training_row_had_are_counted_and_named():
    later = TRAINED.with_columns(
        pl.col("zip").cast(int), yn=pl.when(pl.col("x") > 5).then(pl.lit("maybe")).otherwise("yn")
    )
    schema = Schema.from_dict(SCHEMA.to_dict())
    unknown = UnknownLevels(schema)
    for frame in iter_features(later, schema, batch_rows=11):
        unknown.add(frame)
    assert unknown.found() == [
        {"column": "zip", "rows": N, "example": "501"},
        {"column": "yn", "rows": 4, "example": "maybe"},
    ]
    assert "40 of 40 rows" in described(unknown.found(), unknown.rows)[0]
    same = UnknownLevels(schema)
    same.add(read_features(TRAINED, schema))
    assert same.found() == []


def test_of_very_many_levels_only_a_column_without_known_ones_is_named():
    many = pl.DataFrame({"c": [f"c{i // 2}" for i in range(4_000)], "t": np.arange(4_000) % 2})
    schema = read_table(many, "t").schema
    for name, expected in (("c", []), ("d", [1_000])):
        unknown = UnknownLevels(schema)
        unknown.add(pl.DataFrame({"c": [f"{name}{i}" for i in range(1_000)]}))
        assert [one["rows"] for one in unknown.found()] == expected


@pytest.mark.parametrize("value", ["inf", "-Infinity", "1e300", float("inf"), 1e39])
def test_values_that_training_refuses_are_refused_later(value):
    kind = type(value)
    later = TRAINED.head(3).with_columns(x=pl.Series([kind(1), kind(2), value]))
    with pytest.raises(DataError, match=r"'x'.*row 3"):
        read_features(later, SCHEMA)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_without_rows_has_the_columns(ending, tmp_path):
    path = tmp_path / f"a.{ending}"
    getattr(TRAINED.head(0), f"write_{ending}")(path)
    (frame,) = iter_features(path, SCHEMA)
    assert (frame.height, frame.columns) == (0, ["zip", "yn", "x"])
    assert frame.schema == read_features(TRAINED, SCHEMA).schema
    with pytest.raises(TargetError, match="no rows"):
        labels(path, SCHEMA)


SAME = {
    "floats": ([0, 1], [1.0, 0.0]),
    "text": ([0, 1], ["1", "0"]),
    "text of floats": ([0, 1], ["1.0", "0.0"]),
    "flags": ([0, 1], [True, False]),
    "words for flags": ([0, 1], ["True", "false"]),
    "numbers for flags": ([False, True], [1, 0]),
    "numbers for text": (["0", "1"], [1, 0]),
    "long codes": ([10**17 + 4, 10**17 + 7], [str(10**17 + 7), str(10**17 + 4)]),
    "signs": ([-1, 1], ["+1", "-1.0"]),
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_labels_of_one_value_are_one_class(case):
    classes, later = SAME[case]
    schema = read_table(pl.DataFrame({"x": range(4), "t": classes * 2}), "t").schema
    assert labels(pl.DataFrame({"t": later}), schema).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("classes", "later"),
    [
        ([0, 1], [-1, 1]),
        ([1, 2], [True, False]),
        (["no", "yes"], ["No", "yes"]),
        ([0, 1], ["", "1"]),
    ],
)
def test_labels_of_another_value_are_refused(classes, later):
    schema = read_table(pl.DataFrame({"x": range(4), "t": classes * 2}), "t").schema
    with pytest.raises(TargetError):
        labels(pl.DataFrame({"t": later}), schema)


def test_spellings_of_a_number_are_told_apart_as_they_were_in_training(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,t\n" + "".join(f"{i},{('1', '1.0', '01')[i % 3]}\n" for i in range(9)))
    table = read_table(path, "t")
    assert table.schema.classes == ("01", "1", "1.0")
    assert labels(path, table.schema).tolist() == table.y.tolist()
    with pytest.raises(TargetError, match="none of the learned classes"):
        labels(pl.DataFrame({"t": ["1.00"]}), table.schema)


def test_neighbouring_long_codes_are_two_classes(tmp_path):
    path = tmp_path / "a.csv"
    codes = ["450229981000132104", "450229981000132107"]
    path.write_text("x,t\n" + "".join(f"{i},{codes[i % 2]}\n" for i in range(9)))
    table = read_table(path, "t")
    assert [str(label) for label in table.schema.classes] == codes
    assert labels(path, table.schema).tolist() == table.y.tolist()


def test_rows_whose_label_reads_as_missing_are_counted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,t\n" + "".join(f"{i}.5,{'NA' if i % 3 else 'attack'}\n" for i in range(30)))
    with pytest.raises(TargetError, match="20 rows, whose label reads as missing"):
        check_learnable(read_table(path, "t"))


WHEN = [dt.datetime(2019, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=11 * i) for i in range(N)]
FORMS = [
    *("%Y-%m-%d", "%d-%m-%Y", "%d-%b-%Y", "%d/%m/%Y", "%m/%d/%y", "%b %d, %Y", "%d%b%Y"),
    *("%m/%d/%Y %I:%M %p", "%A, %B %d, %Y", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%y", "%Y.%m.%d %H:%M"),
]


@pytest.mark.parametrize("form", FORMS)
def test_times_as_people_write_them(form):
    frame = TRAINED.with_columns(when=pl.Series([f"{t:{form}}" for t in WHEN]))
    expected = [(t - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).days for t in WHEN]
    assert read_table(frame, "t", time="when").times.tolist() == expected


@pytest.mark.parametrize("form", ["%b-%Y", "%m/%Y", "%B %Y", "%Y-%m", "%b-%y"])
def test_months_are_in_order(form):
    frame = TRAINED.with_columns(when=pl.Series([f"{t:{form}}" for t in WHEN]))
    times = read_table(frame, "t", time="when").times
    assert times.tolist() == [
        (dt.date(t.year, t.month, 1) - dt.date(1970, 1, 1)).days for t in WHEN
    ]


@pytest.mark.parametrize(
    ("odd", "words"),
    [("unknown", "row 8.*'unknown'"), ("soon", "not 'soon'"), ("31/31/2020", "31/31/2020")],
)
def test_one_odd_value_among_dates_is_refused(odd, words):
    written = [f"{t:%d/%m/%Y}" for t in WHEN]
    written[7] = odd
    with pytest.raises(DataError, match=words):
        read_table(TRAINED.with_columns(when=pl.Series(written)), "t", time="when")


@pytest.mark.parametrize("written", ["03/04/2020", "wave {i}", "Q{i}-2020"])
def test_text_without_an_order_in_time_is_refused(written):
    frame = TRAINED.with_columns(when=pl.Series([written.format(i=i % 12 + 1) for i in range(N)]))
    with pytest.raises(DataError, match="order is not that of time"):
        read_table(frame, "t", time="when")
