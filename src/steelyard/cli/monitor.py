"""`steelyard monitor`: are new rows still what a run's decision was made for?"""

import sys
from typing import Any

import click

from steelyard.cli.common import (
    data_argument,
    memory_option,
    no_verify_option,
    plain_errors,
    print_json,
    say,
    standard_options,
)


@click.command("monitor")
@click.argument("run", type=click.Path(path_type=str))
@data_argument
@click.option("--low", type=float, metavar="P", help="Least prevalence (default: half).")
@click.option("--high", type=float, metavar="P", help="Largest prevalence (default: twice).")
@click.option(
    "--max-psi",
    type=float,
    default=0.2,
    show_default=True,
    help="Stability index of the scores.",
)
@click.option("--training", metavar="DATA", help="The run's table, if it is elsewhere now.")
@no_verify_option
@memory_option
@standard_options
def command(run: str, data: str, as_json: bool, quiet: bool, **options: Any) -> None:  # noqa: ARG001 - option of every command
    """Estimate the prevalence of unlabelled rows and check it, and the scores, against bands.

    Exits with 3 when a band was left, so that a scheduler can raise the alarm.

    \b
    Example:
      steelyard monitor run today.parquet --low 0.005 --high 0.03
    """
    with plain_errors():
        from steelyard.report.monitor_text import monitor_text
        from steelyard.runs.monitor import monitor_run

        summary = monitor_run(run, data, **options)
    if as_json:
        print_json(summary)
    else:
        say(monitor_text(summary))
    if summary["left"]:
        sys.exit(3)
