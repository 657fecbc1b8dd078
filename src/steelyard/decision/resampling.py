"""Bootstrap of a curve: stratified by class, by groups of rows that belong together."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from steelyard.decision.curve import Curve
from steelyard.stats.validation import Floats

# More blocks or thresholds than this change an interval by less than its own noise.
BLOCKS, CUTOFFS = 1000, 1000
FEW = 20  # cells of blocks and thresholds for each row, from which on most of them are empty


def thinned(positive: Floats, negative: Floats) -> NDArray[np.int64]:
    """At most about `CUTOFFS` thresholds, spread evenly over rows of both kinds.

    Args:
        positive, negative: rows newly flagged by each threshold, shape (thresholds,).
    """
    size = len(positive)
    if size <= CUTOFFS:
        return np.arange(size)
    passed = np.zeros(size)
    for rows in (positive, negative):
        passed += np.cumsum(rows) / max(rows.sum(), 1.0)
    step = np.floor(passed * (CUTOFFS / 2.0)).astype(np.int64)
    return np.append(np.flatnonzero(np.diff(step)), size - 1)


def resampled_curves(
    column: NDArray[np.int64],
    positive: NDArray[np.bool_],
    groups: NDArray[np.int64] | None,
    thresholds: int,
    *,
    size: Floats | None,
    resamples: int,
    rng: np.random.Generator,
    each: float = 1.0,
    copies: float = 1.0,
) -> Curve:
    """Curves of `resamples` draws, shape (resamples, thresholds).

    `column`: the first threshold that flags each row, shape (rows,). `size`: effective rows that
    each row is, shape (rows,); None where each is one.

    Groups (rows, where there are none) with and without a positive row are drawn with
    replacement, each kind as often as it is there. Very many of them are first put into random
    blocks, and blocks are drawn: nearly the same spread at a fraction of the work.
    """
    if groups is None:
        groups = np.arange(len(column))
    has_positive = np.bincount(groups, weights=positive) > 0
    counts = np.zeros((2, resamples, thresholds))
    squares = None if size is None else np.zeros_like(counts)
    for stratum in (True, False):
        members = np.flatnonzero(has_positive == stratum)
        blocks = min(len(members), BLOCKS)
        if not blocks:
            continue
        block_of = np.full(len(has_positive), -1)
        block_of[rng.permutation(members)] = np.arange(len(members)) % blocks
        times = rng.multinomial(blocks, np.full(blocks, 1.0 / blocks), size=resamples)
        block = block_of[groups]
        for number, kind in enumerate((positive, ~positive)):
            rows = kind & (block >= 0)
            if not rows.any():
                continue
            cell = block[rows] * thresholds + column[rows]
            own = None if size is None else size[rows]

            def drawn(weight: Floats | None, cell: Any = cell, times: Any = times) -> Floats:
                if weight is None and FEW * len(cell) < times.shape[1] * thresholds:
                    # Whole numbers: the sums are the same in any order.
                    at = np.divmod(cell, thresholds)
                    ones = np.ones(len(cell), np.int64)
                    shape = times.shape[1], thresholds
                    return (times @ sparse.csr_array((ones, at), shape=shape)).astype(np.float64)
                cells = np.bincount(cell, weight, minlength=times.shape[1] * thresholds)
                return times.astype(np.float64) @ cells.reshape(-1, thresholds)

            counts[number] += drawn(own)
            if own is not None and squares is not None:
                squares[number] += drawn(own**2)
    both = None if squares is None else (squares[0], squares[1])
    return Curve.of(counts[0], counts[1], each, copies, both)
