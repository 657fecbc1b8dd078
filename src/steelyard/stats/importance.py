"""How much of a model's ranking hangs on a column: average precision lost when it is permuted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.fold_table import contributions
from steelyard.stats.influence import standard_error
from steelyard.stats.intervals import quantile
from steelyard.stats.metrics import Evaluation
from steelyard.stats.paired import RowNoise, nadeau_bengio
from steelyard.stats.ranking import Ranked, average_precision_influence

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RankedRows:
    """Rows that models did not train on, whose order is looked at.

    Attributes:
        positive: of the class of interest, (n,) bool. weight: how many rows each stands for, (n,).
        folds: codes 0 .. J-1 of the model that a row's score is from, (n,).
        groups: codes of rows that belong together, (n,), or None.
    """

    positive: NDArray[np.bool_]
    weight: Floats
    folds: NDArray[np.integer]
    groups: NDArray[np.integer] | None = None

    def average_precision(self, scores: NDArray) -> Evaluation:
        """Of all rows together, with each row's influence."""
        return Evaluation(
            *average_precision_influence(Ranked.of(self.positive, scores, self.weight))
        )

    def lost(self, before: Evaluation, permuted: NDArray) -> dict[str, float]:
        """Average precision lost by scores after a column was permuted, with a 95 % interval.

        Args:
            before: `average_precision` of the scores as they are.
            permuted: scores with the column permuted, (permutations, n).
        Returns: `value`, a mean over permutations; below 0 where chance made the order better;
            `low` and `high` count the chance of the rows and of the models that were trained, as
            the comparison of techniques does, and of the permutations.
        Source: Breiman, "Random forests", Machine Learning 45, 2001; the interval is that of
            `paired.nadeau_bengio`.
        """
        after = [self.average_precision(scores) for scores in permuted]
        value = before.value - float(np.mean([one.value for one in after]))
        psi = before.influence - np.mean([one.influence for one in after], axis=0)
        error, df = standard_error(psi, self.groups)
        folds = int(self.folds.max()) + 1
        if folds > 1:
            noise = RowNoise(error**2, folds * error**2, df)
            by_fold = contributions(Evaluation(value, psi), self.folds)
            tested = nadeau_bengio(by_fold, 1 / (folds - 1), noise)
            error, df = tested.error, tested.df
        reach = quantile(df, 0.95) * error if error else 0.0
        return {"value": value, "low": value - reach, "high": value + reach}
