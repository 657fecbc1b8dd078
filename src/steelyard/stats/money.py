"""What decisions cost where every row has costs of its own, and what they save.

The cost per row is a mean of few large numbers among zeros. Its interval is Student's t on the log
scale, with degrees of freedom from the fourth moment, so that a handful of large losses makes it
wide. It holds .91-.98 of the time for amounts that are all equal, lognormal with sigma 1, or Pareto
with exponent 2 or 3, from 10 missed rows on; lognormal with sigma 1.5: .83 at 10, .90 at 50. With
heavier tails (sigma 2, exponent 1.5) it holds .71-.86: the loss that matters most has not been
seen, and no interval from these rows knows of it (`benchmarks/money.py`).
"""

import math

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.influence import standard_error
from steelyard.stats.intervals import Interval, quantile
from steelyard.stats.row_costs import paid

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]
Value = dict[str, float | None]

LARGEST = 50.0  # logarithm of a factor; with one costly row an interval says nothing anyhow


def ratio_of_costs(
    costs: Floats, truth: NDArray[np.bool_], flagged: NDArray[np.bool_], weight: Floats | None
) -> tuple[float, Floats] | None:
    """Cost of the decisions over that of the better of flagging none and all; its influences.

    None where doing nothing costs nothing.
    """
    mass = np.ones(len(truth)) if weight is None else weight
    none, every = mass * costs[:, 1] * truth, mass * costs[:, 0] * ~truth
    best = none if none.sum() <= every.sum() else every
    if best.sum() <= 0.0:
        return None
    mine = mass * paid(costs, truth, flagged)
    value = float(mine.sum() / best.sum())
    return value, (mine - value * best) / best.sum()


def in_money(
    costs: Floats,
    truth: NDArray[np.bool_],
    flagged: NDArray[np.bool_],
    *,
    p: Floats,
    groups: Ints | None = None,
    weight: Floats | None = None,
) -> dict[str, Value]:
    """Cost per row, and what is saved by it, each with a 95 % interval.

    Args:
        costs: of a false alarm and a miss, shape (rows, 2), >= 0.
        truth, flagged: whether a row is positive, and is decided to be, shape (rows,).
        p: its probability of being positive, shape (rows,).
        groups: codes of rows that belong together.
        weight: how much each row counts, shape (rows,).
    Returns: `{value, low, high}` per row of `cost_per_row`; `cost_of_none`, `cost_of_all`, flagging
        no row, every row; `one_threshold`, flagging all rows from that of the mean costs on; and
        what is saved against these, `saved` (the cheaper of none and all) and
        `saved_by_row` (one threshold).

    >>> costs, truth = np.array([[5.0, 100.0]] * 4), np.arange(4) < 2
    >>> found = in_money(costs, truth, np.arange(4) == 1, p=np.array([0.0, 0.9, 0.0, 0.0]))
    >>> found["cost_per_row"]["value"], found["cost_of_all"]["value"], found["saved"]["value"]
    (25.0, 2.5, -22.5)
    """
    mass = np.ones(len(truth)) if weight is None else weight / weight.mean()
    none, every = np.where(truth, costs[:, 1], 0.0), np.where(truth, 0.0, costs[:, 0])
    best = none if (mass * none).sum() <= (mass * every).sum() else every
    alarm, miss = mean_costs(costs, truth, mass)
    mine, alike = paid(costs, truth, flagged), paid(costs, truth, p >= alarm / (alarm + miss))
    return {
        "cost_per_row": _positive(mine, mass, groups, unseen(costs, truth)),
        "cost_of_none": _positive(none, mass, groups),
        "cost_of_all": _positive(every, mass, groups),
        "one_threshold": _positive(alike, mass, groups),
        "saved": _signed(best - mine, mass, groups),
        "saved_by_row": _signed(alike - mine, mass, groups),
    }


def by_share_flagged(
    costs: Floats, truth: NDArray[np.bool_], p: Floats, points: int = 200
) -> dict[str, list[float]]:
    """Cost per 1,000 rows when the rows of largest expected saving are flagged, and by p alone.

    Returns: `flagged`, shares of all rows; `cost` of flagging so many by p * fn - (1 - p) * fp, and
        `by_probability` of flagging as many by p.
    """
    rows = len(p)
    at = np.unique(np.append(np.geomspace(1, rows, points - 1).round(), 0)).astype(int)
    gained = np.where(truth, costs[:, 1], -costs[:, 0])  # by flagging a row
    none = float(costs[truth, 1].sum())

    def curve(rank: Floats) -> list[float]:
        won = np.append(0.0, np.cumsum(gained[np.argsort(-rank, kind="stable")]))
        return (1000.0 * (none - won[at]) / rows).tolist()

    return {
        "flagged": (at / rows).tolist(),
        "cost": curve(expected_saving(costs, p)),
        "by_probability": curve(p),
    }


def expected_saving(costs: Floats, p: Floats) -> Floats:
    """What flagging each row is expected to save, shape (rows,)."""
    return p * costs[:, 1] - (1.0 - p) * costs[:, 0]


def mean_cost(each: Floats) -> Value:
    """A mean of costs >= 0 with its interval."""
    return _positive(each, np.ones(len(each)), None)


def mean_costs(costs: Floats, truth: NDArray[np.bool_], mass: Floats) -> tuple[float, float]:
    """Mean cost of a false alarm and of a miss, over the rows that it can happen to."""
    kinds = [kind if kind.any() else np.full(len(truth), True) for kind in (~truth, truth)]
    alarm, miss = (np.average(costs[of, k], weights=mass[of]) for k, of in enumerate(kinds))
    return float(alarm), float(miss)


def trivial_costs(costs: Floats, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Cost per row of flagging no row, and of flagging every row."""
    rows = len(truth)
    return float(costs[truth, 1].sum() / rows), float(costs[~truth, 0].sum() / rows)


def unseen(costs: Floats, truth: NDArray[np.bool_]) -> float:
    """Most that a row costs on average where no mistake was seen: both rates at their bounds."""
    rows = len(truth)
    return float(
        sum(
            (1.0 - 0.025 ** (1.0 / kind.sum())) * costs[kind, k].sum() / rows
            for k, kind in ((0, ~truth), (1, truth))
            if kind.any()
        )
    )


def factor_interval(
    value: float, influence: Floats, groups: Ints | None, at_most: float
) -> Interval:
    """The 95 % interval of something that moves by factors; `at_most` is the upper end of 0."""
    if value <= 0.0:
        return Interval(0.0, at_most)
    error, df = standard_error(influence, groups)
    factor = math.exp(min(quantile(df, 0.95) * error / value, LARGEST))
    return Interval(value / factor, value * factor)


def _positive(each: Floats, mass: Floats, groups: Ints | None, at_most: float = 0.0) -> Value:
    value, influence = _mean(each, mass)
    return _entry(value, factor_interval(value, influence, groups, at_most))


def _signed(each: Floats, mass: Floats, groups: Ints | None) -> Value:
    value, influence = _mean(each, mass)
    error, df = standard_error(influence, groups)
    reach = quantile(df, 0.95) * error
    return _entry(value, Interval(value - reach, value + reach))


def _mean(each: Floats, mass: Floats) -> tuple[float, Floats]:
    """A mean of rows that count by `mass`, whose mean is 1, and each row's influence on it."""
    value = float((mass * each).mean())
    return value, mass * (each - value) / len(each)


def _entry(value: float, interval: Interval) -> Value:
    return {"value": value, "low": float(interval.low), "high": float(interval.high)}
