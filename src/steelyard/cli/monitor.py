"""`steelyard monitor`: are new rows still what a run's decision was made for?"""

import sys
from typing import Any

import click

from steelyard.cli.common import (
    data_argument,
    memory_option,
    no_verify_option,
    overwrite_option,
    page_option,
    page_path,
    plain_errors,
    print_json,
    say,
    standard_options,
)


@click.command("monitor")
@click.argument("run", type=click.Path(path_type=str))
@data_argument
@click.option(
    "--low", type=float, metavar="P", help="Least prevalence (default: half the decision's)."
)
@click.option(
    "--high", type=float, metavar="P", help="Largest prevalence (default: twice the decision's)."
)
@click.option(
    "--max-psi",
    type=float,
    default=0.2,
    show_default=True,
    help="Largest stability index of the scores.",
)
@click.option("--training", metavar="DATA", help="The run's table, if it is elsewhere now.")
@page_option
@overwrite_option
@no_verify_option
@memory_option
@standard_options
def command(
    run: str,
    data: str,
    out: str | None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,  # noqa: ARG001 - option of every command
    **options: Any,
) -> None:
    """Estimate the prevalence of unlabelled rows and check it, and the scores, against bands.

    Exits with 3 when a band was left or the rows themselves moved, so that a scheduler can raise
    the alarm. Rows too few to tell, or a model too weak, are said to be so.

    \b
    Example:
      steelyard monitor run today.parquet --low 0.005 --high 0.03
    """
    with plain_errors():
        from steelyard.files import write_text
        from steelyard.report.monitor_page import to_html
        from steelyard.report.monitor_text import monitor_text
        from steelyard.runs import read_run
        from steelyard.runs.monitor import monitor_run

        page = page_path(out, data, overwrite=overwrite)
        summary = monitor_run(run, data, **options)
        if page:
            write_text(
                page,
                to_html(summary, read_run(run, verify=options["verify"]), run),
                overwrite=overwrite,
            )
    if as_json:
        print_json(summary)
    else:
        say(monitor_text(summary))
    if summary["left"]:
        sys.exit(3)
