"""The rule that turns a true probability into a class, and its tuning to a goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from steelyard.decision.goals import CostMatrix, Goal, Maximise, Threshold, as_goal, check_goal
from steelyard.decision.threshold_tuning import tune_threshold
from steelyard.decision.weight_tuning import tune_weights
from steelyard.decision.weighted_rows import Rows
from steelyard.errors import GoalError
from steelyard.stats.validation import (
    Codes,
    Floats,
    class_weights,
    labelled,
    probabilities,
    row_weights,
    shares,
)


@dataclass(frozen=True)
class DecisionRule:
    """One of three rules; ties go to the lower code, except at the threshold itself.

    `threshold`: of two classes, `positive` (default 1) where its probability is at least this.
    `weights`: one factor per class, the class with the largest p * weight.
    `costs`: `costs[true][decided]`, the class with the least expected cost.

    >>> DecisionRule(threshold=0.1).decide([[0.9, 0.1], [0.95, 0.05]])
    array([1, 0])
    >>> DecisionRule(weights=(1, 1, 10)).decide([[0.6, 0.3, 0.1]])
    array([2])
    """

    threshold: float | None = None
    positive: int | None = None
    weights: tuple[float, ...] | None = None
    costs: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        given = [
            name for name in ("threshold", "weights", "costs") if getattr(self, name) is not None
        ]
        if len(given) != 1:
            raise GoalError(
                f"a decision rule got {' and '.join(given) or 'nothing'}; "
                "give one of threshold, weights, costs"
            )
        if self.threshold is not None:
            self._check_threshold(self.threshold)
        elif self.positive is not None:
            raise GoalError(f"positive is {self.positive}, which only a threshold can use")
        if self.weights is not None:
            object.__setattr__(self, "weights", class_weights(self.weights))
        if self.costs is not None:
            object.__setattr__(self, "costs", CostMatrix(self.costs).costs)

    def _check_threshold(self, threshold: float) -> None:
        positive = 1 if self.positive is None else self.positive
        if not 0.0 <= threshold <= 1.0:
            raise GoalError(f"the threshold is {threshold}; give a probability, 0 to 1")
        if positive not in (0, 1):
            raise GoalError(
                f"positive is {positive}, but a threshold parts two classes, 0 and 1; "
                "use weights for more"
            )
        object.__setattr__(self, "threshold", float(threshold))
        object.__setattr__(self, "positive", int(positive))

    def decide(self, p: ArrayLike) -> Codes:
        """The class code of each row, shape (rows,), from probabilities (rows, classes)."""
        values = probabilities(p)
        needed = next(len(rule) for rule in (self.weights, self.costs, (0, 1)) if rule is not None)
        if values.shape[1] != needed:
            raise GoalError(
                f"a rule for {needed} classes met probabilities of {values.shape[1]} classes"
            )
        if self.weights is not None:
            return np.argmax(values * np.array(self.weights), axis=1)
        if self.costs is not None:
            return np.argmin(values @ np.array(self.costs), axis=1)
        positive = int(self.positive or 0)
        return np.where(values[:, positive] >= (self.threshold or 0.0), positive, 1 - positive)

    def to_dict(self) -> dict[str, Any]:
        """The arguments that are set, as plain values: `DecisionRule(**rule.to_dict())`."""
        values: dict[str, Any] = {
            name: value for name, value in vars(self).items() if value is not None
        }
        if self.weights is not None:
            values["weights"] = list(self.weights)
        if self.costs is not None:
            values["costs"] = [list(row) for row in self.costs]
        return values

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "DecisionRule":
        """The rule that `to_dict` described."""
        return DecisionRule(**values)


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
    Raises: GoalError: a goal that does not fit the classes, or that no threshold reaches.

    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])
    >>> tune(p, [0, 0, 1, 1], Maximise("mcc"), positive=1, interval=False).rule
    DecisionRule(threshold=0.25, positive=1, weights=None, costs=None)
    """
    values, codes = labelled(p, y)
    classes, goal = values.shape[1], as_goal(goal)
    check_goal(goal, classes)
    if not 0 <= positive < classes:
        raise GoalError(f"positive is {positive}; codes of {classes} classes run from 0")
    owners = None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    weights = row_weights(sample_weight, len(codes))
    if weights is not None and not weights.all():
        counted = weights > 0.0
        values, codes, weights = values[counted], codes[counted], weights[counted]
        owners = None if owners is None else np.unique(owners[counted], return_inverse=True)[1]
    each_class = _stood_for(codes, classes, deployed_on, weights)
    stood_for = each_class[codes] if weights is None else each_class[codes] * weights
    if isinstance(goal, CostMatrix):
        # With true probabilities the costs alone decide.
        rule = DecisionRule(costs=goal.costs)
        paid = np.array(goal.costs)[codes, rule.decide(values)]
        return TunedRule(rule, goal, "cost per row", float(np.average(paid, weights=stood_for)))
    if isinstance(goal, Maximise) and classes > 2:
        rows = Rows(values, codes, stood_for)
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
