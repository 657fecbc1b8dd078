"""Do the probabilities keep their promise? Observed over expected, slope, and bins."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.stats.newton import logistic, minimise
from steelyard.stats.validation import log_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BINS = 10
# Width of a group of logits, where probabilities differ over many units of logit.
LOGIT_STEP = 1.0 / 128.0


def observed_expected_influence(
    is_hit: Bools, p: Floats, weight: Floats | None = None
) -> tuple[float, Floats]:
    """Rows of the class over the sum of its probabilities, and each row's influence."""
    mass = 1.0 if weight is None else weight
    expected = float((mass * p).sum())
    value = float((mass * is_hit).sum()) / expected
    return value, mass * (is_hit - value * p) / expected


def calibration_line(
    positive: ArrayLike, p: ArrayLike, weight: ArrayLike | None = None
) -> tuple[float, float] | None:
    """Intercept and slope of the line on the logit that would make probabilities true.

    Args:
        positive: whether a row is of the class, bool (rows,). p: its probability, shape (rows,).
        weight: how much each row counts, shape (rows,).
    Returns: the intercept at slope 1 (0 where probabilities are true on average) and the slope (1
        where they are as sure as they should be); None where all rows are of one kind, or parted
        so well that no line is the best.
    Source: Cox, "Two further applications of a model for binary regression", Biometrika 45 (1958).

    >>> rng = np.random.default_rng(0)
    >>> p = rng.beta(1, 9, 20_000)
    >>> intercept, slope = calibration_line(rng.random(20_000) < p, p)
    >>> abs(intercept) < 0.1, abs(slope - 1) < 0.1
    (True, True)
    """
    share, truth = np.asarray(p, dtype=np.float64), np.asarray(positive, dtype=np.float64)
    if truth.min() == truth.max():
        return None
    logit = log_of(share) - log_of(1.0 - share)
    of_ones, of_zeros = logit[truth == 1], logit[truth == 0]
    if of_ones.min() >= of_zeros.max() or of_ones.max() <= of_zeros.min():
        return None
    logit, truth, sample_weight = _grouped(logit, truth, weight)
    one = np.ones((len(logit), 1))
    intercept, _ = minimise(logistic(one, truth, sample_weight, logit), np.zeros(1))
    line, _ = minimise(
        logistic(np.column_stack([one, logit]), truth, sample_weight), np.array([0.0, 1.0])
    )
    found = float(intercept[0]), float(line[1])
    return found if np.isfinite(found).all() else None


def _grouped(logit: Floats, truth: Floats, weight: ArrayLike | None) -> tuple[Any, Any, Any]:
    """Mean logit, share of positives and weight of rows of nearly one logit: many stood for by few.

    A logit is off by at most half a `LOGIT_STEP`; a slope moves by a hundredth of its error.
    """
    step = np.round((logit - logit.min()) / LOGIT_STEP).astype(np.int64)
    mass = np.ones(len(step)) if weight is None else np.asarray(weight, dtype=np.float64)
    total = np.bincount(step, mass)
    kept = total > 0
    of_logit, of_truth = (
        np.bincount(step, mass * each)[kept] / total[kept] for each in (logit, truth)
    )
    return of_logit, of_truth, total[kept]


def calibration_error(
    is_hit: Bools, p: Floats, weight: Floats | None = None, *, bins: int = BINS
) -> float:
    """Sum over equal-mass bins of |sum of (p - y)| / all mass.

    The running sum of p - y is cut at equal mass. Rows that share a score share their mean
    outcome, so a cut through them does not depend on their order.
    """
    values, at = np.unique(p, return_inverse=True)
    mass = np.bincount(at, weight)
    hits = np.bincount(
        at[is_hit], None if weight is None else weight[is_hit], minlength=len(values)
    )
    upto = np.concatenate([[0.0], np.cumsum(mass)])
    excess = np.concatenate([[0.0], np.cumsum(values * mass - hits)])
    cuts = np.interp(np.linspace(0, upto[-1], bins + 1), upto, excess)
    return float(np.abs(np.diff(cuts)).sum() / upto[-1])
