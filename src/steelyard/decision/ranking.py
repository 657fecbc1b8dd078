"""The best rows of each period, and the threshold that flags as many on average."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.decision.alerts import Alerts
from steelyard.decision.goal import Goal
from steelyard.decision.rule import DecisionRule
from steelyard.errors import DataError
from steelyard.stats.expression import Expression
from steelyard.stats.limits import TO_COMPARE, TO_NAME_BEST
from steelyard.stats.periods import per_words, period_of
from steelyard.stats.row_costs import RowCosts
from steelyard.stats.threshold_table import shortest_between
from steelyard.stats.validation import Floats

Columns = Mapping[str, ArrayLike]


def ranks_rows(goal: Goal) -> bool:
    """Whether a goal decides over rows that are seen together, period by period."""
    return isinstance(goal, Alerts) and goal.per is not None


def best_of_each_period(goal: Alerts, p: Floats, columns: Columns) -> NDArray[np.bool_]:
    """The rows to flag, shape (rows,), by the probability of the class of interest.

    `columns`: the time column and what `goal.by` is computed from.
    Raises: DataError: a column is not there, or a row has no time.
    """
    score, period = worth(goal, p, columns), _periods(goal, columns)
    order = np.lexsort((np.arange(len(p)), -score, period))
    sorted_period = period[order]
    starts = np.flatnonzero(np.diff(sorted_period, prepend=sorted_period[:1] - 1))
    sizes = np.diff(np.append(starts, len(order)))
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    flagged = np.zeros(len(p), dtype=bool)
    flagged[order] = place < goal.most
    return flagged & (score > 0.0) if goal.by is not None else flagged


def worth(goal: Alerts, p: Floats, columns: Columns) -> Floats:
    """What rows are ranked by; a row without a value of `by` counts with the mean of the others."""
    if goal.by is None:
        return np.asarray(p, dtype=np.float64)
    return np.asarray(p * _by(goal, columns))


def average_rule(
    goal: Alerts, p: Floats, columns: Columns, weight: Floats, positive: int
) -> DecisionRule:
    """The rule of one row alone that flags, on average, as many rows as the budget allows.

    `weight`: how many rows of deployment each row stands for.
    """
    score = worth(goal, p, columns)
    # Before its time comes, nobody knows how many rows a period will have.
    rate = best_of_each_period(goal, p, columns).mean()
    order = np.argsort(-score, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    last_of_ties = np.append(np.diff(score[order]) != 0, True)
    fits = last_of_ties & (reached <= rate + 1e-12)
    # Where the first scores are tied beyond the rate, those alone.
    at = int(np.flatnonzero(fits)[-1]) if fits.any() else int(np.flatnonzero(last_of_ties)[0])
    reached_by, below = score[order][at], score[order][at + 1 :]
    # A short number between the last row that is flagged and the next: the same on every machine.
    next_one = max(float(below[0]), 0.0) if len(below) else 0.0
    ends = np.array([next_one]), np.array([max(float(reached_by), 1e-300)])
    least = float(shortest_between(*ends)[0])
    if goal.by is None:
        return DecisionRule(threshold=min(least, 1.0), positive=positive)
    # p * by >= least is the rule of these costs: p >= least / (least + (by - least)).
    mean = float(_by(goal, columns).mean())
    missing = (least, max(mean - least, 0.0))
    return DecisionRule(
        row_costs=RowCosts(least, f"({goal.by}) - {least!r}", missing), positive=positive
    )


def ranked_value(goal: Alerts, flagged: Any, truth: Any, columns: Columns) -> float:
    """Share of the positives, or of what they are worth, that is flagged."""
    of = truth.astype(np.float64)
    if goal.by is not None:
        of = of * np.maximum(_by(goal, columns), 0.0)
    return float(of[flagged].sum() / of.sum()) if of.sum() > 0.0 else 0.0


def ranked_notes(
    goal: Alerts, p: Floats, truth: Any, flagged: Any, columns: Columns
) -> tuple[str, ...]:
    """What to know of a budget by period on these rows."""
    period = _periods(goal, columns)
    sizes = np.unique(period, return_counts=True)[1]
    each, short = per_words(goal.per or ""), int((sizes < goal.most).sum())
    said = [
        f"ranked {each} in files (predict, evaluate): {flagged.sum() / len(sizes):.3g} alerts on "
        f"average over {len(sizes):,} periods; the model alone sees one row and cannot know its "
        "rank: it flags from the threshold on that gives as many on average"
    ]
    if short:
        said.append(f"{short:,} of {len(sizes):,} periods have fewer rows than the budget")
    empty = len(sizes) - len(np.unique(period[truth]))
    if empty:
        said.append(
            f"{empty:,} of {len(sizes):,} periods hold no positive: all alerts there are false"
        )
    if len(p) > 1 and (p == p[0]).all():
        said.append("all rows have the same probability: of equal rows the earlier are taken")
    positives = int(truth.sum())
    if positives < TO_NAME_BEST:
        tail = "a guess" if positives < TO_COMPARE else "uncertain"
        said.append(f"only {positives} positives: what is found is {tail}")
    return tuple(said)


def _periods(goal: Alerts, columns: Columns) -> NDArray[np.int64]:
    name = goal.time or "time"
    if name not in columns:
        raise DataError(
            f"a budget {per_words(goal.per or '')} needs to know when a row was, but there is no "
            f"column {name!r} beside the others ({', '.join(map(repr, columns)) or 'none'})"
        )
    return period_of(columns[name], goal.per or 1.0)


def _by(goal: Alerts, columns: Columns) -> Floats:
    expression = Expression(goal.by or "")
    absent = [name for name in expression.columns if name not in columns]
    if absent:
        raise DataError(f"there is no column {absent[0]!r}, which alerts are ranked by")
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        raw = expression.of({n: np.asarray(columns[n], np.float64) for n in expression.columns})
    known = np.isfinite(raw)
    if not known.any():
        raise DataError(f"{goal.by!r}, which alerts are ranked by, has no value in any row")
    return np.where(known, raw, raw[known].mean())
