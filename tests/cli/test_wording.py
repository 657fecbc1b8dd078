"""The library names Python arguments; the command line names flags."""

import ast
import re
from pathlib import Path

import click
import pytest

import steelyard
from steelyard.cli.resample import command as resample
from steelyard.cli.wording import in_flags

SOURCES = Path(steelyard.__file__).parent
# In a sentence; the page holds commands to copy, whose words are flags alone.
FLAG = re.compile(r"[a-z,;:]\s+\(?--[a-z]")


def strings(path):
    """Texts of a file that may be shown: all but docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bodies = (node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list))
    docs = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_no_message_of_the_library_names_a_flag():
    outside = [path for path in SOURCES.rglob("*.py") if "cli" not in path.parts]
    assert len(outside) > 100
    assert not [
        (path.name, text) for path in outside for text in strings(path) if FLAG.search(text)
    ]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("use `folds=3` or less", "use --folds 3 or less"),
        ("leave out `drop=['a', 'b c']`", "leave out --drop a --drop 'b c'"),
        ("sort by `time_column`", "sort by --time"),
        ("take the closest (`closest=True`)", "take the closest (--closest)"),
        ("use `Maximise('f1')`", "use --maximise f1"),
        ("`Alerts` is for two classes", "--alerts is for two classes"),
        ("`settings=k=3` is one of its own", "--set k=3 is one of its own"),
        ("a column called `nothing` stays", "a column called `nothing` stays"),
    ],
)
def test_arguments_become_flags(message, said):
    with click.Context(resample):
        assert in_flags(message) == said
