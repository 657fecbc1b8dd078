"""`steelyard explain`: which columns move a row's probability."""

import click

from steelyard.cli.common import (
    data_argument,
    no_verify_option,
    plain_errors,
    print_json,
    say,
    standard_options,
)


@click.command("explain")
@click.argument("run", type=click.Path(path_type=str))
@data_argument
@click.option("--top", type=int, default=3, show_default=True, help="Columns to name for a row.")
@click.option("--training", metavar="DATA", help="The run's table, if it is elsewhere now.")
@no_verify_option
@standard_options
def command(
    run: str,
    data: str,
    top: int,
    training: str | None,
    verify: bool,
    as_json: bool,
    quiet: bool,  # noqa: ARG001 - option of every command
    seed: int,
) -> None:
    """Say for each row which of its values raise or lower the predicted probability most.

    \b
    Example:
      steelyard explain run rows.csv --top 5
    """
    with plain_errors():
        from steelyard.report.explained_text import explained_text
        from steelyard.runs import load

        found = load(run, verify=verify).explain(data, top=top, training=training, seed=seed)
        if as_json:
            print_json({"run": run, "rows": found.to_dicts()})
        else:
            say(explained_text(found))
