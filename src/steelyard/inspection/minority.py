"""What the rows of the rare classes are: safe, borderline, rare or outlier."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from steelyard.inspection.space import Space
from steelyard.neighbours import Points, neighbours_of
from steelyard.neighbours.threads import watched

TYPES = ("safe", "borderline", "rare", "outlier")
SAFE, BORDERLINE, RARE, OUTLIER = range(4)
NEIGHBOURS = 5

Rows = NDArray[np.int64]


def minority_types(
    space: Space,
    y: NDArray[np.integer],
    rows: Rows,
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.int64]:
    """The type of each given row, as an index into `TYPES`, by its 5 nearest other rows.

    4 or 5 of its own class: safe; 2 or 3: borderline; none: outlier; one: rare if that one
    neighbour has no other neighbour of the class either, else borderline.

    Args:
        space: all rows of the table.
        y: class codes of all rows.
        rows: row numbers to type, each against the rest of its own class.
    Source: Napierala & Stefanowski, "Types of minority class examples and their influence on
        learning classifiers from imbalanced data", J. Intell. Inf. Syst. 46 (2016).
    """
    points = space.packed()
    with watched(progress or (lambda _: None)):
        neighbours = neighbours_of(points, rows, NEIGHBOURS)
    own = y[neighbours] == y[rows][:, None]
    count = own.sum(axis=1)
    types = np.select([count >= 4, count >= 2, count == 0], [SAFE, BORDERLINE, OUTLIER], RARE)
    lone = np.flatnonzero(count == 1)
    if len(lone):
        friend = neighbours[lone, own[lone].argmax(axis=1)]
        types[lone[~_points_back_only(points, y, rows[lone], friend)]] = BORDERLINE
    return types


def _points_back_only(
    points: Points, y: NDArray[np.integer], rows: Rows, friends: Rows
) -> NDArray[np.bool_]:
    """Whether each friend's own-class neighbours are none, or that row alone."""
    distinct, index = np.unique(friends, return_inverse=True)
    neighbours = neighbours_of(points, distinct, NEIGHBOURS)[index]
    others = (y[neighbours] == y[friends][:, None]) & (neighbours != rows[:, None])
    return ~others.any(axis=1)


def sample_rows(
    y: NDArray[np.integer], classes: Sequence[int], per_class: int, seed: int
) -> list[Rows]:
    """Row numbers of each class, ascending; at most `per_class`, drawn without replacement."""
    drawn = []
    for label in classes:
        rows = np.flatnonzero(y == label)
        if len(rows) > per_class:
            rng = np.random.default_rng([seed, label])
            rows = np.sort(rng.choice(rows, per_class, replace=False))
        drawn.append(rows)
    return drawn
