"""Are new rows a mix of the old classes? One test over all columns, calibrated by a bootstrap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

DRAWS = 500
LEVEL = 0.03  # of the test
TRIFLE = 0.05  # standard deviations of a column: less does not matter, however sure it is


@dataclass(frozen=True)
class MixtureTest:
    """Whether old rows, reweighted to class shares, have the means that new rows have.

    `p_value`: of the largest standardised gap among all columns. `column`: the one that it is in;
    `gap`: its size there, in standard deviations of the column. `power`: the chance that rows moved
    as an alternative says would have been refuted, the least of all; None without any.
    """

    p_value: float
    column: int
    gap: float
    power: float | None

    @property
    def refuted(self) -> bool:
        """The gap is more than chance and more than a trifle."""
        return self.p_value < LEVEL and abs(self.gap) > TRIFLE


@dataclass(frozen=True)
class UnsureShares:
    """Class shares estimated from the same new rows, and what their error hangs on.

    `prior`: (classes,). `influence`: how much each new row moves them, (new rows, classes).
    `rest`: draws of what else moves them, (draws, classes).
    """

    prior: Floats
    influence: Floats
    rest: Floats


def mixture_test(
    old: Floats,
    y: NDArray[np.integer],
    new: Floats,
    shares: UnsureShares,
    *,
    sample_weight: Floats | None = None,
    wobble: Floats | None = None,
    alternatives: Sequence[Floats] = (),
    seed: int = 0,
) -> MixtureTest:
    """Test that the new rows' column means are those of a mix of the old classes.

    The largest standardised gap is held against its distribution in a Gaussian multiplier bootstrap
    of old and new rows, in which the shares move with the new rows that they were estimated from.

    Args:
        old, new: the same columns of old rows and new, (rows, columns).
        y: classes of the old rows, (old rows,).
        shares: class shares of the new rows.
        sample_weight: how much each old row counts, (old rows,); by default alike.
        wobble: draws of what else moves the gaps, (draws, columns), such as the difference between
            the models that scored old rows and new.
        alternatives: weights of the old rows, each (old rows,), under which they look as new rows
            would that moved otherwise; to say how surely that would have been seen.
        seed: of the draws.
    Source: Chernozhukov, Chetverikov, Kato, Annals of Statistics 41 (2013), on the maximum of many
        means.
    """
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    total = np.bincount(y, weight, minlength=len(shares.prior))
    means = np.array([(weight * (y == k)) @ old / total[k] for k in range(len(total))])
    gap = new.mean(axis=0) - shares.prior @ means
    of_new = (new - new.mean(axis=0)) / len(new) - shares.influence @ means
    of_old = (weight * (shares.prior / total)[y])[:, None] * (old - means[y])
    rng = np.random.default_rng(seed)
    size = len(shares.rest)
    drawn = _multiplied(of_new, size, rng) + _multiplied(of_old, size, rng) - shares.rest @ means
    if wobble is not None:
        drawn = drawn + wobble
    error = drawn.std(axis=0)
    told = error > 1e-12
    if not told.any():
        return MixtureTest(1.0, 0, 0.0, None)
    scaled = np.where(told, 1.0 / np.where(told, error, 1.0), 0.0)
    largest = np.abs(drawn * scaled).max(axis=1)
    seen = np.abs(gap * scaled)
    column = int(seen.argmax())
    limit = float(np.quantile(largest, 1.0 - LEVEL))
    # Beyond the draws the tail of one normal column says how far out it is.
    p_value = max(float((largest >= seen[column]).mean()), float(stats.norm.sf(seen[column])))
    moved = [
        np.abs((w * weight) @ old / (w @ weight) - shares.prior @ means) * scaled
        for w in alternatives
    ]
    power = min((float(stats.norm.cdf(one.max() - limit)) for one in moved), default=None)
    width = float(np.concatenate([old[:, column], new[:, column]]).std())
    return MixtureTest(p_value, column, float(gap[column]) / max(width, 1e-12), power)


def _multiplied(influence: Floats, size: int, rng: np.random.Generator) -> Floats:
    normal = rng.standard_normal((size, len(influence)), dtype=np.float32)
    return np.asarray(normal @ influence.astype(np.float32), dtype=np.float64)
