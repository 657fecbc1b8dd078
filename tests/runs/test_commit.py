"""New files of a run take the place of the old ones all together, whenever the process dies."""

import json
import os
import subprocess
import sys

import pytest

from steelyard.errors import RunError
from steelyard.runs.commit import commit, settle
from steelyard.runs.seal import broken

FILES = ("model.keras", "predictions.parquet", "uncorrected.parquet", "ledger.json", "report.html")


def write(run, content):
    writers = {name: lambda path: path.write_text(content) for name in FILES}
    commit(run, {"content": content}, writers)


def state(run):
    """What the run's files say, and run.json."""
    told = json.loads((run / "run.json").read_text())["content"]
    return {(run / name).read_text() for name in FILES} | {told}


def names(run):
    return sorted(path.name for path in run.iterdir())


KILLED = """
import os, signal, sys
from pathlib import Path
from steelyard.runs.commit import commit
left, replace = [int(sys.argv[2])], os.replace
def counted(*args):
    if not left[0]: os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    replace(*args)
os.replace = counted
names = sys.argv[3].split(",")
commit(Path(sys.argv[1]), {"content": "new"}, {n: lambda p: p.write_text("new") for n in names})
"""


@pytest.mark.parametrize("renames", range(8))
def test_old_or_new_as_a_whole(renames, tmp_path):
    write(tmp_path, "old")
    words = [sys.executable, "-c", KILLED, tmp_path, str(renames), ",".join(FILES)]
    assert subprocess.run(words, check=False).returncode == -9
    settle(tmp_path)  # what any command does first
    content = state(tmp_path)
    assert content in ({"old"}, {"new"})
    assert content == ({"old"} if renames < 3 else {"new"})
    assert broken(json.loads((tmp_path / "run.json").read_text()), tmp_path, FILES[:-1]) == []
    write(tmp_path, "again")
    assert state(tmp_path) == {"again"}
    assert names(tmp_path) == sorted([*FILES, "run.json"])


def test_a_writer_that_fails_changes_nothing(tmp_path):
    write(tmp_path, "old")

    def full(path):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        commit(tmp_path, {"content": "new"}, {"model.keras": full})
    (tmp_path / "report.html").unlink()
    (tmp_path / "report.html").mkdir()
    with pytest.raises(RunError, match=r"report\.html is a folder"):
        write(tmp_path, "new")
    (tmp_path / "report.html").rmdir()
    (tmp_path / "report.html").write_text("old")
    assert state(tmp_path) == {"old"}
    assert names(tmp_path) == sorted([*FILES, "run.json"])


def test_links_of_a_strangers_run_lead_nowhere(a_run, tmp_path, run):
    """What a run directory holds under our own names is neither emptied nor written to."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "precious").write_text("x" * 100)
    (mine / "run.txt").write_text("mine")
    for name, target, says in (
        (".next", mine, "is a link to elsewhere"),
        (".lock", mine / "run.txt", "is no lock file"),
    ):
        (a_run / name).symlink_to(target)
        result = run("report", a_run)
        assert result.exit_code == 1
        assert says in result.stderr
        (a_run / name).unlink()
    os.link(mine / "precious", a_run / ".lock")
    assert "is no lock file" in run("report", a_run).stderr
    (a_run / ".lock").unlink()
    assert (mine / "run.txt").read_text() == "mine"
    assert (mine / "precious").read_text() == "x" * 100
    (a_run / ".next").mkdir()
    (a_run / ".next" / "elsewhere.txt").write_text("not a run's")
    assert run("report", a_run).exit_code == 0
    assert not (a_run / "elsewhere.txt").exists()


@pytest.mark.parametrize("name", ["run.json", "ledger.json", "journal.jsonl", ".lock"])
def test_a_pipe_in_a_run_is_refused_at_once(name, a_run, run):
    (a_run / name).unlink(missing_ok=True)
    os.mkfifo(a_run / name)
    result = run("report" if name == ".lock" else "verify", a_run)
    assert result.exit_code in (1, 3)
    assert name in result.stdout + result.stderr
