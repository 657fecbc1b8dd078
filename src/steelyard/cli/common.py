"""What every command shares: its options, its errors, its two ways of printing."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from steelyard.errors import SteelyardError

data_argument = click.argument("data", type=click.Path(path_type=str))
target_option = click.option(
    "--target", required=True, metavar="COL", help="Column that holds the class."
)
positive_option = click.option(
    "--positive", metavar="CLASS", help="Class of interest (default: the rarest)."
)

model_option = click.option(
    "--model",
    default="blend",
    show_default=True,
    metavar="MODEL",
    help="blend, tabular, trees, or your own: FILE.py:FUNCTION.",
)


def table_options(function: Callable) -> Callable:
    """Add what says how a table's rows hang together and which columns stay out."""
    for option in (
        click.option("--drop", multiple=True, metavar="COL", help="Leave this column out."),
        click.option("--time", metavar="COL", help="Train on the past, test on what follows."),
        click.option("--group", metavar="COL", help="Keep rows of a group on one side."),
    ):
        function = option(function)
    return function


overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace the file of --out if it exists."
)


def standard_options(function: Callable) -> Callable:
    """Add `--json`, `--seed` and `--quiet`, which every command understands."""
    for option in (
        click.option("--quiet", is_flag=True, help="No progress, no notes."),
        click.option("--seed", type=int, default=0, show_default=True, help="Seed of every draw."),
        click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout."),
    ):
        function = option(function)
    return function


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn a SteelyardError into one line on stderr and exit status 1, Ctrl-C into 130."""
    try:
        yield
    except SteelyardError as error:
        click.echo(f"steelyard: {' '.join(str(error).split())}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("steelyard: stopped", err=True)
        sys.exit(130)


def print_json(summary: dict[str, Any]) -> None:
    """Print one JSON object; values are plain Python already."""
    click.echo(json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False))
