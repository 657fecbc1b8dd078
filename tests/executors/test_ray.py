"""Ray on this machine: the same rows as one process, and its errors in one line."""

import pytest
from executor_cases import METHODS, dies, dies_once, naps, product, refuses, written_all
from executor_cases import digests as digests_of

from steelyard.errors import DataError, WorkerError
from steelyard.executors import Serial, executor_for

pytest.importorskip("ray", reason="needs the extra [ray]: pip install 'steelyard[ray]'")


@pytest.fixture(scope="module")
def executor(on_workers):
    with executor_for("local") as tasks:
        yield tasks


def test_tasks_run_in_order_and_raise_what_they_raised(executor):
    assert list(executor.map(product, [(n, 7) for n in range(23)])) == [n * 7 for n in range(23)]
    assert list(executor.map(naps, [(n,) for n in range(9)])) == list(range(9))
    with pytest.raises(DataError, match="file 3 is gone"):
        list(executor.map(refuses, [(n,) for n in range(9)]))


def test_a_killed_worker_costs_a_task_nothing_but_time(executor, tmp_path):
    assert list(executor.map(dies_once, [(tmp_path, n) for n in range(5)])) == [0, 1, 4, 9, 16]
    with pytest.raises(WorkerError, match="lost 4 times"):
        list(executor.map(dies, [(0,)]))


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("method", METHODS)
def test_the_same_rows_as_on_one_process(method, executor, tmp_path):
    sources = written_all(tmp_path / "sources")
    alone = digests_of(sources, tmp_path, Serial(), method)
    assert digests_of(sources, tmp_path, executor, method) == alone
