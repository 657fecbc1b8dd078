"""Did scores move more than class shares explain, and which labelled rows stand for new ones?"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]

BINS = 10


@dataclass(frozen=True)
class ScoreShift:
    """Population stability index of the scores, and how large it gets where nothing moved.

    `chance` is the larger of two: what drawing rows gives 19 times in 20, and how far the models of
    the folds are from each other on rows of the same kind.
    """

    psi: float
    chance: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def score_shift(
    score: ArrayLike,
    y: ArrayLike,
    model: ArrayLike,
    prior: ArrayLike,
    new: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> ScoreShift:
    """Stability index of new scores against labelled ones weighted to the class shares `prior`.

    Ten bins, half of them in the top tenth of the scores: that is where a rare class lives.

    Args:
        score: of labelled rows, shape (rows,), out of fold.
        y: their codes. model: which fold's model scored them, any codes.
        prior: class shares of the new rows, shape (classes,).
        new: scores of the new rows.
        sample_weight: how much each labelled row counts, shape (rows,).
    """
    old, codes, by = np.asarray(score), np.asarray(y), np.asarray(model)
    fresh, share = np.asarray(new), np.asarray(prior, dtype=np.float64)
    own = np.ones(len(old)) if sample_weight is None else np.asarray(sample_weight)
    psi, by_rows = _stability(old, _weights(codes, own, share), fresh, np.ones(len(fresh)))
    between = 0.0
    for one in np.unique(by):
        mine = by == one
        if not mine.all():
            ours, theirs = (_weights(codes[part], own[part], share) for part in (~mine, mine))
            between = max(between, _stability(old[~mine], ours, old[mine], theirs)[0])
    return ScoreShift(psi, max(by_rows, between))


def _weights(codes: NDArray[Any], own: Floats, prior: Floats) -> Floats:
    """Weights, summing to 1, in proportion to `own` under which rows have these class shares."""
    counts = np.bincount(codes, own, minlength=len(prior))
    weight = own * (prior / np.where(counts > 0, counts, 1.0))[codes]
    return weight / weight.sum()


def _stability(
    old: Floats, weight: Floats, fresh: Floats, fresh_weight: Floats
) -> tuple[float, float]:
    """Stability index between weighted scores, and its 95 % quantile by chance."""
    fresh_weight = fresh_weight / fresh_weight.sum()
    order = np.argsort(old, kind="stable")
    half = BINS // 2
    levels = np.r_[np.linspace(0, 0.9, half + 1)[1:], np.linspace(0.9, 1, half + 1)[1:-1]]
    at = np.searchsorted(np.cumsum(weight[order]), levels).clip(0, len(old) - 1)
    edges = np.unique(old[order][at])
    bins = len(edges) + 1
    expected = np.bincount(np.searchsorted(edges, old), weights=weight, minlength=bins)
    seen = np.bincount(np.searchsorted(edges, fresh), weights=fresh_weight, minlength=bins)
    # Half a row in every bin: an empty one would be infinitely far away.
    rows, fresh_rows = 1.0 / np.sum(weight**2), 1.0 / np.sum(fresh_weight**2)
    then = (expected * rows + 0.5) / (rows + 0.5 * bins)
    now = (seen * fresh_rows + 0.5) / (fresh_rows + 0.5 * bins)
    psi = float(np.sum((now - then) * np.log(now / then)))
    return psi, float(stats.chi2.ppf(0.95, bins - 1) * (1.0 / fresh_rows + 1.0 / rows))


def rows_with_shares(
    y: NDArray[Any], prior: Floats, most: int, rng: np.random.Generator
) -> NDArray[Any]:
    """Positions of rows, none twice, whose class shares are `prior`: as many as `most` at most."""
    have = np.bincount(y, minlength=len(prior))
    wanted = prior > 0
    size = min(most, int(np.min(have[wanted] / prior[wanted])))
    shuffled = rng.permutation(len(y))
    parts = [
        shuffled[y[shuffled] == k][: round(size * share)] for k, share in enumerate(prior.tolist())
    ]
    return np.concatenate(parts)
