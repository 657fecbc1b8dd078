"""`steelyard retune`: a new prior or goal, a new decision, no training."""

from typing import Any

import click

from steelyard.cli.common import (
    memory_option,
    no_verify_option,
    plain_errors,
    print_json,
    say,
    standard_options,
)
from steelyard.cli.goal import exit_if_unsure, goal_of, goal_options


@click.command("retune")
@click.argument("run", type=click.Path(path_type=str))
@click.option("--prevalence", type=float, metavar="P", help="Share of the positive class there.")
@click.option("--unlabelled", metavar="DATA", help="Rows from there, to estimate class shares by.")
@click.option(
    "--assume",
    type=click.Choice(["label", "features"]),
    help="What moved among the unlabelled rows: class shares only, or features only.",
)
@click.option("--training", metavar="DATA", help="The run's table, if it is elsewhere now.")
@click.option("--threshold", type=float, metavar="P", help="A threshold chosen by hand.")
@goal_options
@no_verify_option
@memory_option
@standard_options
def command(run: str, as_json: bool, quiet: bool, **options: Any) -> None:  # noqa: ARG001 - option of every command
    """Give a run's model a new decision, for other class shares or another goal.

    The model is not trained again: its probabilities are moved to the new class shares and the
    threshold is tuned anew. The run is changed in place.

    \b
    Example:
      steelyard retune run --unlabelled june.csv --cost-fp 1 --cost-fn 20
    """
    with plain_errors():
        from steelyard.report.decision_text import retuned_text
        from steelyard.runs.retune import retune_run

        values = retune_run(run, goal=goal_of(options), **options)
        if as_json:
            print_json(values["decision"])
        else:
            say(retuned_text(values))
    exit_if_unsure(values)
