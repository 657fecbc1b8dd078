"""`steelyard report`: build a run's page again."""

from pathlib import Path

import click

from steelyard.cli.common import plain_errors, print_json, standard_options


@click.command("report")
@click.argument("run", type=click.Path(path_type=str))
@standard_options
def command(run: str, as_json: bool, quiet: bool, seed: int) -> None:  # noqa: ARG001 - options of every command
    """Build RUN/report.html again and print what the run found.

    \b
    Example:
      steelyard report run
    """
    with plain_errors():
        from steelyard.report.text import to_text
        from steelyard.runs import read_run, write_report

        values = read_run(run)
        write_report(values, Path(run))
        if as_json:
            print_json(values)
        else:
            click.echo(to_text(values))
            click.echo(f"Page:  {Path(run) / 'report.html'}")
