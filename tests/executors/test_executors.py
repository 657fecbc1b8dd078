"""One way to run functions on tasks, whoever runs them: in order, few at a time."""

import pytest
from executor_cases import dies, dies_once, naps, product, refuses, room_here

from steelyard._memory import in_use, limited
from steelyard.errors import DataError, RequestError, WorkerError
from steelyard.executors import Serial, executor_for
from steelyard.executors.executor import in_order
from steelyard.executors.processes import Processes

TASKS = [(n, 7) for n in range(23)]


@pytest.fixture(scope="module")
def pool():
    with Processes(2) as processes:
        yield processes


@pytest.fixture(scope="module", params=["serial", "processes"])
def executor(request):
    return Serial() if request.param == "serial" else request.getfixturevalue("pool")


def test_results_come_in_the_order_of_the_tasks(executor):
    assert list(executor.map(product, TASKS)) == [product(*task) for task in TASKS]
    assert list(executor.map(naps, [(n,) for n in range(12)])) == list(range(12))
    assert list(executor.map(product, [])) == []


def test_what_a_task_raises_is_raised_here(executor):
    with pytest.raises(DataError, match="file 3 is gone"):
        list(executor.map(refuses, [(n,) for n in range(9)]))


def test_no_more_tasks_are_begun_than_can_be_worked_on():
    begun = []

    def start(task):
        begun.append(task)
        return len(begun)

    def last_first(handles):
        return [(handles[-1], begun[handles[-1] - 1])]

    flow = in_order(((n,) for n in range(1000)), start, last_first, 2)
    assert next(flow) == (0,)
    # The first was finished last: what may wait for it is bounded.
    assert len(begun) <= 2 * 2 + 4 * 2
    assert list(flow) == [(n,) for n in range(1, 1000)]


def test_a_killed_process_costs_a_task_nothing_but_time(pool, tmp_path):
    tasks = [(tmp_path, n) for n in range(8)]
    assert list(pool.map(dies_once, tasks)) == [n * n for n in range(8)]
    assert (tmp_path / "died").exists()


def test_a_task_that_always_kills_its_process_is_given_up():
    with Processes(1) as processes, pytest.raises(WorkerError, match="4 times"):
        list(processes.map(dies, [(0,)]))


@pytest.mark.parametrize("cluster", ["everywhere", "tcp://x", 7])
def test_other_words_are_refused(cluster):
    with pytest.raises(RequestError, match="ray://HOST:PORT"), executor_for(cluster):
        pass


def test_an_executor_is_used_as_it_is(pool):
    with executor_for(pool) as same:
        assert same is pool


def test_workers_share_what_is_left_below_the_limit(pool):
    left = 3 << 30
    with limited(in_use() + left):
        rooms = list(pool.map(room_here, [()] * 4))
    # Of its half each process takes some for itself.
    assert all(left / 2 - (1 << 29) < room < left / 2 for room in rooms)
