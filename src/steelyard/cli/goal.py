"""The options that say what the decision is for; one of them, or none."""

import sys
from collections.abc import Callable
from typing import Any

import click

NAMES = (
    *("cost_fp", "cost_fn", "maximise", "min_precision", "min_recall"),
    *("alerts", "per", "by", "closest", "review_cost", "hit_rate", "capacity"),
)


def goal_options(function: Callable) -> Callable:
    """Add the goal options; `goal_of` turns what was given into a goal."""
    for option in (
        click.option(
            "--closest",
            is_flag=True,
            help="Take the closest where no bound is sure; exit 3.",
        ),
        click.option("--capacity", type=float, help="Review at most N of 1,000 rows."),
        click.option("--hit-rate", type=float, help="Share that a reviewer finds (default 1)."),
        click.option(
            "--review-cost", type=float, help="Pass, review or block, by both costs and this."
        ),
        click.option("--by", metavar="COST", help="With --per: rank by probability x this column."),
        click.option(
            "--per", metavar="PERIOD", help="--alerts a day (hour, week, month) or in N of --time."
        ),
        click.option("--alerts", type=float, help="Flag at most N of 1,000 rows, or N --per day."),
        click.option("--min-recall", type=float, help="Find at least this share of the positives."),
        click.option(
            "--min-precision", type=float, help="Of what is flagged, this share is right."
        ),
        click.option(
            "--maximise",
            metavar="NAME",
            help="balanced_accuracy (default), f1, mcc or gmean.",
        ),
        click.option(
            "--cost-fn",
            metavar="COST",
            help="Cost of a missed positive, likewise.",
        ),
        click.option(
            "--cost-fp",
            metavar="COST",
            help="Cost of a false alarm (with --cost-fn): a number, a column, 0.9*Amount+2.",
        ),
    ):
        function = option(function)
    return function


def goal_of(options: dict[str, Any]) -> Any:
    """Take the goal options out of a command's options and make the goal; None without any.

    Bounds go together. Raises: GoalError: more than one goal else, half of a pair of costs, or an
    option without the one that it goes with.
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
    cost_fp: str | None,
    cost_fn: str | None,
    maximise: str | None,
    min_precision: float | None,
    min_recall: float | None,
    alerts: float | None,
    per: str | None,
    by: str | None,
    review_cost: float | None,
    hit_rate: float | None,
    capacity: float | None,
) -> Any:
    from steelyard.decision import Alerts, Bounds, Maximise, MinPrecision, MinRecall
    from steelyard.decision.bound import Bound
    from steelyard.decision.goal import Goal
    from steelyard.errors import GoalError

    for flag, value in {"--per": per, "--by": by}.items():
        if value is not None and alerts is None:
            raise GoalError(f"{flag} goes with --alerts")
    makers: dict[str, tuple[Any, Callable[[Any], Goal]]] = {
        "--maximise": (maximise, Maximise),
        "--min-precision": (min_precision, lambda p: MinPrecision(p, closest=closest)),
        "--min-recall": (min_recall, lambda r: MinRecall(r, closest=closest)),
        "--alerts": (alerts, lambda n: Alerts(n, per=per, by=by, closest=closest)),
    }
    chosen = {flag: make(value) for flag, (value, make) in makers.items() if value is not None}
    bounds = {flag: goal for flag, goal in chosen.items() if isinstance(goal, Bound)}
    if len(bounds) > 1:
        chosen = {flag: goal for flag, goal in chosen.items() if flag not in bounds}
        chosen[" ".join(bounds)] = Bounds(*bounds.values())
    money = _money(cost_fp, cost_fn, review_cost, hit_rate, capacity)
    chosen |= {} if money is None else {"--cost-fp/--cost-fn": money}
    if len(chosen) > 1:
        raise GoalError(f"{' and '.join(chosen)} are different goals; give one of them")
    goal = next(iter(chosen.values()), None)
    if closest and not isinstance(goal, Bound):
        raise GoalError("--closest goes with --min-precision, --min-recall or --alerts")
    return goal


def _money(
    fp: str | None,
    fn: str | None,
    review_cost: float | None,
    hit_rate: float | None,
    capacity: float | None,
) -> Any:
    """Costs, or three-way decisions by them; None without costs."""
    from steelyard.decision import Costs, ThreeWay
    from steelyard.errors import GoalError

    if (fp is None) != (fn is None):
        given, missing = ("fp", "fn") if fn is None else ("fn", "fp")
        raise GoalError(
            f"--cost-{given} came without --cost-{missing}; give both, only their ratio decides"
        )
    if review_cost is None and (hit_rate is not None or capacity is not None):
        raise GoalError("--hit-rate and --capacity go with --review-cost")
    if fp is None or fn is None:
        if review_cost is not None:
            raise GoalError("--review-cost goes with --cost-fp and --cost-fn")
        return None
    costs = Costs(fp=fp, fn=fn)  # type: ignore[arg-type]
    if review_cost is None:
        return costs
    return ThreeWay(costs, review_cost, 1.0 if hit_rate is None else hit_rate, capacity)
