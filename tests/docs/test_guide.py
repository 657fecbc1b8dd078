"""The page for assistants: what `steelyard guide` prints, and it names what there is."""

import re
from pathlib import Path

from steelyard.cli import COMMANDS

PAGE = (Path(__file__).parents[2] / "docs" / "for-assistants.md").read_text()


def test_the_command_prints_the_page(run):
    assert run("guide").stdout == PAGE


def test_it_names_commands_and_options_that_exist(run):
    for words in re.findall(r"`steelyard ([a-z-]+)([^`]*)`", PAGE):
        command, rest = words
        assert command in COMMANDS
        known = run(command, "--help").output
        assert all(option in known for option in re.findall(r"--[a-z-]+", rest)), words
