"""Class shares of training against class shares of deployment: correct them, estimate them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from steelyard.errors import RequestError
from steelyard.stats.validation import Floats, probabilities, shares, softmax


def correct_prior(p: ArrayLike, trained_on: ArrayLike, deployed_on: ArrayLike) -> Floats:
    """Probabilities under the class shares of deployment, in closed form.

    p'_k is proportional to p_k * deployed_k / trained_k. Exact where only the class shares differ
    (random resampling, class weights at the optimum); where training bent the scores otherwise it
    is a first guess that `check_and_refit` tests.

    Args:
        p: shape (rows, classes), rows summing to 1. A probability of 0 or 1 stays what it is.
        trained_on: class shares (or counts, or weighted counts) the model reproduces.
        deployed_on: class shares where it is used.
    Returns: shape (rows, classes).
    Raises: RequestError: a share of 0, or shapes that disagree.
    Source: Elkan, "The foundations of cost-sensitive learning", IJCAI 2001; for random
        under-sampling equal to Dal Pozzolo et al., "Calibrating probability with undersampling
        for unbalanced classification", CIDM 2015.

    >>> correct_prior([[0.1, 0.9]], trained_on=[0.5, 0.5], deployed_on=[0.98, 0.02]).round(6)
    array([[0.844828, 0.155172]])
    """
    values = probabilities(p)
    classes = values.shape[1]
    shift = np.log(shares(deployed_on, classes, "deployed_on")) - np.log(
        shares(trained_on, classes, "trained_on")
    )
    with np.errstate(divide="ignore"):  # log 0 = -inf is meant: the class stays impossible
        return softmax(np.log(values) + shift)


def factors_to(p: ArrayLike, wanted: ArrayLike, sample_weight: Floats | None = None) -> Floats:
    """Factors of the classes, shape (classes,), under which probabilities are `wanted` on average.

    Each row is multiplied by them and divided by its sum. By iteration; a class whose mean is
    already right keeps the factor 1. `sample_weight`: of the rows in the average, (rows,).

    >>> p = np.array([[0.9, 0.1], [0.6, 0.4]])
    >>> lifted = p * factors_to(p, [0.7, 0.3])
    >>> (lifted / lifted.sum(axis=1, keepdims=True)).mean(axis=0).round(6)
    array([0.7, 0.3])
    """
    values = probabilities(p)
    target = shares(wanted, values.shape[1], "wanted")
    factors = np.ones(len(target))
    for _ in range(200):
        lifted = values * factors
        mean = np.average(lifted / lifted.sum(axis=1, keepdims=True), axis=0, weights=sample_weight)
        if np.abs(mean - target).max() < 1e-9:
            break
        factors *= target / np.maximum(mean, 1e-300)
    return factors / np.exp(np.log(factors).mean())


@dataclass(frozen=True)
class PriorEstimate:
    """Class shares estimated from unlabelled rows.

    `prior` of shape (classes,); `iterations` of the EM algorithm; `converged` is False when it
    stopped at its limit.
    """

    prior: Floats
    iterations: int
    converged: bool


def estimate_prior(
    p: ArrayLike,
    trained_on: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    start: ArrayLike | None = None,
    tolerance: float = 1e-9,
    max_iterations: int = 20_000,
) -> PriorEstimate:
    """Class shares of unlabelled rows, by maximum likelihood (EM).

    Needs calibrated probabilities under `trained_on`, and the same p(x | class) as in training:
    only the shares may have moved.

    Args:
        p: shape (rows, classes), calibrated for the class shares `trained_on`.
        trained_on: those class shares, or counts.
        sample_weight: how many rows each row stands for, shape (rows,); by default 1.
        start: shares to begin with, by default `trained_on`.
        tolerance: stop when no share moves by more in one step.
        max_iterations: stop there in any case.
    Raises: RequestError: no rows, or a share of 0.
    Source: Saerens, Latinne, Decaestecker, "Adjusting the outputs of a classifier to new a priori
        probabilities", Neural Computation 14 (2002).

    >>> p = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8], [0.95, 0.05]]
    >>> estimate_prior(p, [0.5, 0.5]).prior.round(6)
    array([0.825402, 0.174598])
    """
    values = probabilities(p)
    rows, classes = values.shape
    if rows == 0:
        raise RequestError("no rows to estimate class shares from; give unlabelled rows")
    known = shares(trained_on, classes, "trained_on")
    likelihood = values / known
    prior = known if start is None else np.maximum(np.asarray(start, dtype=np.float64), 1e-12)
    weight = np.ones(rows) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    weight = weight / weight.sum()
    for iteration in range(1, max_iterations + 1):
        updated = prior * (weight / (likelihood @ prior) @ likelihood)
        moved = np.abs(updated - prior).max()
        prior = updated / updated.sum()
        if moved <= tolerance:
            return PriorEstimate(prior, iteration, converged=True)
    return PriorEstimate(prior, max_iterations, converged=False)


def likeliest_prior(p: Floats, trained_on: ArrayLike, sample_weight: Floats) -> Floats:
    """What `estimate_prior` ends at for two classes, by root finding: the likelihood is concave.

    Shapes: p (rows, 2), sample_weight (rows,); returns (2,).
    """
    from scipy.optimize import brentq

    ratio = p / shares(trained_on, 2, "trained_on")
    gap = ratio[:, 1] - ratio[:, 0]

    def slope(share: float) -> float:
        return float(sample_weight @ (gap / np.maximum(ratio[:, 0] + share * gap, 1e-300)))

    if slope(0.0) <= 0.0:
        share = 0.0
    elif slope(1.0) >= 0.0:
        share = 1.0
    else:
        share = float(brentq(slope, 0.0, 1.0, xtol=1e-12))
    return np.array([1.0 - share, share])
