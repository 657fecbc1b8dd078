"""`steelyard report`: build a run's page again."""

from pathlib import Path

import click

from steelyard.cli.common import no_verify_option, plain_errors, print_json, say, standard_options


@click.command("report")
@click.argument("run", type=click.Path(path_type=str))
@no_verify_option
@standard_options
def command(run: str, verify: bool, as_json: bool, quiet: bool, seed: int) -> None:  # noqa: ARG001 - options of every command
    """Build RUN/report.html again and print what the run found.

    \b
    Example:
      steelyard report run
    """
    with plain_errors():
        from steelyard.report.text import to_text
        from steelyard.runs import read_run, write_report
        from steelyard.runs.store import locked

        values = read_run(run, verify=verify)
        with locked(run):
            write_report(values, Path(run))
        if as_json:
            print_json(values)
        else:
            say(to_text(values))
            say(f"Page:  {Path(run) / 'report.html'}")
