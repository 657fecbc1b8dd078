"""CondensedNearestNeighbour and OneSidedSelection: keep what a small store misjudges."""

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import imblearn.under_sampling
import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import check_random_state

from steelyard.neighbours.counting import enough_nearer
from steelyard.neighbours.nearest import nearest
from steelyard.neighbours.points import Points, make_points
from steelyard.neighbours.scaling import choose_scaling, distances
from steelyard.neighbours.threads import tell
from steelyard.resample._base import Selecting
from steelyard.resample._classes import encode, rarest, searchable
from steelyard.resample.tomek import tomek_links


class CondensedNearestNeighbour(Selecting, imblearn.under_sampling.CondensedNearestNeighbour):
    """Keep the rows of the targeted classes that the rows kept before them would misjudge.

    Parameters, the order of visits and results are those of
    `imblearn.under_sampling.CondensedNearestNeighbour`; where distances tie, the lower row number
    is nearer.

    Source: Hart, "The condensed nearest neighbor rule", IEEE Trans. Information Theory 14, 1968.
    """

    def _select(self, X: Any, labels: np.ndarray) -> np.ndarray:
        rows = searchable(X, self.n_neighbors)
        classes, codes = encode(labels)
        rare = np.flatnonzero(codes == rarest(codes))
        k = _neighbours(self)
        if rows is None or k > rare.size:
            return self._select_as_theirs(X, labels)
        random_state = check_random_state(self.random_state)
        kept = []
        self.estimators_ = []
        for code, label in enumerate(classes):
            members = np.flatnonzero(codes == code)
            if label in self.sampling_strategy_:
                seeds = random_state.randint(low=0, high=members.size, size=self.n_seeds_S)
                if code == codes[rare[0]]:
                    members = members[seeds]  # the store holds one class: nothing is misjudged
                else:
                    vote = k, _votes_against(k, code, codes[rare[0]])
                    members = _condense(
                        rows, members, rare, members[seeds], vote=vote, n_jobs=self.n_jobs
                    )
                store = np.append(rare, members)
                self.estimators_.append(KNeighborsClassifier(k).fit(X[store], labels[store]))
            kept.append(members)
        return np.concatenate(kept)


class OneSidedSelection(Selecting, imblearn.under_sampling.OneSidedSelection):
    """Drop the rows that a random seed of their class judges right, then clean Tomek links.

    Parameters, draws and results are those of `imblearn.under_sampling.OneSidedSelection`; where
    distances tie, the lower row number is nearer.

    Source: Kubat & Matwin, "Addressing the curse of imbalanced training sets: one-sided
    selection", ICML 1997.
    """

    def _select(self, X: Any, labels: np.ndarray) -> np.ndarray:
        rows = searchable(X, self.n_neighbors)
        classes, codes = encode(labels)
        rare = np.flatnonzero(codes == rarest(codes))
        k = _neighbours(self)
        if rows is None or k > rare.size:
            return self._select_as_theirs(X, labels)
        random_state = check_random_state(self.random_state)
        scaling = choose_scaling(rows)
        rare_points = make_points(rows, rare, scaling)
        kept = []
        self.estimators_ = []
        for code, label in enumerate(classes):
            members = np.flatnonzero(codes == code)
            if label in self.sampling_strategy_:
                drawn = random_state.randint(low=0, high=members.size, size=self.n_seeds_S)
                seeds, others = members[drawn], np.delete(members, drawn)
                members = seeds  # a store of one class misjudges nothing
                if code != codes[rare[0]] and others.size:
                    vote = k, _votes_against(k, code, codes[rare[0]])
                    wrong = _misjudged(rare_points, others, seeds, vote, self.n_jobs)
                    members = np.concatenate([seeds, wrong])
                store = np.append(rare, seeds)
                self.estimators_.append(KNeighborsClassifier(k).fit(X[store], labels[store]))
            kept.append(members)
        under = np.concatenate(kept)
        linked = tomek_links(rows[under], codes[under])
        targeted = np.isin(classes, list(self.sampling_strategy_))[codes[under]]
        return under[~(linked & targeted)]


def _neighbours(sampler: Any) -> int:
    return int(sampler.n_neighbors) if isinstance(sampler.n_neighbors, Integral) else 1


def _votes_against(k: int, code: int, rare: int) -> int:
    """How many of the k nearest must be of the rarest class to outvote the other class.

    An even vote goes to the lower class, as scikit-learn's classifier decides it.
    """
    return (k + 1) // 2 if rare < code else k // 2 + 1


def _radius(
    rare: Points, asking: Points, votes: int, n_jobs: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Squared distance and row number of the rare row that would decide the vote."""
    squared, rows = nearest(rare, asking, votes, n_jobs, apart=True)
    return squared[:, -1], rows[:, -1]


def _misjudged(
    rare: Points, others: np.ndarray, seeds: np.ndarray, vote: tuple[int, int], n_jobs: int | None
) -> np.ndarray:
    """The rows, of some others, that a store of all rare rows and the given seeds misjudges.

    A row is judged right exactly if k - votes + 1 seeds are nearer than the rare row that would
    decide the vote. With one seed that row need not be found: it is enough to know whether
    `votes` rare rows are nearer than the seed.
    """
    k, votes = vote
    asking = make_points(rare.X, others, rare.scaling)
    if k == 1 and seeds.size == 1:
        seed = np.full(len(asking), seeds[0])
        squared = distances(asking.X, asking.rows, seed)
        wrong = enough_nearer(rare, asking, squared, seed, need=votes, n_jobs=n_jobs)
    else:
        squared, rows = _radius(rare, asking, votes, n_jobs)
        store = make_points(asking.X, seeds, asking.scaling)
        wrong = ~enough_nearer(store, asking, squared, rows, need=k - votes + 1, n_jobs=n_jobs)
    return np.sort(asking.rows[wrong])


def _condense(
    X: np.ndarray,
    members: np.ndarray,
    rare: np.ndarray,
    seeds: np.ndarray,
    *,
    vote: tuple[int, int],
    n_jobs: int | None,
) -> np.ndarray:
    """The rows of one class that are kept: its seeds, then every row misjudged when its turn comes.

    A row is judged right once k - votes + 1 kept rows are nearer than the rare row that would
    decide its vote. That never gets undone, so each kept row is held against the rows still
    misjudged and still to come, and those shrink quickly.
    """
    k, votes = vote
    scaling = choose_scaling(X)
    asking = make_points(X, members, scaling)
    squared, rows = _radius(make_points(X, rare, scaling), asking, votes, n_jobs)
    order = np.argsort(asking.rows)
    waiting = _Waiting(X, members, squared[order], rows[order], k - votes + 1)
    for seed in seeds:
        waiting.settle(seed)
    # imbalanced-learn skips kept rows by their number in the table, but asks by their position in
    # the class; the same rows are skipped here, to end with the same rows.
    waiting.skip(seeds)
    kept = list(seeds)
    for row in waiting:
        kept.append(row)
        waiting.settle(row)
        waiting.skip(np.array([row]))
    return np.array(kept)


class _Waiting:
    """The rows of a class that are misjudged so far, in the order of their visit."""

    def __init__(
        self, X: np.ndarray, members: np.ndarray, squared: np.ndarray, rows: np.ndarray, need: int
    ) -> None:
        self._X = X
        self._rows, self._squared, self._limit_rows = members, squared, rows
        self._place = np.arange(len(members))
        self._need = np.full(len(members), need)

    def settle(self, row: int) -> None:
        """Hold a kept row against the rows that wait, and let those go that are now right."""
        between = distances(self._X, self._rows, np.full(len(self._rows), row))
        nearer = (between < self._squared) | ((between == self._squared) & (row < self._limit_rows))
        self._need = self._need - nearer
        self._keep(self._need > 0)

    def skip(self, places: np.ndarray) -> None:
        """Pass over the rows at the given places in the class."""
        self._keep(~np.isin(self._place, places))

    def _keep(self, keep: np.ndarray) -> None:
        if not keep.all():
            self._rows, self._squared = self._rows[keep], self._squared[keep]
            self._limit_rows, self._place = self._limit_rows[keep], self._place[keep]
            self._need = self._need[keep]

    def __iter__(self) -> Iterator[int]:
        number = len(self._rows)
        while len(self._rows):
            tell(1 - len(self._rows) / number)
            row = self._rows[0]
            self._keep(np.arange(len(self._rows)) > 0)
            yield row
