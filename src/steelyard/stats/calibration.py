"""Do the probabilities keep their promise? Observed over expected, class by class."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from steelyard.stats.newton import logistic, minimise
from steelyard.stats.validation import labelled, log_of


def observed_expected(
    p: ArrayLike, y: ArrayLike, *, level: float = 0.95
) -> list[dict[str, float | None]]:
    """Rows seen of each class over rows promised, with an interval; 1 is the target.

    The interval is the score interval of a count whose variance is a fixed share of its mean. The
    share comes from the probabilities (a sum of unequal coin flips varies less than a Poisson
    count), or from the errors made where those are larger (probabilities that are too sure of
    themselves), so that it holds for the large class as well as for the rare one.

    Args:
        p: shape (rows, classes). y: codes, shape (rows,), at natural prevalence.
        level: of the interval.
    Returns: one `{value, low, high}` per class; all None for a class that was neither promised
        nor seen, value and high None for one that was seen only.
    """
    values, codes = labelled(p, y)
    z = float(ndtri(0.5 + level / 2.0))
    classes = values.shape[1]
    observed = np.bincount(codes, minlength=classes).astype(np.float64)
    expected = values.sum(axis=0)
    promised_squares = (values**2).sum(axis=0)
    hits = np.bincount(codes, weights=values[np.arange(len(codes)), codes], minlength=classes)
    errors = observed - 2.0 * hits + promised_squares
    return [
        _ratio(*numbers, z)
        for numbers in zip(observed, expected, promised_squares, errors, strict=True)
    ]


def calibration_line(p: ArrayLike, positive: ArrayLike) -> tuple[float, float] | None:
    """Intercept and slope of the line on the logit that would make probabilities true.

    Args:
        p: probability of one class, shape (rows,). positive: whether it was that class, bool.
    Returns: the intercept at slope 1 (0 where probabilities are true on average) and the slope (1
        where they are as sure as they should be); None where all rows are of one kind, or parted
        so well that no line is the best.
    Source: Cox, "Two further applications of a model for binary regression", Biometrika 45 (1958).

    >>> rng = np.random.default_rng(0)
    >>> p = rng.beta(1, 9, 20_000)
    >>> intercept, slope = calibration_line(p, rng.random(20_000) < p)
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
    one, times = np.ones((len(logit), 1)), np.ones(len(logit))
    intercept, _ = minimise(logistic(one, truth, times, logit), np.zeros(1))
    line, _ = minimise(logistic(np.column_stack([one, logit]), truth, times), np.array([0.0, 1.0]))
    found = float(intercept[0]), float(line[1])
    return found if np.isfinite(found).all() else None


def holds_one(ratio: dict[str, Any]) -> bool:
    """Whether the interval of an observed/expected ratio holds 1."""
    if ratio["low"] is None:
        return True
    return ratio["low"] <= 1.0 and (ratio["high"] is None or ratio["high"] >= 1.0)


def _ratio(
    observed: float, expected: float, promised_squares: float, errors: float, z: float
) -> dict[str, float | None]:
    if expected <= 0.0:
        return {"value": None, "low": 1.0 if observed else None, "high": None}
    dispersion = max(1.0 - promised_squares / expected, errors / max(observed, 1.0))
    # Solves (observed - mean)^2 = z^2 * dispersion * mean for the mean.
    half = z * z * dispersion / 2.0
    reach = np.sqrt(2.0 * half * observed + half * half)
    low, high = observed + half - reach, observed + half + reach
    return {
        "value": float(observed / expected),
        "low": float(max(low, 0.0) / expected),
        "high": float(high / expected),
    }
