"""Jobs and scoring on an executor give what one process gives."""

import json
import pickle

import numpy as np
import polars as pl
import pytest

import steelyard
from steelyard.errors import WorkerError
from steelyard.runs.evaluate import evaluate_file
from steelyard.runs.predict import predict_file


def through_bytes(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - of our own making


class Elsewhere:
    """Every task and every result goes through bytes, as on other machines; all in this process."""

    name, workers, same_disk = "elsewhere", 2, False

    def __init__(self, most=1000):
        self.tasks, self.most = 0, most

    def map(self, function, tasks):
        for task in tasks:
            self.tasks += 1
            if self.tasks > self.most:
                raise WorkerError("the cluster is gone")
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


def test_figures_of_files_scored_elsewhere_are_the_same(run_dir, tmp_path, customers, monkeypatch):
    monkeypatch.setattr("steelyard.resample.pieces.SMALL", 1)
    frame = customers(300, seed=3)
    for i, rows in enumerate(np.array_split(np.arange(300), 3)):
        frame[rows].write_csv(tmp_path / f"{i}.csv")
    elsewhere = Elsewhere()
    alone = evaluate_file(run_dir, tmp_path)
    spread = evaluate_file(run_dir, tmp_path, cluster=elsewhere)
    assert elsewhere.tasks == 3
    assert spread.keys() == alone.keys()
    # Batches of other sizes differ in the last bits of float32.
    for name, metric in alone["metrics"].items():
        assert spread["metrics"][name] == pytest.approx(metric, abs=1e-4)
    same = set(alone) - {"metrics", "promised", "missed", "segments"}
    assert {key: spread[key] for key in same} == {key: alone[key] for key in same}


def probabilities(run):
    frame = pl.read_parquet(run / "uncorrected.parquet")
    names = [name for name in frame.columns if name.startswith("probability_")]
    keys = ["technique", "repeat", "row"]
    return frame.sort(keys).select(names).to_numpy()


def test_a_comparison_begins_on_a_cluster_and_ends_here(run_dir, tmp_path):
    data, out = run_dir.parent / "customers.csv", tmp_path / "run"
    asked = {"techniques": "plain,class-weight,smote", "folds": 3, "repeats": 2, "seed": 7}
    options = asked | {"out": out, "progress": False}
    elsewhere = Elsewhere(most=8)
    with pytest.raises(WorkerError, match="the cluster is gone"):
        steelyard.compare(data, "churned", cluster=elsewhere, **options)
    done = (out / "journal.jsonl").read_text().splitlines()
    # Of 6 splits: 3 trainings, and what plain network and trees say on their own.
    assert 0 < len(done) - 1 < 6 * 5
    study = steelyard.compare(data, "churned", **options)
    whole = json.loads((run_dir / "run.json").read_text())
    assert json.loads((out / "run.json").read_text())["data"] == whole["data"]
    assert study.run["verdict"]["recommended"] == whole["verdict"]["recommended"]
    np.testing.assert_allclose(probabilities(out), probabilities(run_dir), atol=2e-4)
    ledgers = [json.loads((run / "ledger.json").read_text()) for run in (out, run_dir)]
    assert ledgers[0] == ledgers[1]


def test_train_in_time_order_trains_its_folds_elsewhere(run_dir, customers):
    frame = customers(400, seed=3).with_row_index("day")
    elsewhere = Elsewhere()
    options = {"model": "trees", "time_column": "day", "folds": 3, "progress": False}
    spread = steelyard.train(frame, "churned", cluster=elsewhere, **options)
    alone = steelyard.train(frame, "churned", **options)
    assert elsewhere.tasks == len(alone.ledger["jobs"])
    assert spread.uncorrected.equals(alone.uncorrected)
