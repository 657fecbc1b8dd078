"""Files in, file out: exact counts, the source's order, and the same rows however it is cut up."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from steelyard.errors import DataError, RequestError, TargetCountError, TargetError
from steelyard.resample.streamed import resample_files
from steelyard.sampling_plan import row_hash

N = 6_000
RNG = np.random.default_rng(0)
TABLE = pl.DataFrame(
    {
        "row": np.arange(N),
        "key": RNG.permutation(N) * 7 + 10**12,
        "x": RNG.normal(size=N),
        "job": RNG.choice(["chef, sous", "cook", "maître"], N),
        "y": RNG.choice(["no", "yes", "maybe"], N, p=[0.9, 0.07, 0.03]),
    }
)
COUNTS = dict(TABLE["y"].value_counts().iter_rows())


def written(table, folder, files, suffix):
    """One table as some files; returns their folder."""
    folder.mkdir()
    for i, part in enumerate(np.array_split(np.arange(N), files)):
        path = folder / f"{i:03d}{suffix}"
        if suffix == ".csv":
            table[part].write_csv(path)
        else:
            table[part].write_parquet(path, row_group_size=97)
    return folder


def resampled(source, tmp_path, method, suffix=".parquet", **options):
    out = tmp_path / f"out{suffix}"
    ledger = resample_files(source, "y", method, out, **options)
    table = pl.read_csv(out) if suffix == ".csv" else pl.read_parquet(out)
    return table, ledger


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return written(TABLE, tmp_path_factory.mktemp("data") / "one", 1, ".parquet")


def by_hand(label, k, ids=TABLE["row"], seed=0):
    """Rows of a class whose ids have the k smallest hashes."""
    mine = TABLE["row"].to_numpy()[(TABLE["y"] == label).to_numpy()]
    return sorted(mine[np.argsort(row_hash(ids.to_numpy()[mine], seed))[:k]])


def test_under_keeps_the_rows_of_the_plan_in_source_order(whole, tmp_path):
    table, ledger = resampled(whole, tmp_path, "random-under", ratio=["no=300", "yes=200"], seed=3)
    rows = [*by_hand("no", 300, seed=3), *by_hand("yes", 200, seed=3), *by_hand("maybe", N, seed=3)]
    assert table["row"].to_list() == sorted(rows)
    assert_frame_equal(table, TABLE[table["row"]])
    assert ledger["rows_out"] == table.height == 500 + COUNTS["maybe"]
    dropped = {line["class"]: line["dropped"] for line in ledger["classes"]}
    assert dropped == {"no": COUNTS["no"] - 300, "yes": COUNTS["yes"] - 200, "maybe": 0}


def test_over_copies_each_row_nearly_equally_often(whole, tmp_path):
    table, ledger = resampled(whole, tmp_path, "random-over", ratio=["maybe=1000"])
    copies = table.group_by("row", maintain_order=True).len()
    assert copies["row"].to_list() == list(range(N))
    mine = copies["len"].to_numpy()[(TABLE["y"] == "maybe").to_numpy()]
    assert mine.sum() == 1000
    assert mine.max() - mine.min() == 1
    assert ledger["rows_added"] == 1000 - COUNTS["maybe"]
    assert table["row"].is_sorted()


def test_without_a_ratio_all_classes_are_even(whole, tmp_path):
    for method, n in (("random-under", COUNTS["maybe"]), ("random-over", COUNTS["no"])):
        table, _ = resampled(whole, tmp_path, method)
        assert dict(table["y"].value_counts().iter_rows()) == dict.fromkeys(COUNTS, n)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize("files", [1, 7, 50])
@pytest.mark.parametrize("method", ["random-under", "random-over"])
def test_the_same_rows_however_the_table_is_cut(method, files, suffix, whole, tmp_path):
    source = written(TABLE, tmp_path / "parts", files, suffix)
    table, _ = resampled(source, tmp_path, method, suffix)
    reference, _ = resampled(whole, tmp_path, method)
    assert_frame_equal(table, reference, abs_tol=1e-12)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_with_a_key_the_order_of_rows_does_not_matter(suffix, whole, tmp_path):
    mixed = TABLE.sample(fraction=1, shuffle=True, seed=1)
    source = written(mixed, tmp_path / "parts", 7, suffix)
    table, ledger = resampled(source, tmp_path, "random-under", suffix, key="key")
    reference, _ = resampled(whole, tmp_path, "random-under", key="key")
    assert table["key"].to_list() != reference["key"].to_list()
    assert_frame_equal(table.sort("row"), reference, abs_tol=1e-12)
    assert sorted(reference.filter(y="no")["row"]) == by_hand("no", COUNTS["maybe"], TABLE["key"])
    assert ledger["row_id"] == "key"


def test_rows_without_a_target_are_left_out_and_keep_their_place(tmp_path):
    holes = TABLE.with_columns(y=pl.when(pl.col("row") % 5 == 0).then(None).otherwise("y"))
    source = written(holes, tmp_path / "parts", 3, ".csv")
    table, ledger = resampled(source, tmp_path, "random-under", ratio=["no=100"])
    assert ledger["rows_without_target"] == N // 5
    assert (table["row"] % 5 != 0).all()
    mine = holes.filter(y="no")["row"].to_numpy()
    expected = sorted(mine[np.argsort(row_hash(mine, 0))[:100]])
    assert table.filter(y="no")["row"].to_list() == expected


def test_text_stays_as_it_is_written_and_becomes_numbers_in_parquet(tmp_path):
    lines = ["code;amount;y", *(f"{i:03d};{i},50;{'yes' if i % 4 else 'no'}" for i in range(400))]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    table, _ = resampled(tmp_path / "t.csv", tmp_path, "random-under", ratio=["yes=3"])
    assert table.height == 103
    assert table["amount"].dtype == pl.Float64
    resample_files(tmp_path / "t.csv", "y", "random-under", tmp_path / "o.csv", ratio=["yes=3"])
    kept = (tmp_path / "o.csv").read_text().splitlines()
    assert kept == [line for line in lines if line in set(kept)]
    assert len(kept) == 104


def test_a_late_word_makes_a_column_text_from_the_first_row_on(tmp_path):
    n = 700_000  # several blocks
    y = np.where(np.arange(n) % 100, "no", "yes")
    late = pl.DataFrame({"a": np.arange(n), "b": np.arange(n), "y": y})
    late = late.with_columns(a=pl.col("a").cast(pl.String))
    late[n - 100, "a"] = "late"
    late.write_csv(tmp_path / "t.csv")
    table, _ = resampled(tmp_path / "t.csv", tmp_path, "random-under")
    assert table.schema == {"a": pl.String, "b": pl.Float64, "y": pl.String}
    assert table.height == 2 * n // 100
    assert "late" in table["a"].to_list()


@pytest.mark.parametrize(
    ("error", "table", "change"),
    [
        (DataError, TABLE, {"key": "z"}),
        (DataError, TABLE, {"key": "x"}),
        (DataError, TABLE.with_columns(key=pl.lit(1)), {"key": "key"}),
        (DataError, TABLE.with_columns(key=pl.lit(None, pl.Int64)), {"key": "key"}),
        (DataError, TABLE.with_columns(y=pl.lit("no")), {}),
        (TargetError, TABLE.with_columns(y="row"), {}),
        (RequestError, TABLE, {"ratio": ["2"]}),
        (TargetCountError, TABLE, {"ratio": ["maybe=5000"]}),
    ],
)
def test_requests_that_cannot_work(error, table, change, tmp_path):
    source = written(table, tmp_path / "parts", 1, ".parquet")
    with pytest.raises(error):
        resampled(source, tmp_path, "random-under", **change)


def test_killed_half_way_nothing_stands_under_the_final_name(tmp_path):
    n = 2_000_000
    source, out = tmp_path / "big.parquet", tmp_path / "out.csv"
    wide = {f"x{i}": RNG.normal(size=n) for i in range(6)}
    pl.DataFrame(wide | {"y": np.arange(n) % 50 == 0}).write_parquet(source)
    words = ["resample", str(source), "--target", "y", "--method", "random-over", "--quiet"]
    child = subprocess.Popen([sys.executable, "-m", "steelyard", *words, "--out", str(out)])
    while child.poll() is None and not any(p.stat().st_size > 1 << 20 for p in _partials(tmp_path)):
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert child.returncode == -signal.SIGKILL
    assert _partials(tmp_path)
    assert not out.exists()
    assert not (tmp_path / "out.csv.ledger.json").exists()


def _partials(folder):
    return list(folder.glob(".*.partial.out.csv"))


def test_the_command_writes_table_and_ledger(whole, tmp_path):
    out = tmp_path / "half.csv"
    words = [str(whole), "--target", "y", "--method", "random-under", "--ratio", "0.5", "--quiet"]
    command = [sys.executable, "-m", "steelyard", "resample", *words, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    ledger = json.loads((tmp_path / "half.csv.ledger.json").read_text())
    assert pl.read_csv(out).height == ledger["rows_out"] == 5 * COUNTS["maybe"]
    assert f"{ledger['rows_out']:,} rows ->" in done.stdout
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "exists already" in again.stderr
