"""The neighbours of some or all rows of one matrix, by row number: what most callers ask."""

import numpy as np

from steelyard.neighbours.columns import Matrix
from steelyard.neighbours.nearest import nearest
from steelyard.neighbours.points import Points, make_points
from steelyard.neighbours.scaling import choose_scaling


def pack(X: Matrix, scales: np.ndarray | None = None) -> Points:
    """All rows of a matrix, ready to be asked more than once.

    Args:
        X: finite numbers, shape (rows, columns).
        scales: what each column is multiplied by before distances are taken, shape (columns,).
    """
    return make_points(X, np.arange(len(X)), choose_scaling(X, scales))


def neighbours_of(points: Points, asking: np.ndarray, k: int) -> np.ndarray:
    """Numbers of the k nearest other rows for some rows, nearest first.

    Args:
        points: all rows of a matrix, see `pack`.
        asking: row numbers, no two alike.
        k: neighbours wanted; fewer come back where there are fewer other rows.
    Returns: shape (len(asking), min(k, rows - 1)), in the order of `asking`.

    >>> points = pack(np.array([[0.0], [1.0], [3.0], [3.0]]))
    >>> neighbours_of(points, np.array([3, 0]), 2)
    array([[2, 1],
           [1, 2]])
    """
    place = np.empty(len(points), dtype=np.int64)
    place[points.rows] = np.arange(len(points))
    # Queries that are close together are looked up together.
    order = np.argsort(place[asking])
    queries = points.subset(place[asking][order])
    found = np.empty((len(asking), min(k, len(points) - 1)), dtype=np.int64)
    found[order] = nearest(points, queries, found.shape[1])[1]
    return found


def neighbours_in(X: np.ndarray, asking: np.ndarray, k: int) -> np.ndarray:
    """`neighbours_of` for a matrix that is asked once: laid out only if so many rows ask.

    >>> neighbours_in(np.array([[0.0], [1.0], [3.0]]), np.array([2]), 1).ravel()
    array([1])
    """
    scaling = choose_scaling(X, pairs=len(asking) * len(X))
    return neighbours_of(make_points(X, np.arange(len(X)), scaling), asking, k)


def all_neighbours(X: np.ndarray, k: int) -> np.ndarray:
    """Numbers of the k nearest other rows of each row of `X`, nearest first; see `neighbours_of`.

    >>> all_neighbours(np.array([[0.0], [1.0], [3.0]]), 1).ravel()
    array([1, 0, 1])
    """
    return neighbours_in(X, np.arange(len(X)), k)
