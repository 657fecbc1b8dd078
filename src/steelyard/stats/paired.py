"""Is the difference between two techniques, fold by fold, more than chance?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from steelyard.errors import RequestError


@dataclass(frozen=True)
class RowNoise:
    """How much of a difference's variance is chance in which rows were tested, from influences.

    `of_mean`: variance of the mean over folds, with `df` degrees of freedom; `of_fold`: of one
    fold's value.
    """

    of_mean: float
    of_fold: float
    df: float


@dataclass(frozen=True)
class CorrectedTest:
    """Nadeau and Bengio's corrected t-test; `p` is two-sided, `error` the corrected error."""

    mean: float
    error: float
    t: float
    df: float
    p: float


@dataclass(frozen=True)
class RopeProbabilities:
    """Chance that the true difference is below, inside, or above the range of no importance."""

    worse: float
    equivalent: float
    better: float
    rope: float


def nadeau_bengio(
    differences: ArrayLike, test_train_ratio: float, noise: RowNoise | None = None
) -> CorrectedTest:
    """Corrected resampled t-test of per-fold differences, shape (J,) with J >= 2.

    Folds share training rows, so the plain t-test finds differences that are not there. The
    correction adds `test_train_ratio` (rows to test / rows to train; 1/9 for ten folds) to 1/J.
    It is meant for what training does; the part of the variance that the tested rows explain is
    known without it. With `noise` that part is taken as it is and only the rest is corrected.
    Source: Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52, 2003.

    >>> d = [.02, .01, .03, -.01, .02, .04, 0, .01, .02, .01]
    >>> round(nadeau_bengio(d, 1 / 9).p, 6)
    0.048798
    """
    d = _differences(differences)
    if not test_train_ratio > 0:
        raise RequestError(
            f"test_train_ratio = {test_train_ratio}; give rows to test / rows to train, above 0."
        )
    mean = float(d.mean())
    error, df = _error(d, test_train_ratio, noise)
    # Equal differences in every fold: nothing to doubt, or no difference at all.
    t = mean / error if error else math.copysign(math.inf, mean) if mean else 0.0
    return CorrectedTest(mean, error, t, df, float(2 * stats.t.sf(abs(t), df)))


def correlated_bayes(
    differences: ArrayLike, rho: float, *, rope: float = 0.01, noise: RowNoise | None = None
) -> RopeProbabilities:
    """Posterior of the true difference, cut at -rope and +rope; differences of shape (J,).

    `rho` is the correlation between folds, 1 / folds by the usual heuristic; in [0, 1). With
    `noise` it is the correlation of what the tested rows do not explain.
    Source: Corani and Benavoli, "A Bayesian approach for comparing cross-validated algorithms
    on multiple data sets", Machine Learning 100, 2015.

    >>> d = [.02, .01, .03, -.01, .02, .04, 0, .01, .02, .01]
    >>> round(correlated_bayes(d, 1 / 10).better, 6)
    0.766372
    """
    d = _differences(differences)
    if not 0 <= rho < 1 or rope < 0:
        raise RequestError(f"rho = {rho}, rope = {rope}; give 0 <= rho < 1 and rope >= 0.")
    mean = float(d.mean())
    scale, df = _error(d, rho / (1 - rho), noise)
    if scale == 0:
        return RopeProbabilities(
            float(mean < -rope), float(abs(mean) <= rope), float(mean > rope), rope
        )
    posterior = stats.t(df, loc=mean, scale=scale)
    worse, better = float(posterior.cdf(-rope)), float(posterior.sf(rope))
    return RopeProbabilities(worse, max(0.0, 1 - worse - better), better, rope)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for having tested several: the chance of even one false find is kept.

    Source: Holm, Scandinavian Journal of Statistics 6, 1979.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted.tolist()


def _error(d: NDArray[np.float64], ratio: float, noise: RowNoise | None) -> tuple[float, float]:
    """Standard error of the mean difference, and its degrees of freedom (Satterthwaite's)."""
    spread, folds = float(d.var(ddof=1)), len(d)
    if noise is None:
        return math.sqrt((1 / folds + ratio) * spread), folds - 1
    rest = (1 / folds + ratio) * max(spread - noise.of_fold, 0.0)
    total = noise.of_mean + rest
    wobble = noise.of_mean**2 / noise.df + rest**2 / (folds - 1)
    return math.sqrt(total), total**2 / wobble if wobble > 0 else folds - 1


def _differences(differences: ArrayLike) -> NDArray[np.float64]:
    d = np.asarray(differences, dtype=np.float64)
    if d.ndim != 1 or len(d) < 2 or not np.isfinite(d).all():
        raise RequestError(
            f"differences of shape {d.shape} with {int((~np.isfinite(d)).sum())} missing values; "
            "a paired test needs one finite difference per fold and at least 2 folds."
        )
    return d
