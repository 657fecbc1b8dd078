"""Files appear whole, together, or not at all; nothing is left behind; nothing is written over."""

import os
import subprocess
import sys

import pytest

from steelyard.errors import RequestError
from steelyard.files import (
    AtomicFiles,
    Lock,
    new_folder,
    output_path,
    write_json,
    write_text,
    write_whole,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "t.csv"
    write_text(path, "old")

    def fail(partial):
        partial.write_text("half of the n")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_whole(path, fail)
    assert names(tmp_path) == ["t.csv"]
    assert path.read_text() == "old"


def test_new_files_have_the_mode_that_the_umask_gives(tmp_path):
    old = os.umask(0o027)
    try:
        write_text(tmp_path / "a", "x")
    finally:
        os.umask(old)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
    (tmp_path / "a").chmod(0o600)
    write_text(tmp_path / "a", "y")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_nan_is_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", float("nan"))
    assert names(tmp_path) == []


def test_a_file_that_appeared_meanwhile_is_kept(tmp_path):
    path = tmp_path / "t.csv"
    with pytest.raises(RequestError, match=r"exists already, perhaps written by another process"):
        write_whole(
            path, lambda partial: (partial.write_text("b"), path.write_text("a")), overwrite=False
        )
    assert names(tmp_path) == ["t.csv"]
    assert path.read_text() == "a"


def write_table_and_ledger(folder, content, *, overwrite=False):
    with AtomicFiles(overwrite=overwrite) as files:
        files.partial(folder / "t.csv").write_text(content)
        files.partial(folder / "t.csv.ledger.json").write_text(content)


def test_a_table_and_its_ledger_appear_together(tmp_path):
    write_table_and_ledger(tmp_path, "1")
    assert names(tmp_path) == ["t.csv", "t.csv.ledger.json"]
    with pytest.raises(RequestError, match=r"ledger\.json exists already"):
        write_table_and_ledger(tmp_path, "2")
    write_table_and_ledger(tmp_path, "3", overwrite=True)
    assert {path.read_text() for path in tmp_path.iterdir()} == {"3"}


def test_a_ledger_of_the_users_own_is_never_replaced(tmp_path):
    (tmp_path / "t.csv.ledger.json").write_text("mine")
    with pytest.raises(RequestError, match=r"ledger\.json exists already"):
        write_table_and_ledger(tmp_path, "1")
    assert names(tmp_path) == ["t.csv.ledger.json"]
    assert (tmp_path / "t.csv.ledger.json").read_text() == "mine"


def test_when_the_table_cannot_be_named_its_ledger_is_not_there(tmp_path):
    def both():
        with AtomicFiles() as files:
            files.partial(tmp_path / "t.csv").write_text("b")
            files.partial(tmp_path / "t.csv.ledger.json").write_text("b")
            (tmp_path / "t.csv").write_text("a")

    with pytest.raises(RequestError, match="exists already"):
        both()
    assert names(tmp_path) == ["t.csv"]


KILLED = """
import os, signal, sys
from pathlib import Path
from steelyard.files import AtomicFiles
left, link = [int(sys.argv[2])], os.link
def count():
    left[0] -= 1
    if not left[0]: os.kill(os.getpid(), signal.SIGKILL)
def counted(*args):
    link(*args); count()
os.link = counted
with AtomicFiles() as files:
    files.partial(Path(sys.argv[1]) / "t.csv").write_text("killed")
    files.partial(Path(sys.argv[1]) / "t.csv.ledger.json").write_text("killed")
    if sys.argv[2] == "0": os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("links", [0, 1, 2])
def test_after_a_kill_the_same_command_works_and_nothing_is_left_behind(links, tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path, str(links)], check=False)
    assert done.returncode == -9
    there = [name for name in names(tmp_path) if not name.startswith(".")]
    assert there == [[], ["t.csv.ledger.json"], ["t.csv", "t.csv.ledger.json"]][links]
    if links == 2:  # both are there, whole
        with pytest.raises(RequestError, match="exists already"):
            write_table_and_ledger(tmp_path, "again")
        return
    write_table_and_ledger(tmp_path, "again")
    assert names(tmp_path) == ["t.csv", "t.csv.ledger.json"]
    assert {path.read_text() for path in tmp_path.iterdir()} == {"again"}


def test_two_writers_of_one_name_have_partials_of_their_own(tmp_path):
    path = tmp_path / "t.csv"
    with AtomicFiles(overwrite=True) as one, AtomicFiles(overwrite=True) as two:
        one.partial(path).write_text("1")
        two.partial(path).write_text("2")
        assert len(names(tmp_path)) == 2
    assert path.read_text() == "1"
    assert names(tmp_path) == ["t.csv"]


def test_output_paths_that_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text("input")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to(os.devnull)
    (tmp_path / "t2.csv").symlink_to(tmp_path / "t.csv")
    for name, says in {
        "t.csv": "exists already",
        "folder": "is a folder",
        "pipe": "is a device or a pipe",
        "null": "is a device or a pipe",
        "none/t.csv": "there is no folder",
        "t.csv/t.csv": "is a file, not a folder",
    }.items():
        with pytest.raises(RequestError, match=says):
            output_path(tmp_path / name)
    for name in ("t.csv", "t2.csv"):
        with pytest.raises(RequestError, match="is the file that is read"):
            output_path(tmp_path / name, inputs=[tmp_path / "t.csv"], overwrite=True)


def test_a_link_stays_a_link_and_the_file_behind_it_is_written(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "page.html").symlink_to(tmp_path / "elsewhere" / "page.html")
    write_text(output_path(tmp_path / "page.html"), "new", overwrite=False)
    assert (tmp_path / "page.html").is_symlink()
    assert (tmp_path / "elsewhere" / "page.html").read_text() == "new"


def test_a_lock_names_its_holder_and_is_free_when_that_is_gone(tmp_path):
    path = tmp_path / ".lock"
    holds = (
        "import sys, pathlib, steelyard.files as f, os\n"
        "with f.Lock(pathlib.Path(sys.argv[1]), 'it'):\n"
        "    print(os.getpid(), flush=True); sys.stdin.read(); os.kill(os.getpid(), 9)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", holds, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = other.stdout.readline().strip()
    with (
        pytest.raises(RequestError, match=rf"run is being written by process {pid}; wait"),
        Lock(path, "run"),
    ):
        pass
    other.communicate()
    assert path.exists()  # a killed process leaves the file, not the lock
    with Lock(path, "run"):
        assert path.read_text().strip() == str(os.getpid())
    assert not path.exists()


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    def fail():
        with new_folder(tmp_path / "parts") as folder:
            (folder / "0.csv").write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fail()
    assert names(tmp_path) == []
    left = tmp_path / ".0123abcd.partial.parts"  # of a process that was killed
    left.mkdir()
    with new_folder(tmp_path / "parts") as folder:
        (folder / "0.csv").write_text("whole")
    assert names(tmp_path) == ["parts"]
    assert (tmp_path / "parts" / "0.csv").read_text() == "whole"
    with pytest.raises(RequestError, match="exists already"), new_folder(tmp_path / "parts"):
        pass
    with pytest.raises(RequestError, match="there is no folder"), new_folder(tmp_path / "a" / "b"):
        pass


def test_a_folder_that_appeared_meanwhile_is_kept(tmp_path):
    def late():
        with new_folder(tmp_path / "parts") as folder:
            (folder / "0.csv").write_text("late")
            (tmp_path / "parts").mkdir()

    with pytest.raises(RequestError, match="exists already"):
        late()
    assert names(tmp_path) == ["parts"]
    assert names(tmp_path / "parts") == []


def test_an_error_of_the_system_names_the_file(tmp_path):
    path = tmp_path / "t.csv"
    for met in (OSError(28, "No space left"), RuntimeError("write: full (os error 28)")):

        def fail(partial, met=met):
            raise met

        with pytest.raises(OSError, match=r"No space left on device: .*t\.csv") as told:
            write_whole(path, fail)
        assert (told.value.errno, told.value.filename) == (28, str(path))
    assert names(tmp_path) == []
