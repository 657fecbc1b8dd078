"""Jobs and scoring on an executor give what one process gives."""

import pickle

import numpy as np
import polars as pl
import pytest

from steelyard.runs.predict import predict_file


def through_bytes(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - of our own making


class Elsewhere:
    """Every task and every result goes through bytes, as on other machines; all in this process."""

    name, workers, same_disk = "elsewhere", 2, False

    def __init__(self):
        self.tasks = 0

    def map(self, function, tasks):
        for task in tasks:
            self.tasks += 1
            here, arguments = through_bytes((function, task))
            yield through_bytes(here(*arguments))

    def share(self, value):
        return value


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_files_are_scored_piece_by_piece(suffix, run_dir, tmp_path, customers, monkeypatch):
    monkeypatch.setattr("steelyard.resample.pieces.SMALL", 1)
    frame = customers(90, seed=3).with_columns(name=pl.format("00{}", pl.int_range(90)))
    folder = tmp_path / "new"
    folder.mkdir()
    for i, rows in enumerate(np.array_split(np.arange(90), 3)):
        part = frame[rows]
        part.write_csv(folder / f"{i}.csv") if suffix == ".csv" else part.write_parquet(
            folder / f"{i}.parquet"
        )
    elsewhere = Elsewhere()
    outs = [tmp_path / f"{name}{suffix}" for name in ("alone", "spread")]
    found = [
        predict_file(run_dir, folder, out, keep=["name"], cluster=cluster) | {"out": ""}
        for out, cluster in zip(outs, [None, elsewhere], strict=True)
    ]
    assert elsewhere.tasks == 3
    assert found[0] == found[1]
    assert found[0]["rows"] == 90
    read = pl.read_csv if suffix == ".csv" else pl.read_parquet
    assert read(outs[0]).equals(read(outs[1]))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["new", *(out.name for out in outs)]
    )
