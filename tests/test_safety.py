"""What the package never does: pickle, run text as code, open a socket, command a terminal."""

import ast
import socket
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

import steelyard
from steelyard.cli.terminal import printable

SOURCES = sorted(Path(steelyard.__file__).parent.rglob("*.py"))
MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "jsonpickle",
    "marshal",
    "shelve",
    "yaml",
    "ftplib",
    "smtplib",
    "urllib3",
    "aiohttp",
    "httpx",
    "socket",
    "http",
    "requests",
}
# `compile` and `load` as methods are others' (Keras', re's, json's): np.load is looked at below.
ATTRIBUTES = {
    "read_pickle",
    "to_pickle",
    "Unpickler",
    "system",
    "popen",
    "unsafe_load",
    "enable_unsafe_deserialization",
    "urlopen",
}
CALLS = {"eval", "exec", "compile", "__import__", "read_pickle", "to_pickle", "set_random_state"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.name))
def test_no_pickle_no_eval_no_network(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found = {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found = {(node.module or "").split(".")[0]} | {alias.name for alias in node.names}
            found |= {"socket"} if (node.module or "").startswith("urllib.request") else set()
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found = {node.func.id} & CALLS
        elif isinstance(node, ast.Attribute):
            found = {"eval"} if node.attr in ATTRIBUTES else set()
        else:
            continue
        assert not found & (MODULES | CALLS), f"line {node.lineno}"


def test_arrays_are_never_read_as_objects():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "joblib.load"):
                keywords = {one.arg: ast.unparse(one.value) for one in node.keywords}
                assert keywords.get("allow_pickle") == "False", f"{path}:{node.lineno}"


def open_sockets():
    """Of this process, as the system counts them: those of libraries, too."""
    found = 0
    for path in Path("/proc/self/fd").glob("*"):  # none elsewhere than on Linux
        with suppress(OSError):  # the listing's own is gone
            found += str(path.readlink()).startswith("socket:")
    return found


@pytest.fixture
def no_sockets(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    before = open_sockets()
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert open_sockets() <= before, "a library opened one without Python"


EVIL = "\x1b[2J\x1b]0;title\x07\u202egpj\x9b31m"


def test_commands_open_no_socket_and_print_no_control_characters(no_sockets, run, tmp_path):
    n = 120
    frame = pl.DataFrame(
        {
            f"a{EVIL}": [i % 17 + 0.5 * (i % 4 == 0) for i in range(n)],
            "b": [f"level {EVIL} {i % 3}" for i in range(n)],
            "y": [f"rare {EVIL}" if i % 4 == 0 else "no" for i in range(n)],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    out = tmp_path / "run"
    asked = [
        ("inspect", tmp_path / "t.parquet", "--target", "y", "--out", tmp_path / "p.html"),
        ("inspect", tmp_path / "t.parquet", "--target", f"z{EVIL}"),
        ("train", tmp_path / "t.parquet", "--target", "y", "--model", "trees", "--out", out),
        ("report", out),
        ("verify", out),
        ("predict", out, tmp_path / "t.parquet", "--out", tmp_path / "o.csv"),
        ("evaluate", out, tmp_path / "t.parquet", "--json"),
    ]
    for words in asked:
        result = run(*words)
        assert result.exit_code == (1 if f"z{EVIL}" in words else 0), (words, result.stderr)
        shown = result.stdout + result.stderr
        assert printable(shown) == shown, words
        if words[0] == "inspect":
            assert "\\x1b" in shown, "it is written out, not left out"


def test_a_spreadsheet_gets_no_formula_on_request(run, tmp_path):
    evil = '=HYPERLINK("http://example.org","x")'
    frame = pl.DataFrame(
        {
            "a": [i % 13 / 2 for i in range(80)],
            "y": [evil if i % 4 == 0 else "no" for i in range(80)],
        }
    )
    frame.write_csv(tmp_path / "t.csv")
    words = ("train", tmp_path / "t.csv", "--target", "y", "--model", "trees", "--quiet")
    assert run(*words, "--out", tmp_path / "run").exit_code == 0
    words = ("predict", tmp_path / "run", tmp_path / "t.csv", "--out", tmp_path / "o.csv")
    assert run(*words, "--csv-safe").exit_code == 0
    safe = pl.read_csv(tmp_path / "o.csv")
    assert set(safe["decision"]) <= {f"'{evil}", "no"}
    assert run(*words, "--overwrite").exit_code == 0
    assert set(pl.read_csv(tmp_path / "o.csv")["decision"]) <= {evil, "no"}


def test_resampled_rows_too(run, tmp_path):
    (tmp_path / "t.csv").write_text("a,=b,y\n" + "-1.5,@x,=no\n2.5,y,=no\n0.5,+z,yes\n" * 20)
    words = ("resample", tmp_path / "t.csv", "--target", "y", "--method", "random-over")
    out = tmp_path / "o.csv"
    assert run(*words, "--out", out, "--csv-safe").exit_code == 0
    lines = set(out.read_text().splitlines())
    assert lines == {"a,'=b,y", "-1.5,'@x,'=no", "2.5,y,'=no", "0.5,'+z,yes"}
    assert run(*words, "--out", out).exit_code == 1
    assert run(*words, "--out", out, "--overwrite").exit_code == 0
    assert "2.5,y,=no" in out.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "o.csv",
        "o.csv.ledger.json",
        "t.csv",
    ]
