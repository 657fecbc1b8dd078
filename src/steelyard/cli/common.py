"""What every command shares: its options, its errors, its ways of printing."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from steelyard.cli.failures import DEBUG, plain_errors
from steelyard.cli.terminal import print_json, say

__all__ = ["plain_errors", "print_json", "say"]

data_argument = click.argument("data", type=click.Path(path_type=str))
target_option = click.option(
    "--target", required=True, metavar="COL", help="Column that holds the class."
)
positive_option = click.option(
    "--positive", metavar="CLASS", help="Class of interest (default: the rarest)."
)
positive_name_option = click.option(
    "--positive-name",
    metavar="WORD",
    help="What texts call it, where its label (1, say) is no word.",
)

metric_option = click.option(
    "--metric", help="To rank by (default: average_precision; with costs by row, those)."
)

model_option = click.option(
    "--model",
    default="blend",
    show_default=True,
    metavar="MODEL",
    help="blend, tabular, trees, or your own: FILE.py:FUNCTION.",
)

page_option = click.option("--out", metavar="PAGE", help="Write a page (.html) besides.")

no_rows_option = click.option(
    "--no-rows",
    "keep_rows",
    is_flag=True,
    callback=lambda _context, _parameter, leave_out: not leave_out,
    help="Leave single rows out of the run and its page.",
)

cluster_option = click.option(
    "--cluster", metavar="WHERE", help="processes; on Ray: local, auto, ray://HOST:PORT."
)

segments_option = click.option(
    "--segments",
    metavar="COL,...",
    default="",
    callback=lambda _context, _parameter, names: column_names(names),
    help="Hold the parts of these columns against each other.",
)

memory_option = click.option(
    "--memory", metavar="SIZE", help="Keep to 4G, 512M (default: 80 % of what is free)."
)


rows_option = click.option(
    "--rows", type=int, metavar="N", help="Draw N of a larger table's rows (default: what fits)."
)


def page_path(out: str | None, data: str, *, overwrite: bool) -> Path | None:
    """Where a page goes, checked before anything is computed; None where none is wanted."""
    from steelyard.errors import RequestError
    from steelyard.files import output_path
    from steelyard.tables.files import find_files

    if out is None:
        return None
    if Path(out).suffix != ".html":
        raise RequestError(f"`out={out!r}`: a page takes a name that ends in .html")
    return output_path(out, inputs=find_files(data, partitions=True), overwrite=overwrite)


def column_names(text: str) -> list[str]:
    """Column names between commas, as a line of CSV has them: a name with a comma in quotes."""
    return [name for name in next(csv.reader([text], skipinitialspace=True), []) if name]


def table_options(function: Callable) -> Callable:
    """Add what says how a table's rows hang together and which columns stay out."""
    for option in (
        click.option("--drop", multiple=True, metavar="COL", help="Leave this column out."),
        click.option("--time", metavar="COL", help="Train on the past, test on what follows."),
        click.option("--delay", metavar="T", help="How late labels come: 7d, 12h, or a number."),
        click.option(
            "--gap", metavar="T", help="Time left out between rows to train on and to test on."
        ),
        click.option("--group", metavar="COL", help="Keep rows of a group on one side."),
        click.option(
            "--missing-label",
            type=click.Choice(["drop", "keep"]),
            default="drop",
            show_default=True,
            help="Rows whose label reads as missing: leave them out, or make classes of them.",
        ),
        click.option("--weight", metavar="COL", help="How much each row counts, everywhere."),
    ):
        function = option(function)
    return function


overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace the file of --out if it exists."
)

csv_safe_option = click.option(
    "--csv-safe",
    is_flag=True,
    help="In CSV, put ' before text that a spreadsheet would run as a formula.",
)
no_verify_option = click.option(
    "--no-verify",
    "verify",
    is_flag=True,
    callback=lambda _context, _parameter, skip: not skip,
    help="Use the run even if it is not as it was sealed.",
)


def standard_options(function: Callable) -> Callable:
    """Add `--json`, `--seed`, `--quiet` and `--debug`, which every command understands."""
    for option in (
        click.option(
            "--debug",
            is_flag=True,
            expose_value=False,
            callback=_remember_debug,
            help="On an error, print where it arose.",
        ),
        click.option("--quiet", is_flag=True, help="No progress, no notes."),
        click.option("--seed", type=int, default=0, show_default=True, help="Seed of every draw."),
        click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout."),
    ):
        function = option(function)
    return function


def note_unknown_levels(summary: dict[str, Any]) -> None:
    """Name on stderr the columns with levels that no training row had."""
    from steelyard.tables.unknown_levels import described

    for line in described(summary["unknown_levels"], summary["rows"]):
        say(f"note: {line}", err=True)


def _remember_debug(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    context.meta[DEBUG] = value
