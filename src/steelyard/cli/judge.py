"""`steelyard judge`: the audit of scores that others gave."""

from typing import Any

import click

from steelyard.cli.common import (
    data_argument,
    memory_option,
    metric_option,
    plain_errors,
    positive_name_option,
    positive_option,
    print_json,
    say,
    standard_options,
    target_option,
)
from steelyard.cli.goal import exit_if_unsure, goal_of, goal_options


@click.command("judge")
@data_argument
@target_option
@click.option("--score", "scores", multiple=True, required=True, metavar="COL", help="A score.")
@click.option("--reference", metavar="COL", help="The score that wins ties (default: the first).")
@click.option("--out", metavar="RUN", help="Directory for run.json, the page and predictions.")
@click.option("--group", metavar="COL", help="Rows of a group are not independent.")
@click.option("--time", metavar="COL", help="Tune thresholds on earlier rows.")
@click.option("--weight", metavar="COL", help="How much each row counts.")
@click.option("--folds", type=int, default=5, show_default=True, help="Of cross-validation.")
@metric_option
@positive_option
@positive_name_option
@goal_options
@memory_option
@standard_options
def command(
    data: str,
    target: str,
    scores: tuple[str, ...],
    out: str | None,
    memory: str | None,
    as_json: bool,
    quiet: bool,  # noqa: ARG001 - nothing here takes long enough for a bar
    **options: Any,
) -> None:
    """Judge scores of models trained elsewhere: metrics, threshold, paired verdict.

    Rows must be such that no model was trained on. Nothing is trained here.

    \b
    Example:
      steelyard judge scores.csv --target fraud --score today --score new
    """
    with plain_errors(out):
        from steelyard._memory import limited
        from steelyard.comparison.external_scores import Request, judge_table
        from steelyard.report.text import to_text
        from steelyard.tables import read_table

        goal = goal_of(options)
        goal = goal and goal.timed(options["time"])
        names = list(scores)
        given = {name: options[name] for name in ("group", "time", "weight")}
        amounts = goal.columns if goal else ()
        with limited(memory):
            table = read_table(data, target, keep=names, amounts=amounts, **given)
            found = judge_table(table, names, Request(goal=goal, target=target, **options))
        if out is not None:
            found.save(out)
        if as_json:
            print_json(found.run)
        else:
            say(to_text(found.run))
            if out is not None:
                say(f"Page: {out}/report.html")
    exit_if_unsure(found.run)
