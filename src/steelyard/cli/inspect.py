"""`steelyard inspect`: see the imbalance before treating it."""

import sys
from pathlib import Path
from typing import Any

import click

from steelyard.cli.common import (
    cluster_option,
    data_argument,
    memory_option,
    overwrite_option,
    plain_errors,
    positive_option,
    print_json,
    say,
    standard_options,
    target_option,
)
from steelyard.cli.progress import progress_bar
from steelyard.cli.terminal import printable, show
from steelyard.cli.wording import in_flags

COLOURS: dict[str, dict[str, Any]] = {
    "title": {"bold": True},
    "quiet": {"dim": True},
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow"},
    "note": {"fg": "cyan"},
}


@click.command("inspect")
@data_argument
@target_option
@positive_option
@click.option("--drop", multiple=True, metavar="COL", help="Leave this column out.")
@click.option("--out", metavar="FILE", help="Write a page, such as report.html.")
@overwrite_option
@cluster_option
@click.option("--fail-on", metavar="CODES", help="Exit with 3 if one is found: SY001,SY021")
@memory_option
@standard_options
def command(
    data: str,
    out: str | None,
    overwrite: bool,
    fail_on: str | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Show the imbalance of a table: counts, measures, kinds of rare rows, findings.

    \b
    Examples:
      steelyard inspect churn.csv --target churned
      steelyard inspect fraud.csv --target Class --out seen.html --fail-on SY021
    """
    with plain_errors():
        from steelyard.files import output_path, write_text
        from steelyard.inspection import inspect, known_codes
        from steelyard.report.inspection_text import to_text
        from steelyard.tables.files import source_files

        inputs = [file for file in source_files(data) if isinstance(file, Path)]
        page = out and output_path(out, inputs=inputs, overwrite=overwrite)
        failing = known_codes(fail_on.split(",")) if fail_on is not None else []
        with progress_bar("inspecting", quiet=quiet) as progress:
            inspection = inspect(data, progress=progress, **options)
        summary = inspection.to_dict()
        if page:
            write_text(page, inspection.to_html(), overwrite=overwrite)
        if as_json:
            print_json(summary)
        else:
            show(in_flags(to_text(printable(summary), _styled)))
            if out is not None:
                say(f"\nPage: {out}")
    hit = sorted({finding["code"] for finding in summary["findings"]} & set(failing))
    if hit:
        say(f"steelyard: found {', '.join(hit)}, named by --fail-on", err=True)
        sys.exit(3)


def _styled(text: str, style: str) -> str:
    return click.style(text, **COLOURS[style])
