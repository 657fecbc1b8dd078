"""Where the system itself limits memory the message is about memory, whatever library ran out."""

import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from steelyard._memory import check_need, limited, system
from steelyard.cli.failures import MEMORY
from steelyard.errors import SteelyardError
from steelyard.tables import read_table

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")


def started(code, *words, megabytes=None):
    def limit():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if megabytes:
            resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20,) * 2)

    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,  # noqa: PLW1509 - no other thread is at work here
    )


def ended(process):
    _, told = process.communicate(timeout=120)
    return process.returncode, told


PROGRAM = "from steelyard.cli import main; main(prog_name='steelyard')"


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_the_file_is_not_blamed(ending, tmp_path):
    path = tmp_path / f"t{ending}"
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"a{i}": rng.normal(size=400_000) for i in range(8)})
    frame = frame.with_columns(y=(pl.int_range(pl.len()) % 5 == 0).cast(pl.Int64))
    frame.write_csv(path) if ending == ".csv" else frame.write_parquet(path)
    words = ("inspect", path, "--target", "y", "--quiet")
    code, told = ended(started(PROGRAM, *words, megabytes=1150))
    assert code == 1, told
    last = told.splitlines()[-1]
    assert last.startswith("steelyard: ")
    assert "memory" in last
    assert path.name not in last or "takes about" in last or "reserves about" in last
    assert "Traceback" not in told


def test_too_little_for_the_libraries_themselves(tmp_path):
    words = ("inspect", tmp_path / "t.csv", "--target", "y")
    code, told = ended(started(PROGRAM, *words, megabytes=300))
    assert code == 1, told
    assert told.splitlines()[-1] == f"steelyard: {MEMORY}"


GUARDED = "import os, sys, time; from steelyard.cli.guard import guarded; guarded(lambda: {})"


def test_a_library_that_ends_the_process_is_one_line():
    code, told = ended(started(GUARDED.format("os.abort()")))
    assert code == 1
    assert "not enough memory for this: a library ended the command (SIGABRT)" in told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_is_told_of_signals_and_its_status_is_passed_on(number):
    assert ended(started(GUARDED.format("sys.exit(3)")))[0] == 3
    assert ended(started(GUARDED.format("None")))[0] == 0
    endless = (
        "import signal, sys, time\n"
        "from steelyard.cli.guard import guarded\n"
        "from steelyard.cli.failures import plain_errors\n"
        "def act():\n"
        "    with plain_errors():\n"
        "        print('ready', flush=True); time.sleep(60)\n"
        "guarded(act)"
    )
    process = started(endless)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    process.send_signal(number)
    code, told = ended(process)
    assert code == 128 + number
    assert told == "steelyard: stopped; nothing was written\n"


def test_when_the_first_process_is_killed_the_second_is_gone():
    process = started(GUARDED.format("print(os.getpid(), flush=True) or time.sleep(60)"))
    second = int(process.stdout.readline())
    process.kill()
    process.communicate(timeout=60)
    for _ in range(100):
        try:
            os.kill(second, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("it runs on")


def test_what_the_system_grants_is_a_limit_too(monkeypatch):
    monkeypatch.setattr("steelyard._memory.address_space_left", lambda: 300 << 20)
    with limited("1000G"):
        check_need(200 << 20, "it", "wait")
        with pytest.raises(SteelyardError, match=r"it reserves about 0\.4 GB .* grants .* 0\.3 GB"):
            check_need(400 << 20, "it", "wait")
        with pytest.raises(SteelyardError, match="reserves"):
            check_need(1, "it", "wait", address_space=400 << 20)


@pytest.mark.parametrize("kind", ["polars", "arrow", "system"])
def test_a_reader_that_runs_out_does_not_blame_the_file(kind, tmp_path, monkeypatch):
    pl.DataFrame({"a": [1.5, 2.5] * 9, "y": [0, 1] * 9}).write_parquet(tmp_path / "t.parquet")
    error = {
        "polars": pl.exceptions.ComputeError("memory allocation of 9 bytes failed"),
        "arrow": pa.ArrowMemoryError("malloc of size 9 failed"),
        "system": OSError(12, "Cannot allocate memory"),
    }[kind]

    def fails(*_, **__):
        raise error

    monkeypatch.setattr(pl, "scan_parquet", fails)
    with pytest.raises(type(error)):
        read_table(tmp_path / "t.parquet", "y")


def test_of_nested_control_groups_the_tightest_counts(tmp_path, monkeypatch):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.setattr(system, "GROUP", tmp_path)
    monkeypatch.setattr(system, "SELF", tmp_path)
    (tmp_path / "cgroup").write_text("4:memory:/x\n0::/a/b\n")
    (inner / "memory.max").write_text("max\n")
    (inner / "memory.current").write_text("10\n")
    (inner.parent / "memory.max").write_text("5000\n")
    (inner.parent / "memory.current").write_text("1000\n")
    assert system.free() == 4000
    old = tmp_path / "memory" / "x"
    old.mkdir(parents=True)
    (old / "memory.limit_in_bytes").write_text("700\n")
    (old / "memory.usage_in_bytes").write_text("600\n")
    (old / "memory.stat").write_text("inactive_file 1\ntotal_inactive_file 50\n")
    assert system.free() == 150
