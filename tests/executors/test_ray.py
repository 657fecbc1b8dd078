"""Ray on this machine: the same rows as one process, and its errors in one line."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from executor_cases import (
    METHODS,
    dies,
    dies_once,
    naps,
    product,
    refuses,
    room_here,
    written,
    written_all,
)
from executor_cases import digests as digests_of

from steelyard._memory import in_use, limited
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


def test_workers_of_this_machine_share_what_is_left_below_the_limit(executor):
    left = executor.workers << 30
    with limited(in_use() + left):
        rooms = list(executor.map(room_here, [()] * 4))
    assert all(1 << 29 < room < 1 << 30 for room in rooms)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("method", METHODS)
def test_the_same_rows_as_on_one_process(method, executor, tmp_path):
    sources = written_all(tmp_path / "sources")
    alone = digests_of(sources, tmp_path, Serial(), method)
    assert digests_of(sources, tmp_path, executor, method) == alone


def test_a_killed_command_leaves_nothing_and_can_be_given_again(tmp_path):
    """SIGKILL of the driver while its workers write."""
    source = written(tmp_path / "parts", 7)
    out = tmp_path / "out.csv"
    words = ["resample", str(source), "--target", "y", "--method", "random-over", "--quiet"]
    command = [sys.executable, "-m", "steelyard", *words, "--out", str(out), "--cluster", "local"]
    child = subprocess.Popen(command)
    while child.poll() is None and not list(tmp_path.glob(".*.partial.out.csv")):
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert not out.exists()
    assert subprocess.run(command, check=False).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out.csv", "out.csv.ledger.json", "parts",
    ]  # fmt: skip
    assert not list(Path(tempfile.gettempdir()).glob(f"sy-{child.pid}-*"))


def test_a_head_that_cannot_be_reached_is_one_line(tmp_path):
    done = run_elsewhere("ray://127.0.0.1:9", tmp_path)
    assert done.returncode == 1
    assert "no Ray cluster can be reached at ray://127.0.0.1:9" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def run_elsewhere(cluster, folder):
    if not (folder / "parts").exists():
        written(folder / "parts", 1)
    words = ["inspect", str(folder / "parts"), "--target", "y", "--quiet", "--cluster", cluster]
    command = [sys.executable, "-m", "steelyard", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
