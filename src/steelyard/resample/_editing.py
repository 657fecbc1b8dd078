"""Rounds of Wilson editing on a table that loses rows: the engine of ENN and its kin.

A row stays if at most `limit` of its k nearest rows are of another class. That is so exactly if
k - limit rows of its own class are nearer than the (limit + 1)-th nearest row of another class.
Finding the latter looks at the other classes only; counting the former ends early for most rows.
"""

import numpy as np

from steelyard.neighbours.counting import enough_nearer
from steelyard.neighbours.nearest import nearest
from steelyard.neighbours.points import Points, make_points
from steelyard.neighbours.scaling import choose_scaling


class Editing:
    """A table, its classes as numbers, and which rows are still there.

    Attributes:
        there: which rows are left, shape (rows,).
    """

    def __init__(self, X: np.ndarray, codes: np.ndarray, n_jobs: int | None = None) -> None:
        self.codes = codes
        self.there = np.ones(len(X), dtype=bool)
        self._X = X
        self._n_jobs = n_jobs
        self._classes = int(codes.max()) + 1
        scaling = choose_scaling(X)
        # Two classes need a set of points each; more classes need "all others" of each.
        self._own = [
            make_points(X, np.flatnonzero(codes == code), scaling) for code in range(self._classes)
        ]
        self._scaling = scaling
        self._radii: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}

    def drop(self, targets: list[int], k: int, kind: str) -> None:
        """One round: all rows of the target classes that fail the rule leave at once."""
        gone = [self._failing(code, k, kind) for code in targets]
        for rows in gone:
            self.there[rows] = False

    def left(self) -> np.ndarray:
        """The rows left, class by class, in table order within a class."""
        rows = np.flatnonzero(self.there)
        return rows[np.argsort(self.codes[rows], kind="stable")]

    def _failing(self, code: int, k: int, kind: str) -> np.ndarray:
        own, others = self._points(code), self._others(code)
        limit = _limit(code, self._classes, k, kind)
        squared, rows = self._radius(code, own, others, limit + 1)
        stays = enough_nearer(own, own, squared, rows, need=k - limit, n_jobs=self._n_jobs)
        if kind == "mode" and self._classes > 2 and not stays.all():
            # Without a majority of its own a row may still have the largest group, so count.
            unsure = own.subset(~stays)
            stays[~stays] = self._is_mode(unsure, code, k)
        return own.rows[~stays]

    def _points(self, code: int) -> Points:
        """The rows of a class that are left."""
        points = self._own[code]
        there = self.there[points.rows]
        if not there.all():
            points = self._own[code] = points.subset(there)
        return points

    def _others(self, code: int) -> Points:
        if self._classes == 2:
            return self._points(1 - code)
        rows = np.flatnonzero(self.there & (self.codes != code))
        return make_points(self._X, rows, self._scaling)

    def _radius(
        self, code: int, own: Points, others: Points, j: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Squared distance and row number of the j-th nearest row of another class.

        Kept from round to round; only rows that lost one of their j rows look again.
        """
        known = self._radii.get((code, j))
        if known is None:
            known = np.empty((len(self._X), j)), np.full((len(self._X), j), -1)
            self._radii[code, j] = known
        squared, rows = known
        kept = rows[own.rows]
        stale = ~((kept >= 0) & self.there[kept]).all(axis=1)
        if stale.any():
            asking = own.subset(stale)
            squared[asking.rows], rows[asking.rows] = nearest(
                others, asking, j, self._n_jobs, apart=True
            )
        return squared[own.rows, j - 1], rows[own.rows, j - 1]

    def _is_mode(self, queries: Points, code: int, k: int) -> np.ndarray:
        """Whether a class is the most frequent of the k nearest rows; ties to the lower class."""
        everything = make_points(self._X, np.flatnonzero(self.there), self._scaling)
        _, rows = nearest(everything, queries, k, self._n_jobs)
        return most_frequent(self.codes[rows], self._classes) == code


def most_frequent(codes: np.ndarray, classes: int) -> np.ndarray:
    """The most frequent class of each row of codes; of equal ones the lowest."""
    counts = np.stack([(codes == code).sum(axis=1) for code in range(classes)], axis=1)
    return counts.argmax(axis=1)


def _limit(code: int, classes: int, k: int, kind: str) -> int:
    """How many of the k nearest may be of another class for a row to stay for sure."""
    if kind == "all":
        return 0
    # Between two classes a tie goes to the lower one.
    return k // 2 if classes == 2 and code == 0 else (k - 1) // 2
