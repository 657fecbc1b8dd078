"""Labelled rows as the folds' models scored them: what is known of a model before new rows come."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from steelyard.decision.weighted_rows import Rows
from steelyard.stats.validation import Codes, Floats, labelled, row_weights


@dataclass(frozen=True)
class LabelledScores:
    """Out-of-fold probabilities of the same rows in one repeat or several.

    `p`: (repeats, rows, classes). `y`: (rows,). `model`: which fold's model scored a row, (repeats,
    rows). `group`: rows that belong together, (rows,), or None where each stands alone. `weight`:
    how much a row counts, (rows,), of mean 1, or None where all count alike.
    """

    p: Floats
    y: Codes
    model: Codes
    group: Codes | None = None
    weight: Floats | None = None

    @classmethod
    def of(
        cls,
        p: ArrayLike,
        y: ArrayLike,
        *,
        model: ArrayLike | None = None,
        group: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Checked; `p` of one repeat may be (rows, classes), `model` then (rows,)."""
        given = np.asarray(p, dtype=np.float64)
        repeats = given[None] if given.ndim == 2 else given
        checked = [labelled(one, y) for one in repeats]
        codes = checked[0][1]
        shape = (len(repeats), len(codes))
        by = np.zeros(shape, np.int64) if model is None else np.asarray(model).reshape(shape)
        owner = None if group is None else np.unique(np.asarray(group), return_inverse=True)[1]
        if owner is not None and owner.max() + 1 == len(owner):
            owner = None
        weight = row_weights(sample_weight, len(codes))
        return cls(np.stack([one[0] for one in checked]), codes, by, owner, weight)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.p.shape[2])

    @property
    def weights(self) -> Floats:
        """How much each row counts, (rows,), whether they differ or not."""
        return np.ones(len(self.y)) if self.weight is None else self.weight

    @property
    def natural(self) -> Floats:
        """Class shares of the rows, (classes,)."""
        counts = np.bincount(self.y, self.weights, minlength=self.classes)
        return np.asarray(counts / counts.sum())

    def rows(self) -> Rows:
        """The first repeat, as rows to calibrate on."""
        return Rows.of(self.p[0], self.y, self.weight)

    def class_weights(self, prior: ArrayLike) -> Floats:
        """Weights of the rows, summing to 1, under which the class shares are `prior`."""
        factor = np.asarray(prior, dtype=np.float64) / np.maximum(self.natural, 1e-12)
        weight = self.weights * factor[self.y]
        return np.asarray(weight / weight.sum())
