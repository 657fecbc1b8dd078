"""How much two techniques' difference varies because other rows could have been tested."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.influence import standard_error
from steelyard.stats.metrics import influences
from steelyard.stats.paired import RowNoise
from steelyard.stats.predictions import scored

Floats = NDArray[np.float64]


def fold_influences(
    metric: str,
    y: NDArray[np.integer],
    p_by_repeat: Sequence[Floats],
    folds_by_repeat: Sequence[NDArray[np.integer]],
    *,
    positive: int,
) -> Floats:
    """How much each row moves the metric of the fold it was tested in, shape (repeats, rows)."""
    psi = np.zeros((len(p_by_repeat), len(y)))
    for repeat, (p, folds) in enumerate(zip(p_by_repeat, folds_by_repeat, strict=True)):
        for fold in np.unique(folds):
            mine = folds == fold
            found = influences(metric, scored(y[mine], p[mine], y[mine], positive=positive))
            if found is not None:
                psi[repeat, mine] = found
    return psi


def row_noise(
    ours: Floats,
    theirs: Floats,
    folds_by_repeat: Sequence[NDArray[np.integer]],
    groups: NDArray[np.integer] | None = None,
) -> RowNoise:
    """Variance of the mean difference over all folds, and of one fold's, by the tested rows.

    A row is tested once a repeat, and all of that is one row's doing.

    Args:
        ours, theirs: from `fold_influences`, shape (repeats, rows).
        folds_by_repeat: fold of each row, shape (rows,), a repeat.
        groups: rows of one group count as dependent, codes of shape (rows,).
    """
    psi = ours - theirs
    fold_variances = []
    for row, folds in zip(psi, folds_by_repeat, strict=True):
        for fold in np.unique(folds):
            mine = folds == fold
            owner = None if groups is None else np.unique(groups[mine], return_inverse=True)[1]
            fold_variances.append(standard_error(row[mine], owner)[0] ** 2)
    error, df = standard_error(psi.sum(axis=0) / len(fold_variances), groups)
    return RowNoise(error**2, float(np.mean(fold_variances)), df)
