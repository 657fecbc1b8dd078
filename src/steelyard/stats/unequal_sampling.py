"""Rows drawn with unequal chances, so that few labels tell of all rows without bias.

A row counts as the inverse of its chance of being drawn (Horvitz and Thompson, JASA 47, 1952).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

EVENLY = 0.3  # of the draw, whatever the size: bounds the weights where sizes are wrong


def inclusion_probabilities(sizes: ArrayLike, n: int, *, evenly: float = EVENLY) -> Floats:
    """Chance of each row to be among `n` drawn, proportional to its size; they sum to `n`.

    A part of the draw goes evenly over all rows, so no row weighs more than
    `rows / (evenly * n)`, however small it was thought.

    Args:
        sizes: >= 0, shape (rows,). n: at most as many as rows.
    Returns: shape (rows,), each above 0 and at most 1.
    Source: Hesterberg, "Weighted average importance sampling and defensive mixture distributions",
        Technometrics 37, 1995, for the even part.

    >>> inclusion_probabilities([1.0, 1.0, 2.0], 1, evenly=0.0)
    array([0.25, 0.25, 0.5 ])
    >>> inclusion_probabilities([0.0, 0.0, 9.0], 2)
    array([0.5, 0.5, 1. ])
    """
    size = np.asarray(sizes, dtype=np.float64)
    rows = len(size)
    if n >= rows:
        return np.ones(rows)
    even = np.full(rows, 1 / rows)
    share = (1 - evenly) * size / size.sum() + evenly * even if size.sum() > 0 else even
    sure = np.zeros(rows, bool)
    while True:
        left = n - int(sure.sum())
        found = np.where(sure, 1.0, 0.0)
        rest = share[~sure].sum()
        # Rows without any size share what rows drawn for sure have left over.
        found[~sure] = left * (share[~sure] / rest if rest > 0 else 1 / max(1, (~sure).sum()))
        more = found > 1.0
        if not more.any():
            return found
        sure |= more


def drawn(chances: ArrayLike, rng: np.random.Generator) -> NDArray[np.int64]:
    """Positions drawn, each with its chance, ascending; as many as the chances sum to.

    Systematic sampling along a random order: a fixed number of rows, and no two that stand together
    in the table are tied to each other.
    Source: Madow, Annals of Mathematical Statistics 20, 1949.
    """
    chance = np.asarray(chances, dtype=np.float64)
    order = rng.permutation(len(chance))
    upto = np.concatenate([[0.0], np.cumsum(chance[order])])
    steps = np.floor(upto - rng.random() + 1e-9)
    return np.sort(order[np.diff(steps) > 0])
