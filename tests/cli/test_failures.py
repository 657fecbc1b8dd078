"""Whatever fails is one line: what, on what, and what to do; Ctrl-C says what is kept."""

import errno
import os
import signal
import subprocess
import sys
import time

import click
import polars as pl
import pyarrow as pa
import pytest
from click.testing import CliRunner

from steelyard.cli import stopping
from steelyard.cli.common import standard_options
from steelyard.cli.failures import plain_errors
from steelyard.errors import SteelyardError


class PanicException(BaseException):
    """A panic in Rust."""


FAILURES = {
    "ours": (SteelyardError("a\nb"), ["a b"]),
    "disk full": (OSError(errno.ENOSPC, "No space left on device", "o.csv"), ["o.csv", "room"]),
    "read-only": (OSError(errno.EROFS, "Read-only file system", "o.csv"), ["another place"]),
    "permission": (PermissionError(errno.EACCES, "Permission denied", "o.csv"), ["permissions"]),
    "no folder": (FileNotFoundError(errno.ENOENT, "No such file", "x/o.csv"), ["its folder"]),
    "a folder": (IsADirectoryError(errno.EISDIR, "Is a directory", "o"), ["name of a file"]),
    "an engine's own number": (OSError("No such file (os error 2): x.csv"), ["x.csv", "folder"]),
    "an engine that met the system": (
        pl.exceptions.ComputeError("parquet: No space left on device (os error 28)"),
        ["os error 28", "make room"],
    ),
    "no number at all": (OSError("odd"), ["odd", "check the path"]),
    "out of memory": (MemoryError("9 TiB"), ["not enough memory"]),
    "out of memory in an engine": (pa.ArrowMemoryError("malloc of size 9"), ["enough memory"]),
    "out of memory in C++": (RuntimeError("std::bad_alloc"), ["not enough memory"]),
    "an engine": (pa.ArrowInvalid("odd bytes"), ["pyarrow fails", "odd bytes", "--debug"]),
    "a panic": (PanicException("called unwrap"), ["polars fails", "called unwrap"]),
    "a crash": (KeyError("x\x1b[2J"), ["KeyError", "fault of steelyard's", "--debug", "\\x1b"]),
}


def command_that(raises):
    @click.command
    @standard_options
    def command(**_):
        with plain_errors():
            raise raises

    return command


@pytest.mark.parametrize("name", FAILURES)
def test_one_line(name):
    error, expected = FAILURES[name]
    result = CliRunner().invoke(command_that(error), [])
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("steelyard: ")
    assert "\x1b" not in line
    assert all(word in line for word in expected), line


def test_debug_shows_where_it_arose():
    result = CliRunner().invoke(command_that(KeyError("x")), ["--debug"])
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert __file__ in result.stderr
    assert result.stderr.splitlines()[-1].startswith("steelyard: KeyError")


ENDLESS = """
import sys, time
from steelyard.cli.stopping import ends_when_told
print("ready", flush=True)
with ends_when_told(None):
    while True:
        try: time.sleep(9)
        except BaseException: pass  # as a call into a library that cannot be interrupted
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_cannot_be_interrupted(number):
    words = [sys.executable, "-c", ENDLESS]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert told == "steelyard: stopped; nothing was written\n"


def test_what_ends_by_itself_is_told_what_is_kept(monkeypatch, capsys):
    monkeypatch.setattr(stopping, "trainings", lambda run: (5, 16))
    before = signal.getsignal(signal.SIGINT)

    def interrupted():
        with stopping.ends_when_told("run"):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(9)

    with pytest.raises(SystemExit) as ended:
        interrupted()
    assert ended.value.code == 130
    line = "steelyard: stopped after 5 of 16 trainings; the same command goes on from there\n"
    assert capsys.readouterr().err == line
    assert signal.getsignal(signal.SIGINT) is before
