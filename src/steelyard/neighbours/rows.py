"""The neighbours of some or all rows of one matrix, by row number: what most callers ask."""

import numpy as np

from steelyard.neighbours.columns import Matrix
from steelyard.neighbours.every_pair import best_rows
from steelyard.neighbours.nearest import farthest, nearest
from steelyard.neighbours.points import Points, make_points
from steelyard.neighbours.scaling import choose_scaling

# Up to so many pairs of rows it is quicker to look at each than to lay rows out.
FEW_PAIRS = 2**28


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


def best_among(
    X: np.ndarray,
    among: np.ndarray,
    asking: np.ndarray,
    k: int,
    *,
    sign: int = 1,
    apart: bool = False,
    n_jobs: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest (`sign` 1) or farthest (-1) of some rows of a matrix that is asked once.

    Args:
        among, asking: row numbers, ascending; `apart` promises that no row is in both.
    Returns: squared distances and row numbers, shape (len(asking), k), nearest first; where there
        are too few rows, infinity and -1, at the far end.
    """
    if len(among) * len(asking) <= FEW_PAIRS:
        for dtype in (np.float32, np.float64):
            found = best_rows(
                X, among, asking, k, sign=sign, apart=apart, dtype=dtype, n_jobs=n_jobs
            )
            if found is not None:
                return found if sign > 0 else (found[0][:, ::-1], found[1][:, ::-1])
    scaling = choose_scaling(X)
    points = make_points(X, among, scaling)
    queries = points if np.array_equal(among, asking) else make_points(X, asking, scaling)
    if sign > 0:
        squared, rows = nearest(points, queries, k, n_jobs, apart=apart)
    else:
        squared, rows = farthest(points, queries, k, n_jobs)
    order = np.argsort(queries.rows)
    return squared[order], rows[order]


def neighbours_in(X: np.ndarray, asking: np.ndarray, k: int) -> np.ndarray:
    """`neighbours_of` for a matrix that is asked once, by rows in ascending order.

    >>> neighbours_in(np.array([[0.0], [1.0], [3.0]]), np.array([2]), 1).ravel()
    array([1])
    """
    return best_among(X, np.arange(len(X)), asking, min(k, len(X) - 1))[1]


def all_neighbours(X: np.ndarray, k: int) -> np.ndarray:
    """Numbers of the k nearest other rows of each row of `X`, nearest first; see `neighbours_of`.

    >>> all_neighbours(np.array([[0.0], [1.0], [3.0]]), 1).ravel()
    array([1, 0, 1])
    """
    return neighbours_in(X, np.arange(len(X)), k)
