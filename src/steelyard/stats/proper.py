"""Proper scores: best, on average, for the true probabilities and for nothing else."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]

TINY = float(np.finfo(np.float64).eps)
"""The least probability a row is charged for: -log(TINY) = 36 nats, as in scikit-learn."""


def log_losses(y: Ints, p: Floats) -> Floats:
    """-log of the probability given to each row's class, in nats, shape (n,)."""
    given = p[np.arange(len(y)), y]
    return -np.log(np.clip(given, TINY, 1 - TINY))


def squared_distances(y: Ints, p: Floats) -> Floats:
    """Squared distance of each row's probabilities from its one-hot truth, shape (n,)."""
    # |p - e|^2 = |p|^2 - 2 p_true + 1 cancels for good forecasts; subtract the 1 first instead.
    gap = p.copy()
    gap[np.arange(len(y)), y] -= 1
    return np.einsum("ij,ij->i", gap, gap)


def log_loss(y: Ints, p: Floats, weight: Floats | None = None) -> tuple[float, Floats]:
    """Mean negative log probability of the true class, in nats, and each row's influence."""
    losses = log_losses(y, p)
    value = float(np.average(losses, weights=weight))
    return value, _share(weight, len(y)) * (losses - value)


def brier_score(y: Ints, p: Floats, weight: Floats | None = None) -> float:
    """Mean squared distance from the truth: over both classes in [0, 1], over more in [0, 2]."""
    halved = 2 if p.shape[1] == 2 else 1
    return float(np.average(squared_distances(y, p), weights=weight)) / halved


def brier_skill(y: Ints, p: Floats, weight: Floats | None = None) -> tuple[float, Floats]:
    """1 - Brier score / Brier score of always saying the class shares, and influences.

    1 is best, 0 worthless; two classes with rows at least.
    """
    shares = np.bincount(y, weight, minlength=p.shape[1])
    shares = shares / shares.sum()
    squares = squared_distances(y, p)
    score = float(np.average(squares, weights=weight))
    constant = float(shares @ (1 - shares))
    relative = squares / score - 1 if score > 0 else np.zeros(len(y))
    of_constant = -2 * (shares[y] - float(shares @ shares)) / constant
    psi = -(score / constant) * (relative - of_constant)
    return 1 - score / constant, _share(weight, len(y)) * psi


def _share(weight: Floats | None, n: int) -> Any:
    return 1 / n if weight is None else weight / weight.sum()
