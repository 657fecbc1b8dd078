"""What to mind about decisions by each row's own costs."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.stats.limits import TO_COMPARE, TO_NAME_BEST
from steelyard.stats.row_costs import RowCosts, notes_on


def row_notes(
    by_row: RowCosts,
    columns: Mapping[str, ArrayLike],
    truth: NDArray[np.bool_],
    flagged: NDArray[np.bool_],
    p: NDArray[np.float64],
) -> tuple[str, ...]:
    """Warnings about the rows' costs, their probabilities and what is flagged."""
    said = notes_on(by_row, columns)
    positives = int(truth.sum())
    if positives < TO_NAME_BEST:
        tail = "a guess" if positives < TO_COMPARE else "uncertain"
        said.append(f"only {positives} positives: the probabilities decided by are {tail}")
    if len(p) > 1 and (p == p[0]).all():
        said.append("all rows have the same probability: their costs alone decide")
    if flagged.all() or not flagged.any():
        said.append(f"the costs flag {'every' if flagged.any() else 'no'} row")
    return tuple(said)
