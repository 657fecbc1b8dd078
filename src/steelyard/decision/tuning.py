"""Tuning a decision rule to a goal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from steelyard.decision.alerts import Alerts
from steelyard.decision.costs import CostMatrix, Costs, costs_by_row
from steelyard.decision.goal import Goal
from steelyard.decision.goals import Maximise, Threshold, as_goal, check_goal
from steelyard.decision.ranking import (
    average_rule,
    best_of_each_period,
    ranked_notes,
    ranked_value,
)
from steelyard.decision.row_tuning import row_notes
from steelyard.decision.rule import DecisionRule
from steelyard.decision.three_way import ThreeWay, tuned_three_way
from steelyard.decision.threshold_tuning import tune_threshold
from steelyard.decision.weight_tuning import tune_weights
from steelyard.decision.weighted_rows import Rows
from steelyard.errors import GoalError
from steelyard.stats.row_costs import RowCosts, paid
from steelyard.stats.validation import Codes, Floats, labelled, row_weights, shares

Range = tuple[float, float]


@dataclass(frozen=True)
class TunedRule:
    """A rule and how sure it is.

    `measure` names what `value` is, on the rows it was tuned on; `optimism` is by how much such a
    metric flatters (bootstrap), so `value - optimism` is what fresh rows give on average.
    `interval` (95 %, bootstrap) and `near_best` (all that do within 1 % of the best) are of the
    threshold, or one per class of its weight with the others as they are; None where nothing was
    tuned or where they were not asked for. `out_of_reach` says why no threshold is sure to keep the
    goal's bound, where none is; `holds` is the probability that this one keeps it on new rows.
    """

    rule: DecisionRule
    goal: Goal
    measure: str
    value: float
    optimism: float | None = None
    interval: Range | tuple[Range, ...] | None = None
    near_best: Range | tuple[Range, ...] | None = None
    notes: tuple[str, ...] = ()
    out_of_reach: str | None = None
    holds: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "rule": self.rule.to_dict(),
            "goal": self.goal.to_dict(),
            "measure": self.measure,
            "value": self.value,
            "optimism": self.optimism,
            "interval": np.array(self.interval).tolist() if self.interval else None,
            "near_best": np.array(self.near_best).tolist() if self.near_best else None,
            "notes": list(self.notes),
            "out_of_reach": self.out_of_reach,
            "holds": self.holds,
        }


def tune(
    p: ArrayLike,
    y: ArrayLike,
    goal: Goal | str,
    *,
    positive: int,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    deployed_on: ArrayLike | None = None,
    seed: int = 0,
    interval: bool = True,
    strict: bool = True,
    labels: Sequence[Any] | None = None,
    columns: Mapping[str, ArrayLike] | None = None,
) -> TunedRule:
    """The decision rule that serves the goal best on these rows.

    Costs need no tuning: with true probabilities the rule follows from them. Everything else is
    tuned over all thresholds (two classes) or by raising one class weight at a time (more).

    Args:
        p: true (corrected, calibrated) probabilities, out of fold, shape (rows, classes).
        y: codes, shape (rows,), at natural prevalence.
        goal: what the rule is for; a name is a metric to maximise.
        positive: code of the class of interest.
        groups: rows of one group are drawn together in the bootstrap, and count as one row where
            a bound is tested, shape (rows,).
        sample_weight: how much each row counts, shape (rows,): 1 / its chance of being drawn.
        deployed_on: class shares where the rule will be used, if they are not those of the rows;
            `p` is then true under them (`correct_prior`), and rows count by their class.
        seed: of the bootstrap.
        interval: False leaves out all that needs the bootstrap, where only the rule matters.
        strict: False takes the rule that comes closest where no rule is sure to keep the goal's
            bound, and says so in `out_of_reach` and `notes`.
        labels: names of the classes, for the notes; by default their codes.
        columns: what `goal.columns` names, each of shape (rows,).
    Raises: GoalError: a goal that does not fit the classes, or that no threshold reaches.
        DataError: a column that the goal needs is not there.

    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])
    >>> tune(p, [0, 0, 1, 1], Maximise("mcc"), positive=1, interval=False).rule.threshold
    0.25
    """
    values, codes = labelled(p, y)
    classes, goal = values.shape[1], as_goal(goal)
    check_goal(goal, classes)
    if not 0 <= positive < classes:
        raise GoalError(f"positive is {positive}; codes of {classes} classes run from 0")
    owners = None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    known = columns or {}
    named = {name: np.asarray(known[name]) for name in goal.columns if name in known}
    weights = row_weights(sample_weight, len(codes))
    if weights is not None and not weights.all():
        counted = weights > 0.0
        values, codes, weights = values[counted], codes[counted], weights[counted]
        owners = None if owners is None else np.unique(owners[counted], return_inverse=True)[1]
        named = {name: column[counted] for name, column in named.items()}
    each_class = _stood_for(codes, classes, deployed_on, weights)
    stood_for = each_class[codes] if weights is None else each_class[codes] * weights
    rows = Rows(values, codes, stood_for)
    given: dict[str, Any] = {"sample_weight": weights, "deployed_on": deployed_on}
    found = _by_formula(rows, goal, named, positive, given)
    if found is not None:
        return found
    if isinstance(goal, Maximise) and classes > 2:
        options: dict[str, Any] = {"seed": seed, "interval": interval, "labels": labels}
        tuned = tune_weights(rows, goal, groups=owners, **options)
        return TunedRule(DecisionRule(weights=tuned.best), goal, **tuned.fields())
    if isinstance(goal, Threshold):
        return _by_hand(goal, values[:, positive] >= goal.p, codes == positive, positive, weights)
    cut = tune_threshold(
        values[:, positive],
        codes == positive,
        goal,
        weights=weights,
        each=float(each_class[1 - positive] / each_class[positive]),
        groups=owners,
        seed=seed,
        interval=interval,
        strict=strict,
    )
    return TunedRule(DecisionRule(cut.threshold, positive), goal, **cut.fields())


def _by_formula(
    rows: Rows,
    goal: Goal,
    columns: Mapping[str, ArrayLike],
    positive: int,
    given: dict[str, Any],
) -> TunedRule | None:
    """The rule of a goal that true probabilities decide without a search; None of any other."""
    p, truth = rows.p[:, positive], rows.y == positive
    if isinstance(goal, CostMatrix):
        rule = DecisionRule(costs=goal.costs)
        cost = np.array(goal.costs)[rows.y, rule.decide(rows.p)]
        return TunedRule(
            rule, goal, goal.measure, float(np.average(cost, weights=rows.sample_weight))
        )
    if isinstance(goal, ThreeWay):
        three, value, notes = tuned_three_way(goal, p, truth, columns, rows.sample_weight)
        rule = DecisionRule(three_way=three, positive=positive)
        return TunedRule(rule, goal, goal.measure, value, notes=notes)
    if isinstance(goal, Alerts) and goal.per is not None:
        return _ranked(rows, goal, columns, positive)
    by_row = costs_by_row(goal, columns, truth)
    return None if by_row is None else _by_row(rows, goal, by_row, columns, positive, given)


def _by_row(
    rows: Rows,
    goal: Goal,
    by_row: RowCosts,
    columns: Mapping[str, ArrayLike],
    positive: int,
    given: dict[str, Any],
) -> TunedRule:
    """Each row at its own threshold, which follows from its costs; `given`: as `tune` was."""
    rule, truth = DecisionRule(row_costs=by_row, positive=positive), rows.y == positive
    costs, flagged = by_row.of(columns), rule.decide(rows.p, columns) == positive
    notes = row_notes(by_row, columns, truth, flagged, rows.p[:, positive])
    if (costs == costs[0]).all():
        # The very result of constant costs, to the last digit.
        alike = Costs(*costs[0].tolist())
        same = tune(rows.p, rows.y, alike, positive=positive, interval=False, **given)
        return replace(same, rule=rule, goal=goal, notes=(*same.notes, *notes))
    value = float(np.average(paid(costs, truth, flagged), weights=rows.sample_weight))
    return TunedRule(rule, goal, goal.measure, value, notes=notes)


def _ranked(rows: Rows, goal: Alerts, columns: Mapping[str, ArrayLike], positive: int) -> TunedRule:
    """The rule that flags as many rows on average; its value is that of ranking the rows."""
    p, truth = rows.p[:, positive], rows.y == positive
    flagged = best_of_each_period(goal, p, columns)
    rule = average_rule(goal, p, columns, rows.sample_weight, positive)
    value = ranked_value(goal, flagged, truth, columns)
    notes = ranked_notes(goal, p, truth, flagged, columns)
    return TunedRule(rule, goal, goal.measure, value, notes=notes)


def _by_hand(
    goal: Threshold, flagged: Any, truth: Any, positive: int, weights: Floats | None
) -> TunedRule:
    """Nothing is tuned; its balanced accuracy says how it does on these rows."""
    shares = [0.5]
    if 0 < truth.mean() < 1:
        right = flagged == truth
        counted = np.ones(len(truth)) if weights is None else weights
        shares = [np.average(right[of], weights=counted[of]) for of in (truth, ~truth)]
    return TunedRule(DecisionRule(goal.p, positive), goal, goal.measure, float(np.mean(shares)))


def _stood_for(
    codes: Codes, classes: int, deployed_on: ArrayLike | None, weights: Floats | None
) -> Floats:
    """How many rows of deployment a row of weight 1 of each class stands for, up to a factor."""
    if deployed_on is None:
        return np.ones(classes)
    here = np.bincount(codes, weights, minlength=classes)
    here = here / here.sum()
    there = shares(deployed_on, classes, "deployed_on")
    return np.where(here > 0.0, there / np.where(here > 0.0, here, 1.0), 1.0)
