"""`steelyard verify`: is a run what it was, and did its test rows stay out of training?"""

import sys

import click

from steelyard.cli.common import plain_errors, print_json, say, standard_options


@click.command("verify")
@click.argument("run", type=click.Path(path_type=str))
@click.option("--data", metavar="DATA", help="The run's table, if it is elsewhere now.")
@standard_options
def command(run: str, data: str | None, as_json: bool, quiet: bool, seed: int) -> None:  # noqa: ARG001 - nothing is drawn
    """Compute a run's hashes, splits and metrics again; exit with 3 if something does not hold.

    \b
    Example:
      steelyard verify run
    """
    with plain_errors():
        from steelyard.comparison.verify import verify_run

        summary = verify_run(run, data)
    if as_json:
        print_json(summary)
    else:
        for check in summary["checks"]:
            say(f"{check['name']:<12} {'holds' if check['holds'] else 'DOES NOT HOLD'}")
            for problem in check["problems"][:5]:
                say(f"             {problem}")
            if len(check["problems"]) > 5:
                say(f"             and {len(check['problems']) - 5} more like these")
        if summary["table"] == "not there":
            say("The table is not at its place: splits were read from the predictions.")
    if not summary["holds"]:
        sys.exit(3)
