"""A column made from the labels: its values know the share of positives better than chance allows.

A category replaced by the mean of its own rows' labels (target encoding) holds each row's answer.
Rows of one value then have that share of positives exactly, where a column that only predicts them
would be off by the luck of a draw.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FEWEST_VALUES, FEWEST_POSITIVES = 10, 20
DRAWS = 100
TOO_GOOD = 0.5  # of the scatter that chance gives
MOST_VALUES = 20_000
FEWEST_PER_VALUE = 1.5


def made_from_labels(values: Floats, positive: Bools, seed: int = 0) -> bool:
    """Whether the shares of positives follow the values more closely than draws of labels can.

    The scatter of the shares around the best rising curve, held against what it is when labels are
    drawn from that very curve.

    Args:
        values: a column, (rows,), NaN where missing. positive: (rows,).
    """
    known = np.isfinite(values)
    if positive[known].sum() < FEWEST_POSITIVES or (values[known] == values[known].round()).all():
        return False
    distinct, place = np.unique(values[known], return_inverse=True)
    rows = np.bincount(place)
    enough = FEWEST_VALUES <= len(distinct) <= MOST_VALUES
    if not enough or len(place) < FEWEST_PER_VALUE * len(distinct):
        return False
    hits = np.bincount(place, positive[known])
    curve, seen = _scatter(hits, rows)
    rng = np.random.default_rng(seed)
    by_chance = [_scatter(rng.binomial(rows, curve), rows)[1] for _ in range(DRAWS)]
    return bool(seen < min(by_chance) and seen < TOO_GOOD * np.median(by_chance))


def _scatter(hits: NDArray[np.number], rows: NDArray[np.integer]) -> tuple[Floats, float]:
    """The rising curve of shares, and how far the shares scatter around it, squared, by rows."""
    from sklearn.isotonic import IsotonicRegression

    share = hits / rows
    curve = IsotonicRegression(y_min=0.0, y_max=1.0).fit_transform(
        np.arange(len(rows)), share, sample_weight=rows
    )
    return curve, float((rows * (share - curve) ** 2).sum())
