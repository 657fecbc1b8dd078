"""The same rows, whoever looks at the pieces and however the table is cut into files."""

import json

import polars as pl
import pytest
from click.testing import CliRunner
from executor_cases import METHODS, TABLE, N, digests, resampled, written, written_all

from steelyard.cli import main
from steelyard.errors import DataError, RequestError
from steelyard.executors import Serial
from steelyard.executors.processes import Processes
from steelyard.inspection import inspect
from steelyard.resample import pieces
from steelyard.sampling_plan import limits


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return written_all(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="module")
def pool():
    with Processes(2) as processes:
        yield processes


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("method", METHODS)
def test_executors_and_files_give_one_digest(method, pool, sources, tmp_path):
    alone = digests(sources, tmp_path, Serial(), method)
    assert len(set(alone.values())) == 1
    assert digests(sources, tmp_path, pool, method) == alone


@pytest.mark.usefixtures("small_pieces")
def test_positions_name_the_rows_as_on_one_process(pool, sources, tmp_path):
    alone, _ = resampled(sources[7, ".csv"], tmp_path / "a.csv", Serial(), ratio=["no=500"])
    found, _ = resampled(sources[7, ".csv"], tmp_path / "b.csv", pool, ratio=["no=500"])
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert found.equals(alone)


@pytest.mark.usefixtures("small_pieces")
def test_a_class_nearly_kept_whole_is_narrowed_down_by_ranges(pool, sources, tmp_path, monkeypatch):
    alone, _ = resampled(
        sources[7, ".parquet"], tmp_path / "a.parquet", Serial(), ratio=["no=8000"]
    )
    monkeypatch.setattr(limits, "GATHERED", 100)
    found, _ = resampled(sources[7, ".parquet"], tmp_path / "b.parquet", pool, ratio=["no=8000"])
    assert found.equals(alone)
    assert (alone["y"] == "no").sum() == 8000


@pytest.mark.usefixtures("small_pieces")
def test_pieces_follow_the_row_groups_of_a_large_file(sources):
    spans = [piece.span for piece in pieces.cut(sources[1, ".parquet"])]
    assert len(spans) > 3
    assert [start for start, _ in spans] == [0, *(end for _, end in spans[:-1])]
    assert spans[-1][1] == N
    assert all(start % 500 == 0 for start, _ in spans)


@pytest.mark.usefixtures("small_pieces")
def test_whole_numbers_in_one_file_and_fractions_in_another(pool, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name, dtype in (("a", pl.Int32), ("b", pl.Float64)):
        table = pl.DataFrame({"x": pl.Series([1, 2, 3] * 9, dtype=dtype), "y": [0, 1, 1] * 9})
        table.with_columns(pl.col("y").cast(dtype)).write_parquet(folder / f"{name}.parquet")
    found, _ = resampled(folder, tmp_path / "b.parquet", pool)
    alone, _ = resampled(folder, tmp_path / "a.parquet", None)
    assert found.equals(alone)
    assert found.schema == {"x": pl.Float64, "y": pl.Float64}


@pytest.mark.usefixtures("small_pieces")
def test_a_file_that_vanishes_or_differs_is_named(pool, tmp_path, monkeypatch):
    source = written(tmp_path / "parts", 7)
    TABLE.rename({"x": "z"}).write_parquet(source / "003.parquet")
    with pytest.raises(DataError, match=r"003\.parquet"):
        resampled(source, tmp_path / "out.parquet", pool)
    found = pieces.cut(source)
    monkeypatch.setattr("steelyard.resample.classified.cut", lambda _: found)
    (source / "003.parquet").unlink()
    with pytest.raises(DataError, match=r"003\.parquet"):
        resampled(source, tmp_path / "out.parquet", pool)
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]


def test_text_becomes_parquet_on_one_process(pool, sources, tmp_path):
    with pytest.raises(RequestError, match=r"ends in \.csv"):
        resampled(sources[7, ".csv"], tmp_path / "out.parquet", pool)


def command(*words):
    done = CliRunner().invoke(main, words)
    return done.exit_code, done.output


def test_the_command_takes_a_cluster_and_writes_parts(sources, tmp_path):
    source = str(sources[7, ".parquet"])
    words = ["resample", source, "--target", "y", "--method", "random-under", "--quiet"]
    assert command(*words, "--out", f"{tmp_path}/alone.parquet")[0] == 0
    assert command(*words, "--out", f"{tmp_path}/parts/", "--cluster", "processes")[0] == 0
    alone = pl.read_parquet(tmp_path / "alone.parquet")
    assert pl.read_parquet(tmp_path / "parts/*.parquet").equals(alone)
    ledger = json.loads((tmp_path / "parts/_ledger.json").read_text())
    beside = json.loads((tmp_path / "alone.parquet.ledger.json").read_text())
    assert ledger | {"out": None} == beside | {"out": None}
    code, said = command(*words, "--out", f"{tmp_path}/parts/")
    assert (code, "exists already" in said) == (1, True)
    words[5] = "smote"
    code, said = command(*words, "--out", f"{tmp_path}/s.csv", "--cluster", "processes")
    assert code == 1
    assert "--cluster processes: only random-over and random-under" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "alone.parquet", "alone.parquet.ledger.json", "parts",
    ]  # fmt: skip


def test_inspect_counts_on_a_cluster(pool, sources):
    source = sources[7, ".parquet"]
    found = inspect(source, "y", cluster=pool).to_dict()
    alone = inspect(source, "y").to_dict()
    assert found == alone
    with pytest.raises(RequestError, match="for files"):
        inspect(TABLE, "y", cluster="processes")
