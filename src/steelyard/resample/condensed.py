"""CondensedNearestNeighbour and OneSidedSelection: keep what a small store misjudges."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import imblearn.under_sampling
import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import check_random_state

from steelyard.neighbours.counting import enough_nearer
from steelyard.neighbours.nearest import nearest
from steelyard.neighbours.points import Points, make_points
from steelyard.neighbours.reach import Reaches, reaches
from steelyard.neighbours.rows import best_among
from steelyard.neighbours.scaling import choose_scaling, distances
from steelyard.neighbours.threads import tell
from steelyard.resample._base import Selecting
from steelyard.resample._classes import encode, rarest, searchable
from steelyard.resample.tomek import tomek_links

# Rows whose turns are taken together.
_TURN = 64


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
    decide its vote. That never gets undone, so kept rows are held against the rows still misjudged
    and still to come, and those shrink quickly.
    """
    k, votes = vote
    squared, rows = best_among(X, rare, members, votes, apart=True, n_jobs=n_jobs)
    waiting = _Waiting(
        reaches(X, members, squared[:, -1], rows[:, -1]),
        np.arange(len(members)),
        np.full(len(members), k - votes + 1),
    )
    # imbalanced-learn skips kept rows by their number in the table, but asks by their position in
    # the class; the same rows are skipped here, to end with the same rows.
    waiting = waiting.after(seeds)
    kept = [seeds]
    while waiting.places.size:
        tell(1 - waiting.places.size / len(members))
        right, waiting = waiting.turn(_TURN)
        kept.append(right)
        waiting = waiting.after(right)
    return np.concatenate(kept)


@dataclass(frozen=True)
class _Waiting:
    """The rows of a class that are misjudged so far, in the order of their visit.

    Attributes:
        reach: the rows, each with the rare row that would decide its vote.
        places: their places in the class. need: how many kept rows nearer than that they lack.
    """

    reach: Reaches
    places: np.ndarray
    need: np.ndarray

    def turn(self, number: int) -> tuple[np.ndarray, "_Waiting"]:
        """The rows that are kept among the first so many, and those that come after them."""
        first, rest = slice(None, number), slice(number, None)
        rows, places = self.reach.rows[first], self.places[first]
        within = self.reach[first].within(rows)
        need, kept, skipped = self.need[first].copy(), [], set()
        for at, (row, place) in enumerate(zip(rows.tolist(), places.tolist(), strict=True)):
            if need[at] > 0 and place not in skipped:
                kept.append(at)
                skipped.add(row)
                need -= within[at]
        return rows[kept], _Waiting(self.reach[rest], self.places[rest], self.need[rest])

    def after(self, kept: np.ndarray) -> "_Waiting":
        """Those that are still misjudged once more rows are kept."""
        need = self.need.copy()
        for start in range(0, len(kept), _TURN):
            need -= self.reach.within(kept[start : start + _TURN]).sum(axis=0)
        stay = np.flatnonzero((need > 0) & ~np.isin(self.places, kept))
        return _Waiting(self.reach[stay], self.places[stay], need[stay])
