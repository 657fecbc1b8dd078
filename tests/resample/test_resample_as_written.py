"""Chosen rows stay as they were written; synthetic rows look like the rows around them."""

import csv
import datetime as dt
import json

import numpy as np
import polars as pl
import pytest

RNG = np.random.default_rng(0)
WORDS = ["DE", "NA", "null", "n/a", "?", "nan", "None", "", "<NA>"]
CHOOSING = ["random-under", "random-over", "tomek-links", "enn", "near-miss-1", "all-knn"]


def lines_of(path):
    return path.read_bytes().splitlines(keepends=True)


@pytest.fixture
def written(tmp_path):
    """Cells that a parser would change: dates, flags, trailing zeros, quotes, missing words."""
    rows = []
    for i in range(120):
        label = "yes" if i % 6 == 0 else "no"
        number = f"{RNG.normal() + 2 * (label == 'yes'):.4f}0"
        day, flag = f"2024-01-{i % 28 + 1:02d}", "True" if i % 2 else "False"
        note = f'"say ""{i}"",\r\nor not"' if i % 3 else f"note {i} "
        rows.append(f"{i:05d},{day},{number},{flag},{i % 7 + 400},{note},{label}\r\n")
    path = tmp_path / "in.csv"
    path.write_bytes(("id,day,a,flag,amount,note,y\n" + "".join(rows)).encode())
    return path, [row.encode() for row in rows]


@pytest.mark.parametrize("more", [[], ["--set", "n_jobs=1"]], ids=["plain", "set"])
@pytest.mark.parametrize("method", CHOOSING)
def test_chosen_rows_are_the_bytes_of_the_source(run, written, method, more):
    path, rows = written
    if more and method in ("random-under", "random-over"):
        more = ["--set", "replacement=True" if method == "random-under" else "shrinkage=None"]
    elif more:
        more = ["--set", "n_neighbors=3"] if method != "tomek-links" else []
    out = path.with_name("out.csv")
    words = ["resample", path, "--target", "y", "--method", method, "--out", out, "--quiet"]
    assert run(*words, *more).exit_code == 0
    head, *rest = out.read_bytes().split(b"\n", 1)
    assert head.strip() == b"id,day,a,flag,amount,note,y"
    text = rest[0]
    assert sum(text.count(row) for row in rows) >= 40
    for row in rows:
        text = text.replace(row, b"")
    assert text == b""


def test_words_for_missing_stay_in_every_format(run, tmp_path):
    path = tmp_path / "in.csv"
    head = ["id", "land", "zip", "y"]
    rows = [[f"{i:05d}", WORDS[i % 9], f"0{2000 + i}", "no" if i % 6 else "yes"] for i in range(90)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    before = {row[0]: row for row in rows}
    for method in ("random-under", "random-over"):
        out = tmp_path / f"{method}.parquet"
        words = ["resample", path, "--target", "y", "--method", method, "--out", out, "--quiet"]
        assert run(*words).exit_code == 0
        for row in pl.read_parquet(out).fill_null("").iter_rows():
            assert list(row) == before[row[0]]


def test_zip_codes_that_lose_their_zeros_late_stay_text(run, tmp_path):
    codes = sorted((f"{code:05d}" for code in range(501, 99951, 25)), reverse=True)
    frame = pl.DataFrame({"zip": codes, "y": [str(i % 3 == 0) for i in range(len(codes))]})
    frame.write_csv(tmp_path / "in.csv")
    for method in (["random-over"], ["random-over", "--set", "shrinkage=None"]):
        out = tmp_path / f"{len(method)}.parquet"
        words = ["resample", tmp_path / "in.csv", "--target", "y", "--out", out, "--method"]
        assert run(*words, *method).exit_code == 0
        assert set(pl.read_parquet(out)["zip"]) == set(codes)


def test_parquet_parts_of_two_types_become_the_wider_one(run, tmp_path):
    (tmp_path / "parts").mkdir()
    first = pl.DataFrame({"k": range(60), "y": ["no", "yes", "no"] * 20})
    first.write_parquet(tmp_path / "parts" / "0.parquet")
    later = first.with_columns(k=pl.col("k") + 0.5)
    later.write_parquet(tmp_path / "parts" / "1.parquet")
    out = tmp_path / "out.parquet"
    words = ["resample", tmp_path / "parts", "--target", "y", "--out", out, "--method"]
    assert run(*words, "random-under").exit_code == 0
    assert pl.read_parquet(out)["k"].dtype == pl.Float64
    later.with_columns(pl.lit("v").alias("k")).write_parquet(tmp_path / "parts" / "1.parquet")
    result = run(*words[:-3], "--out", tmp_path / "o2.parquet", "--method", "random-under")
    assert result.exit_code == 1
    assert "'k' is Int64 in 0.parquet and String in 1.parquet" in result.stderr


@pytest.mark.parametrize(
    "column",
    [[[1, 2]] * 60, [dt.timedelta(days=1)] * 60, [b"ab"] * 60],
    ids=["list", "duration", "bytes"],
)
@pytest.mark.parametrize("more", [[], ["--set", "replacement=True"]], ids=["streamed", "memory"])
def test_what_csv_cannot_hold_is_refused_by_name(run, tmp_path, column, more):
    frame = pl.DataFrame({"e": column, "x": range(60), "y": ["no", "no", "yes"] * 20})
    frame.write_parquet(tmp_path / "in.parquet")
    out = tmp_path / "out.csv"
    words = ["resample", tmp_path / "in.parquet", "--target", "y", "--method", "random-under"]
    result = run(*words, "--out", out, *more)
    assert result.exit_code == 1
    assert "'e' holds" in result.stderr
    assert not list(tmp_path.glob("*out.csv*"))
    assert run(*words, "--drop", "e", "--out", out, *more).exit_code == 0
    assert pl.read_csv(out).columns == ["x", "y"]


@pytest.fixture
def rich(tmp_path):
    n = 200
    start = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - without a time zone, as in most files
    frame = pl.DataFrame(
        {
            "id": [f"c{i:04d}" for i in range(n)],
            "when": [start + dt.timedelta(hours=int(h)) for h in RNG.integers(0, 999, n)],
            "day": [start.date() + dt.timedelta(int(d)) for d in RNG.integers(0, 99, n)],
            "age": RNG.integers(18, 90, n).astype(np.int8),
            "flag": RNG.random(n) < 0.5,
            "kind": RNG.choice(["a", "b"], n),
            "price": RNG.integers(100, 999, n) / 100,
            "same": ["k"] * n,
            "y": ["yes" if i % 8 == 0 else "no" for i in range(n)],
        }
    )
    return frame, tmp_path


def test_synthetic_rows_in_parquet_keep_every_type_and_say_what_is_left_out(run, rich):
    frame, folder = rich
    frame.write_parquet(folder / "in.parquet")
    out = folder / "out.parquet"
    words = ["resample", folder / "in.parquet", "--target", "y", "--method", "smotenc"]
    result = run(*words, "--mark", "synthetic", "--out", out)
    assert result.exit_code == 0, result.stderr
    made = pl.read_parquet(out)
    assert made.drop("synthetic").schema == frame.drop("id").schema
    assert made.filter(~pl.col("synthetic")).drop("synthetic").equals(frame.drop("id"))
    new = made.filter("synthetic")
    assert set(new["y"]) == {"yes"}
    assert new.height == 150
    notes = json.loads((folder / "out.parquet.ledger.json").read_text())["notes"]
    assert "column 'id'" in notes[0]
    assert "--carry id" in notes[0]
    carried = folder / "carried.parquet"
    assert run(*words, "--carry", "id", "--drop", "when", "--out", carried).exit_code == 0
    made = pl.read_parquet(carried)
    assert made.columns == [name for name in frame.columns if name != "when"]
    assert made["id"].null_count() == 150


def test_synthetic_rows_in_csv_are_written_as_the_rows_around_them(run, rich):
    frame, folder = rich
    spelled = frame.with_columns(
        pl.col("flag").replace_strict({True: "TRUE", False: "FALSE"}, return_dtype=pl.String),
        pl.col("day").dt.strftime("%d.%m.%Y"),
        pl.col("price").map_elements(lambda p: f"{p:.2f}".replace(".", ","), pl.String),
    ).drop("when")
    spelled.write_csv(folder / "in.csv", separator=";")
    out = folder / "out.csv"
    words = ["resample", folder / "in.csv", "--target", "y", "--method", "smotenc"]
    result = run(*words, "--carry", "id", "--out", out)
    assert result.exit_code == 0, result.stderr
    made = pl.read_csv(out, separator=";", infer_schema=False)
    assert made[:200].equals(spelled.cast(pl.String))
    new = made[200:]
    assert set(new["flag"]) <= {"TRUE", "FALSE"}
    assert set(new["kind"]) <= {"a", "b"}
    assert new["age"].str.contains(r"^\d+$").all()
    assert new["price"].str.contains(r"^\d,\d{1,2}$").all()
    assert (
        new["day"]
        .str.to_date("%d.%m.%Y")
        .is_between(*(frame["day"].min(), frame["day"].max()))
        .all()
    )
    assert new["id"].null_count() == 150


def test_money_and_percent_stay_money_and_percent(run, tmp_path):
    frame = pl.DataFrame(
        {
            "price": [f"${price:,.2f}" for price in RNG.uniform(10, 5000, 120)],
            "rate": [f"{rate:.1f} %" for rate in RNG.uniform(0, 99, 120)],
            "y": [int(i % 6 == 0) for i in range(120)],
        }
    )
    frame.write_csv(tmp_path / "in.csv")
    words = ["resample", tmp_path / "in.csv", "--target", "y", "--method", "smote", "--out"]
    assert run(*words, tmp_path / "out.csv").exit_code == 0
    made = pl.read_csv(tmp_path / "out.csv")
    assert made[:120].equals(frame)
    assert made["price"][120:].str.contains(r"^\$\d+(\.\d{1,2})?$").all()
    assert made["rate"][120:].str.contains(r"^\d+\.\d %$").all()


def test_shrinkage_reaches_the_command(run, tmp_path):
    y = ["yes" if i % 10 == 0 else "no" for i in range(200)]
    frame = pl.DataFrame({"a": RNG.normal(size=200), "b": RNG.normal(size=200), "y": y})
    frame.write_parquet(tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    words = ["resample", tmp_path / "in.parquet", "--target", "y", "--method", "random-over"]
    assert run(*words, "--set", "shrinkage=1.0", "--out", out).exit_code == 0
    made = pl.read_parquet(out)
    assert made.unique().height == made.height == 360


def test_groups_stay_whole(run, tmp_path):
    group = np.repeat(np.arange(40), 5)
    frame = pl.DataFrame({"g": group, "x": RNG.normal(size=200), "y": (group % 8 == 0).astype(int)})
    frame.write_csv(tmp_path / "in.csv")
    out = tmp_path / "out.csv"
    words = ["resample", tmp_path / "in.csv", "--target", "y", "--out", out, "--group", "g"]
    assert run(*words, "--method", "random-under", "--ratio", "0.5").exit_code == 0
    left = pl.read_csv(out)
    assert set(left["g"].value_counts()["count"]) == {5}
    assert dict(left["y"].value_counts().iter_rows()) == {0: 50, 1: 25}
    result = run(*words[:-3], tmp_path / "b.csv", "--group", "g", "--method", "smote")
    assert result.exit_code == 1
    assert "--method random-under keeps groups whole" in result.stderr


def test_the_ledger_says_what_was_asked_for(run, tmp_path):
    x = np.concatenate([RNG.normal(size=100), RNG.normal(50, 1, 20)])
    frame = pl.DataFrame({"x": x, "z": x, "y": np.repeat([0, 1], [100, 20])})
    frame.write_parquet(tmp_path / "in.parquet")
    out = tmp_path / "out.csv"
    words = ["resample", tmp_path / "in.parquet", "--target", "y", "--out", out]
    result = run(*words, "--method", "borderline-smote")
    ledger = json.loads((tmp_path / "out.csv.ledger.json").read_text())
    assert [line["asked"] for line in ledger["classes"]] == [100, 100]
    assert [line["after"] for line in ledger["classes"]] == [100, 20]
    assert ledger["notes"] == ["class 1 has 20 rows, 100 were asked for"]
    assert "100 were asked for" in result.stderr


def test_a_ledger_of_the_users_own_is_kept_and_table_and_ledger_come_together(run, rich):
    frame, folder = rich
    frame.write_parquet(folder / "in.parquet")
    (folder / "out.csv.ledger.json").write_text("mine")
    words = ["resample", folder / "in.parquet", "--target", "y", "--method", "random-under"]
    result = run(*words, "--out", folder / "out.csv")
    assert result.exit_code == 1
    assert (folder / "out.csv.ledger.json").read_text() == "mine"
    assert sorted(path.name for path in folder.iterdir()) == ["in.parquet", "out.csv.ledger.json"]
