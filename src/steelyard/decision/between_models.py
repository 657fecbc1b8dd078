"""How far a model trained anew is from the folds' models, seen in how far they are from each other.

The deployed model is none of those that its calibration was fitted on. A row that two repeats score
is scored by two models, so what they differ by is the models' doing and not the rows'.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from steelyard.decision.labelled_scores import LabelledScores
from steelyard.stats.validation import Floats

# A variance that is cut off at 0 is too large on average where models are few, which Student's t of
# their number would count twice.
FEWEST_DF = 5


@dataclass(frozen=True)
class Spread:
    """What the models' figures differ by, and draws of what one more model would.

    `moves`: a row for each model, (models, figures), scaled so that their mean square is the
    variance between models and none of the rows'. `df`: degrees of freedom of that variance.
    """

    moves: Floats
    df: int

    def draws(self, size: int, rng: np.random.Generator) -> Floats:
        """Shape (size, figures): multivariate t around 0; all 0 where models do not differ."""
        if len(self.moves) == 0 or not self.moves.any():
            return np.zeros((size, self.moves.shape[1]))
        scale = np.sqrt(self.df / rng.chisquare(self.df, size))
        normal = rng.standard_normal((size, len(self.moves)))
        return np.asarray(normal @ self.moves / len(self.moves) ** 0.5 * scale[:, None])


def spread_between(
    known: LabelledScores, weight: Floats, influence: Callable[[Floats], Floats]
) -> Spread:
    """The spread between the folds' models of figures that are sums over rows.

    Args:
        known: the rows, scored in one repeat or several.
        weight: how much each row counts, shape (rows,), summing to 1.
        influence: from probabilities (rows, classes) to how much each row moves each figure,
            (rows, figures), at equal weights.
    """
    moved = [influence(one) for one in known.p]
    alone = len(moved) == 1
    figures = moved[0].shape[1]
    moves, noise = [], []
    for repeat, mine in enumerate(moved):
        others = [moved[k] for k in range(len(moved)) if k != repeat]
        # In one repeat only, the truth that all models were calibrated to stands for the others.
        gap = mine if alone else mine - np.mean(others, axis=0)
        for model in np.unique(known.model[repeat]):
            rows = np.flatnonzero(known.model[repeat] == model)
            found, error = _weighted_mean(gap[rows], weight[rows], known.y[rows])
            moves.append(found)
            noise.append(error)
    if len(moves) < 3:
        return Spread(np.zeros((0, figures)), 1)
    apart = np.array(moves) - (np.mean(moves, axis=0) if alone else 0.0)
    seen = (apart**2).mean(axis=0)
    between = np.maximum(seen - np.mean(noise, axis=0), 0.0)
    scale = np.sqrt(np.divide(between, seen, out=np.zeros(figures), where=seen > 0.0))
    models = len(np.unique(known.model[0]))
    if alone:  # the mean of so few models was taken off, and one more is as far again
        scale = scale * np.sqrt((models + 1) / max(models - 1, 1))
    return Spread(apart * scale, max(len(moves) - 1, FEWEST_DF))


def _weighted_mean(gap: Floats, weight: Floats, y: np.ndarray) -> tuple[Floats, Floats]:
    """Mean of the rows' gaps and its variance by chance, each class apart: folds are stratified."""
    mass = weight / weight.sum()
    error = np.zeros(gap.shape[1])
    for one in np.unique(y):
        mine = y == one
        rows = int(mine.sum())
        if rows > 1:
            centred = gap[mine] - gap[mine].mean(axis=0)
            error += (mass[mine] ** 2) @ centred**2 * (rows / (rows - 1))
    return mass @ gap, error
