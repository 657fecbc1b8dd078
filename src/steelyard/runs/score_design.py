"""Scores as columns whose means show that their distribution moved."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from steelyard.stats.validation import log_of

Floats = NDArray[np.float64]

TAILS = (0.5, 0.9, 0.97, 0.99)  # a rare class lives in the top of its scores


@dataclass(frozen=True)
class ScoreDesign:
    """Where scores stand among those of both sides: `sorted_scores`, an array for each class."""

    sorted_scores: tuple[Floats, ...]

    @classmethod
    def of(cls, old: Floats, new: Floats) -> Self:
        """From probabilities of both sides, (rows, classes). Two classes share one score."""
        both = _logits(np.concatenate([old, new]))
        return cls(tuple(np.sort(one) for one in both.T))

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.sorted_scores) * (2 + len(TAILS))

    @staticmethod
    def size_for(classes: int) -> int:
        """Number of columns for so many classes."""
        return (1 if classes == 2 else classes) * (2 + len(TAILS))

    def columns(self, p: Floats) -> Floats:
        """The columns of rows with probabilities `p`: (rows, size)."""
        parts = []
        for score, among in zip(_logits(p).T, self.sorted_scores, strict=True):
            below = np.searchsorted(among, score) + np.searchsorted(among, score, side="right")
            level = below / (2.0 * len(among))
            normal = stats.norm.ppf(level.clip(0.5 / len(among), 1.0 - 0.5 / len(among)))
            parts += [normal, normal**2, *(level > tail for tail in TAILS)]
        return np.column_stack(parts).astype(np.float64)


def _logits(p: Floats) -> Floats:
    first = 1 if p.shape[1] == 2 else 0
    log_p = log_of(p)
    rest = np.log(np.maximum(1.0 - p, 1e-15))
    return np.asarray((log_p - rest)[:, first:])
