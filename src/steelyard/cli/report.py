"""`steelyard report`: build a run's page again."""

from pathlib import Path

import click

from steelyard.cli.common import (
    no_verify_option,
    plain_errors,
    positive_name_option,
    print_json,
    standard_options,
)
from steelyard.cli.found import show_run, wide_option


@click.command("report")
@click.argument("run", type=click.Path(path_type=str))
@positive_name_option
@no_verify_option
@wide_option
@standard_options
def command(
    run: str,
    positive_name: str | None,
    verify: bool,
    wide: bool,
    as_json: bool,
    quiet: bool,  # noqa: ARG001 - option of every command
    seed: int,  # noqa: ARG001 - option of every command
) -> None:
    """Build RUN/report.html again and print what the run found.

    \b
    Example:
      steelyard report run --positive-name fraud
    """
    with plain_errors():
        from steelyard.runs import read_run, write_report
        from steelyard.runs.store import locked, save_name

        values = read_run(run, verify=verify)
        with locked(run):
            if positive_name is None:
                write_report(values, Path(run))
            else:
                values = save_name(values, Path(run), positive_name)
        if as_json:
            print_json(values)
        else:
            show_run(values, run, wide=wide)
