"""Class weights for several classes: move one weight at a time to its best place, exactly."""

import numpy as np

from steelyard.decision.goal_metric import goal_metric
from steelyard.decision.goals import Maximise
from steelyard.decision.objective import run_around
from steelyard.decision.weighted_rows import Rows
from steelyard.stats.confusion import Margins
from steelyard.stats.validation import Codes, Floats

SWEEPS = 4


def value_of(rows: Rows, log_w: Floats, goal: Maximise) -> float:
    """The goal's metric of argmax(p * weight)."""
    decided = np.argmax(rows.log_p + log_w, axis=1)
    return value_of_decisions(rows, decided, goal)


def value_of_decisions(rows: Rows, decided: Codes, goal: Maximise) -> float:
    """The goal's metric of these decisions."""
    classes = rows.log_p.shape[1]
    right = np.bincount(rows.y, rows.sample_weight * (decided == rows.y), classes).astype(
        np.float64
    )
    answers = np.bincount(decided, rows.sample_weight, classes).astype(np.float64)
    margins = Margins(right, rows.counts, answers)
    return float(goal_metric(goal.metric, margins, beta=goal.beta))


def climb(rows: Rows, log_w: Floats, goal: Maximise, sweeps: int = SWEEPS) -> Floats:
    """Log weights from which no single move helps (or `sweeps` rounds from `log_w`)."""
    best = value_of(rows, log_w, goal)
    for _ in range(sweeps):
        before = best
        for k in range(len(log_w)):
            edges, values = scan(rows, log_w, k, goal)
            if values.max() > best + 1e-12:
                best = float(values.max())
                low, high = _interval(edges, values, int(values.argmax()), best - 1e-12)
                log_w = log_w.copy()
                log_w[k] = (low + high) / 2.0
        if best <= before + 1e-12:
            break
    return log_w - log_w.mean()


def scan(rows: Rows, log_w: Floats, k: int, goal: Maximise) -> tuple[Floats, Floats]:
    """The metric at every log weight of class k, the other weights held.

    Returns: edges e of shape (m,) and values of shape (m + 1,): values[i] holds between e[i - 1]
    and e[i], below e[0] and above e[m - 1].
    """
    others = rows.log_p + log_w
    others[:, k] = -np.inf
    rival = np.argmax(others, axis=1)
    every = np.arange(len(rival))
    # A row becomes k's once k's log weight passes this.
    edge = others[every, rival] - rows.log_p[:, k]
    order = np.argsort(edge, kind="stable")
    edge, rival, y, sample_weight = (
        edge[order],
        rival[order],
        rows.y[order],
        rows.sample_weight[order],
    )
    apart = np.append(edge[1:] > edge[:-1], True)
    states = np.append(0, np.flatnonzero(apart) + 1)
    running = _running_recall if goal.metric == "balanced_accuracy" else _running_metric
    return edge[apart], running(rival, y, sample_weight, states, k, rows.counts, goal)


def _running_recall(
    rival: Codes,
    y: Codes,
    sample_weight: Floats,
    states: Codes,
    k: int,
    counts: Floats,
    _: Maximise,
) -> Floats:
    """Balanced accuracy after the first `states` rows went from their rival to k.

    A mean over rows with weights, so one running sum instead of two for each class.
    """
    share = sample_weight / (np.maximum(counts[y], 1e-300) * (counts > 0).sum())
    moved = share * (y == k) - share * (y == rival)
    return share[y == rival].sum() + np.append(0.0, moved.cumsum())[states]


def _running_metric(
    rival: Codes,
    y: Codes,
    sample_weight: Floats,
    states: Codes,
    k: int,
    counts: Floats,
    goal: Maximise,
) -> Floats:
    """The goal's metric after the first `states` rows went from their rival to k."""
    n, classes = len(y), len(counts)
    moved = np.arange(1, n + 1)
    right, decided = np.zeros((2, n + 1, classes))
    right[0] = np.bincount(rival, weights=sample_weight * (y == rival), minlength=classes)
    decided[0] = np.bincount(rival, weights=sample_weight, minlength=classes)
    right[moved, rival] = -sample_weight * (y == rival)
    right[1:, k] = sample_weight * (y == k)
    decided[moved, rival] = -sample_weight
    decided[1:, k] = sample_weight
    right, decided = right.cumsum(axis=0)[states], decided.cumsum(axis=0)[states]
    # Running sums may end a hair below 0.
    margins = Margins(np.maximum(right, 0.0), counts, decided)
    return goal_metric(goal.metric, margins, beta=goal.beta)


def near_range(
    rows: Rows, log_w: Floats, k: int, goal: Maximise, share: float
) -> tuple[float, float]:
    """Log weights of class k around its own that do within `share` of its value."""
    edges, values = scan(rows, log_w, k, goal)
    here = int(np.searchsorted(edges, log_w[k]))
    return _interval(edges, values, here, values[here] - share * abs(values[here]))


def _interval(edges: Floats, values: Floats, at: int, least: float) -> tuple[float, float]:
    """The stretch around state `at` in which values are at least `least`."""
    first, last = run_around(np.array(at), values >= least)
    # Beyond the last edge nothing changes any more: stay near it.
    low = edges[first - 1] if first > 0 else edges[0] - 1.0
    high = edges[last] if last < len(edges) else edges[-1] + 1.0
    return float(low), float(high)
