"""The options that say what the decision is for; one of them, or none."""

import sys
from collections.abc import Callable
from typing import Any

import click

NAMES = ("cost_fp", "cost_fn", "maximise", "min_precision", "min_recall", "alerts", "closest")


def goal_options(function: Callable) -> Callable:
    """Add the goal options; `goal_of` turns what was given into a goal."""
    for option in (
        click.option(
            "--closest",
            is_flag=True,
            help="Take the closest where no bound is sure; exit 3.",
        ),
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
    """Take the goal options out of a command's options and make the goal; None without any.

    Raises: GoalError: more than one goal, half of a pair of costs, or `--closest` without a bound.
    """
    given = {name: options.pop(name) for name in NAMES}
    return _goal(given.pop("closest"), **given)


def exit_if_unsure(run: dict[str, Any]) -> None:
    """Exit with 3 where the decision of run.json's content is not sure to keep its bound."""
    if run["decision"]["tuned"].get("out_of_reach"):
        sys.exit(3)


def _goal(
    closest: bool,
    *,
    cost_fp: float | None,
    cost_fn: float | None,
    maximise: str | None,
    min_precision: float | None,
    min_recall: float | None,
    alerts: float | None,
) -> Any:
    from steelyard.decision import Alerts, Costs, Maximise, MinPrecision, MinRecall
    from steelyard.decision.goals import Bound, Goal
    from steelyard.errors import GoalError

    if (cost_fp is None) != (cost_fn is None):
        given, missing = ("fp", "fn") if cost_fn is None else ("fn", "fp")
        raise GoalError(
            f"--cost-{given} came without --cost-{missing}; give both, only their ratio decides"
        )
    chosen: dict[str, Goal] = {}
    if cost_fp is not None and cost_fn is not None:
        chosen["--cost-fp/--cost-fn"] = Costs(fp=cost_fp, fn=cost_fn)
    if maximise is not None:
        chosen["--maximise"] = Maximise(maximise)
    if min_precision is not None:
        chosen["--min-precision"] = MinPrecision(min_precision, closest=closest)
    if min_recall is not None:
        chosen["--min-recall"] = MinRecall(min_recall, closest=closest)
    if alerts is not None:
        chosen["--alerts"] = Alerts(alerts, closest=closest)
    if len(chosen) > 1:
        raise GoalError(f"{' and '.join(chosen)} are different goals; give one of them")
    goal = next(iter(chosen.values()), None)
    if closest and not isinstance(goal, Bound):
        raise GoalError("--closest goes with --min-precision, --min-recall or --alerts")
    return goal
