"""`steelyard guide`: the page for assistants and pipelines."""

from importlib.resources import files

import click


@click.command("guide")
def command() -> None:
    """Print when to call which command, its JSON fields and its exit codes.

    \b
    Example:
      steelyard guide
    """
    click.echo(files("steelyard.cli").joinpath("guide.md").read_text(encoding="utf-8"), nl=False)
