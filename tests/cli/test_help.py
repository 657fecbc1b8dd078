"""Every command explains itself with an example that it would take."""

import shlex

import click
import pytest

from steelyard.cli import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_in_the_help_would_be_taken(run, name):
    shown = run(name, "--help")
    assert shown.exit_code == 0
    assert "\\b" not in shown.output, "the mark that keeps click from wrapping is not to be seen"
    assert max(map(len, shown.output.splitlines())) <= 80
    examples = [line.split() for line in shown.output.splitlines() if "  steelyard " in line]
    assert examples
    context = click.Context(main)
    command = main.get_command(context, name)
    for line in examples:
        words = shlex.split(" ".join(line))
        assert words[:2] == ["steelyard", name]
        command.make_context(name, words[2:], parent=context)  # raises on a wrong flag


def test_help_lists_every_command_and_imports_none(run):
    shown = run("--help").output
    assert max(map(len, shown.splitlines())) <= 80
    for name, about in COMMANDS.items():
        assert name in shown
        assert about.split()[0] in shown


def test_an_unknown_command_is_told(run):
    result = run("compair")
    assert result.exit_code == 2
    assert "compair" in result.stderr
