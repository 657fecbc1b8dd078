"""Jobs on rows drawn by class from a larger table: they train on those rows as they are.

What they then say is brought to what a job on all rows would say: drawing changes class shares and
nothing else, so a formula undoes it (`decision.prior`). Weights in training would undo it, too, but
a few heavy rows make a model less sure than many light ones.
"""

import numpy as np

from steelyard.jobs.class_counts import class_counts, shares_of
from steelyard.tables import Table
from steelyard.techniques import Technique


def as_on_all_rows(
    p: np.ndarray, technique: Technique, table: Table, train: np.ndarray
) -> np.ndarray:
    """Class shares (rows, classes) as models of all rows give them, of models of some.

    Args:
        train: positions of the rows that they were trained on.
    """
    if table.population is None:
        return p
    moved = p * drawing_factors(technique, table, train)
    return (moved / moved.sum(axis=1, keepdims=True)).astype(p.dtype)


def drawing_factors(technique: Technique, table: Table, train: np.ndarray) -> np.ndarray:
    """What each class's odds are multiplied by for that, shape (classes,); ones where none is due.

    A technique that brings classes to shares of its own does so on drawn rows as on all.
    """
    classes = len(table.schema.classes)
    if table.population is None:
        return np.ones(classes)
    drawn = class_counts(table.y, table.training_weights, train, classes)
    natural = class_counts(table.y, table.weights, train, classes)
    before, after = technique.trained_prior(drawn), technique.trained_prior(natural)
    if before is None or after is None:  # no formula for the loss, but there is one for the rows
        before, after = shares_of(drawn), shares_of(natural)
    factors = np.asarray(after) / np.asarray(before)
    return factors / factors.sum()
