"""One metric of one technique, by repeat and fold: values and influences.

The metric is pooled within a repeat: all rows of a repeat are ranked and counted together, as they
are in the leaderboard. A fold's value is what it contributes to that, the pooled value plus the
(scaled) sum of its rows' influences: its mean over the folds of a repeat is the pooled value, where
the mean of metrics computed fold by fold would flatter folds with few positives.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.influence import standard_error
from steelyard.stats.metrics import Evaluation, evaluate
from steelyard.stats.paired import RowNoise
from steelyard.stats.predictions import Predictions

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]


@dataclass(frozen=True)
class FoldTable:
    """A metric by repeat and fold.

    Attributes:
        values: pooled, shape (repeats,). influence: of each row, (repeats, rows).
        folds: codes 0 .. J-1 of each row, (repeats, rows). groups: as in `Predictions`.
    """

    values: Floats
    influence: Floats
    folds: Ints
    groups: Ints | None

    @classmethod
    def of(cls, metric: str, repeats: Sequence[Predictions]) -> "FoldTable | None":
        """None where a repeat has no value. The rows know the metric from then on."""
        found = [evaluate(metric, rows) for rows in repeats]
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            return None
        influence = np.stack([one.influence for one in known])
        for rows, one, own in zip(repeats, known, influence, strict=True):
            rows.found[metric] = Evaluation(one.value, own)  # the same memory
        return cls(
            np.array([one.value for one in known]),
            influence,
            np.stack([_small(rows.fold_codes) for rows in repeats]),
            repeats[0].groups,
        )

    @property
    def by_fold(self) -> Floats:
        """What each fold contributes, repeat by repeat, shape (repeats * folds,)."""
        return np.concatenate(
            [
                contributions(Evaluation(value, influence), folds)
                for value, influence, folds in zip(
                    self.values.tolist(), self.influence, self.folds, strict=True
                )
            ]
        )

    def row_noise(self, other: "FoldTable") -> RowNoise:
        """Variance of the difference to `other` that the tested rows explain.

        Of the mean over all folds, and of one fold's value. A row is tested once a repeat, and
        all of that is one row's doing.
        """
        psi = self.influence - other.influence
        repeats, size = len(psi), int(self.folds.max()) + 1
        error, df = standard_error(psi.mean(axis=0), self.groups)
        # A fold's value is `size` times its part of the sum.
        of_rows = [standard_error(row, self.groups)[0] ** 2 for row in psi]
        return RowNoise(error**2, size * float(np.sum(of_rows)) / repeats, df)


def _small(codes: Ints) -> Ints:
    """The same codes in as few bytes as hold them: every technique keeps its own."""
    return codes.astype(np.min_scalar_type(codes.max()))


def contributions(found: Evaluation, folds: Ints) -> Floats:
    """What each fold (codes 0 .. J-1) contributes to a pooled metric; their mean is its value."""
    sums = np.bincount(folds, weights=found.influence)
    return found.value + len(sums) * (sums - sums.mean())
