"""Jobs of the network side by side: one compilation for all, and none far ahead of the reader."""

import time

import numpy as np
import polars as pl
import pytest

keras = pytest.importorskip("keras")

from steelyard.jobs.folds import make_splits  # noqa: E402
from steelyard.jobs.job import Job, Outcome  # noqa: E402
from steelyard.models import blend, packed  # noqa: E402
from steelyard.models.packed_graph import Settings  # noqa: E402
from steelyard.models.tabular import TabularTrainer, _Rows  # noqa: E402
from steelyard.models.trees import TreesTrainer  # noqa: E402
from steelyard.tables import read_table  # noqa: E402
from steelyard.techniques import get  # noqa: E402

TRAINER = TabularTrainer(Settings(hidden=(4,)), members=2)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    x, plan = rng.normal(size=600), rng.choice(["a", "b"], 600)
    y = (x + (plan == "b") + rng.normal(size=600) > 2).astype(int)
    return read_table(pl.DataFrame({"x": x, "plan": plan, "target": y}), "target")


def jobs_of(table, names, folds):
    splits = make_splits(table.y, folds=folds, repeats=1, seed=0, classes=(0, 1))
    return [Job(get(name), split, 0) for split in splits for name in names]


def test_one_compilation_serves_techniques_folds_and_the_final_model(table, monkeypatch):
    made = []

    class Counted(packed.Graph):
        def __init__(self, *args):
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr(packed, "Graph", Counted)
    packed._graph.cache_clear()
    *_, last = TRAINER.run(table, jobs_of(table, ("plain", "focal", "smote"), 2), lambda _: None)
    TRAINER.fit(table, get("class-weight"), 0, lambda _: None)
    assert last.job.technique.name == "smote"
    packed._graph.cache_clear()
    (graph,) = made
    assert graph._compiled.experimental_get_tracing_count() == 1


def test_no_more_jobs_are_trained_than_threads_and_one(table, monkeypatch):
    """What trained jobs hold, the rows of every member, waits until it is read."""
    started = []

    def run_pack(self, table, rows, jobs, progress, terms):
        started.extend(jobs)
        p = np.full((len(jobs[0].split.test), 2), 0.5, "float32")
        return [Outcome(job, p, 0.0, []) for job in jobs]

    monkeypatch.setattr(TabularTrainer, "_run_pack", run_pack)
    jobs = jobs_of(table, ("plain",), 9)
    ahead = packed.packs_at_once() + 1
    for read, outcome in enumerate(TRAINER.run(table, jobs, lambda _: None), start=1):
        assert outcome.job is jobs[read - 1]
        assert len(started) < read + ahead


def test_samplers_read_the_memory_of_the_graph(table):
    rows = _Rows.of(table, jobs_of(table, ("plain",), 2)[0].split)
    assert rows.encoded.shape == (len(table.y), rows.encoding.width)
    assert np.shares_memory(rows.encoded, np.asarray(rows.X))


@pytest.mark.parametrize(("rows", "most"), [(10**6, 6), (2 * 600, 2), (1, 1)])
def test_trees_of_a_blend_do_not_wait_for_the_network_and_go_ahead_by_so_many_rows(
    table, monkeypatch, rows, most
):
    started, ahead = [], []

    def outcome(job):
        return Outcome(job, np.full((len(job.split.test), 2), 0.5, "float32"), 0.0, [])

    def grow(self, table, jobs, progress):
        for job in jobs:
            started.append(job)
            yield outcome(job)

    def train(self, table, jobs, progress):
        for read, job in enumerate(jobs):
            end = time.monotonic() + 10
            while len(started) < min(read + most, len(jobs)) and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(0.02)  # for one too many to begin
            ahead.append(len(started) - read)
            yield outcome(job)

    monkeypatch.setattr(blend, "ROWS_AHEAD", rows)
    monkeypatch.setattr(TreesTrainer, "run", grow)
    monkeypatch.setattr(TabularTrainer, "run", train)
    jobs = jobs_of(table, ("class-weight", "smote"), 3)
    found = [o.job for o in blend.BlendTrainer().run(table, jobs, lambda _: None)]
    assert found == jobs
    assert ahead == [min(most, 6 - read) for read in range(6)]


def test_an_error_of_the_trees_ends_a_blend(table, monkeypatch):
    def grow(self, table, jobs, progress):
        raise ZeroDivisionError
        yield

    monkeypatch.setattr(TreesTrainer, "run", grow)
    trainer = blend.BlendTrainer(TRAINER, TreesTrainer())
    with pytest.raises(ZeroDivisionError):
        list(trainer.run(table, jobs_of(table, ("plain",), 2), lambda _: None))
