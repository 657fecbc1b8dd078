"""The options that say what the decision is for; one of them, or none."""

from collections.abc import Callable
from typing import Any

import click

NAMES = ("cost_fp", "cost_fn", "maximise", "min_precision", "min_recall", "alerts")


def goal_options(function: Callable) -> Callable:
    """Add the goal options; `goal_of` turns what was given into a goal."""
    for option in (
        click.option("--alerts", type=float, help="Flag at most N of 1,000 rows."),
        click.option("--min-recall", type=float, help="Find at least this share of the positives."),
        click.option(
            "--min-precision", type=float, help="Of what is flagged, this share is right."
        ),
        click.option(
            "--maximise",
            metavar="NAME",
            help="balanced_accuracy (default), f1, mcc or gmean.",
        ),
        click.option("--cost-fn", type=float, help="Cost of a missed positive (with --cost-fp)."),
        click.option("--cost-fp", type=float, help="Cost of a false alarm (with --cost-fn)."),
    ):
        function = option(function)
    return function


def goal_of(options: dict[str, Any]) -> Any:
    """Take the goal options out of a command's options and make the goal."""
    from steelyard.decision import goal_from_options

    return goal_from_options(**{name: options.pop(name) for name in NAMES})


def goal_if_any(options: dict[str, Any]) -> Any:
    """As `goal_of`, but None where no goal option was given."""
    given = any(options[name] is not None for name in NAMES)
    goal = goal_of(options)
    return goal if given else None
