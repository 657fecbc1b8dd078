"""Tables at an address (a store, a file system of Arrow's) are read as those on the disk are."""

import json
import urllib.request

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from steelyard.cli import main
from steelyard.errors import DataError, MissingDependencyError, RequestError
from steelyard.executors.processes import Processes
from steelyard.inspection import inspect
from steelyard.resample import pieces
from steelyard.resample.drawn import drawn_table, rows_by_class
from steelyard.tables import read_table, remote

N = 3_000
RNG = np.random.default_rng(0)
TABLE = pl.DataFrame({"x": RNG.normal(size=N), "y": np.where(RNG.random(N) < 0.05, "yes", "no")})


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("disk") / "parts"
    folder.mkdir()
    for i, rows in enumerate(np.array_split(np.arange(N), 3)):
        TABLE[rows].write_parquet(folder / f"{i}.parquet")
    return folder


@pytest.fixture(scope="module", params=["file", "s3"])
def bucket(request, tmp_path_factory):
    """The address of an empty folder: on the disk, and in a store that speaks S3."""
    if request.param == "file":
        yield f"file://{tmp_path_factory.mktemp('store')}"
        return
    moto = pytest.importorskip("moto.server", reason="needs moto: pip install 'moto[server]'")
    server = moto.ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "someone")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        remote._file_system.cache_clear()
        asked = urllib.request.Request(f"http://{host}:{port}/bucket", method="PUT")
        urllib.request.urlopen(asked).close()  # noqa: S310
        yield "s3://bucket"
    remote._file_system.cache_clear()
    server.stop()


@pytest.fixture(scope="module")
def parts(bucket, on_disk):
    for file in sorted(on_disk.iterdir()):
        remote.stored(file, f"{bucket}/parts/{file.name}")
    return f"{bucket}/parts"


def command(*words):
    done = CliRunner().invoke(main, list(map(str, words)))
    return done.exit_code, done.output


def test_a_folder_is_read_as_on_the_disk(parts, on_disk):
    there, here = read_table(parts, "y"), read_table(on_disk, "y")
    assert there.features.equals(here.features)
    assert there.source.sha256 == here.source.sha256
    assert there.source.path == parts
    assert inspect(f"{parts}/1.parquet", "y").to_dict()["data"]["rows"] == N // 3


def test_rows_are_drawn_by_workers_that_fetch_their_own_files(parts, on_disk, monkeypatch):
    monkeypatch.setattr(pieces, "SMALL", 1)
    with Processes(1) as pool:
        there = drawn_table(parts, "y", lambda counts: rows_by_class(counts, 500), cluster=pool)
    here = drawn_table(on_disk, "y", lambda counts: rows_by_class(counts, 500))
    assert there.row_ids.tolist() == here.row_ids.tolist()
    assert there.source.sha256 == here.source.sha256


def test_resampled_tables_are_stored_with_their_ledger(bucket, parts, on_disk, tmp_path):
    words = ["resample", parts, "--target", "y", "--method", "random-under", "--quiet"]
    for out in (f"{bucket}/half.parquet", f"{bucket}/halves/"):
        code, said = command(*words, "--out", out)
        assert code == 0, said
        code, said = command(*words, "--out", out)
        assert (code, "exists already" in said) == (1, True)
    command("resample", on_disk, *words[2:], "--out", tmp_path / "half.parquet")
    here = pl.read_parquet(tmp_path / "half.parquet")
    (whole,) = remote.local(remote.listed(f"{bucket}/half.parquet"))
    assert pl.read_parquet(whole).equals(here)
    (part,) = remote.local(remote.listed(f"{bucket}/halves/"))
    assert pl.read_parquet(part).equals(here)
    (ledger,) = remote.local(remote.listed(f"{bucket}/half.parquet.ledger.json"))
    text = ledger.read_text()
    assert json.loads(text)["source"]["path"] == parts
    assert "secret-of-the-test" not in text


def test_what_is_not_there_is_said_in_one_line(bucket, parts):
    with pytest.raises(DataError, match="does not exist"):
        read_table(f"{bucket}/nothing", "y")
    (first, *_) = remote.listed(parts)
    changed = remote.RemoteFile(first.address, first.size + 1, first.written)
    with pytest.raises(DataError, match="was written to since it was listed"):
        remote.fetched(changed)
    gone = remote.RemoteFile(f"{parts}/9.parquet", 1, 1)
    with pytest.raises(DataError, match="gone since it was listed"):
        remote.fetched(gone)


def test_credentials_in_an_address_are_refused():
    for address in ("s3://key:secret@bucket/t.parquet", "s3://bucket/t.csv?secret=1"):
        with pytest.raises(RequestError, match="in the environment") as caught:
            read_table(address, "y")
        assert "secret" not in str(caught.value)
    with pytest.raises(MissingDependencyError, match="nowhere://"):
        read_table("nowhere://host/t.csv", "y")


def test_copies_give_way_when_there_are_too_many(parts, monkeypatch):
    monkeypatch.setattr(remote, "MOST_BYTES", 1)
    monkeypatch.setattr(remote, "_KEPT", type(remote._KEPT)())
    first, second, _ = remote.listed(parts)
    copy = remote.fetched(first)
    assert remote.fetched(second).exists()
    assert not copy.exists()
    assert remote.fetched(first).read_bytes()
