"""SMOTE, BorderlineSMOTE and ADASYN: new rows between neighbours of a class."""

from typing import Any

import imblearn.over_sampling
import numpy as np
from sklearn.utils import check_random_state

from steelyard.errors import TargetError
from steelyard.neighbours.rows import all_neighbours, neighbours_in
from steelyard.resample._base import Appending
from steelyard.resample._classes import plain, require_rows, searchable
from steelyard.resample._interpolate import between


class SMOTE(Appending, imblearn.over_sampling.SMOTE):
    """New rows between a row of a small class and one of its nearest rows of that class.

    Parameters, draws and results, to the byte, are those of `imblearn.over_sampling.SMOTE`.
    float32 stays float32 all the way.

    Source: Chawla et al., "SMOTE: synthetic minority over-sampling technique", JAIR 16, 2002.

    >>> import numpy as np
    >>> X, y = np.arange(20.0).reshape(10, 2), np.array([0] * 7 + [1] * 3)
    >>> X_new, y_new = SMOTE(k_neighbors=2, random_state=0).fit_resample(X, y)
    >>> X_new.shape, np.bincount(y_new).tolist()
    ((14, 2), [7, 7])
    """

    def _make(self, X: Any, labels: np.ndarray) -> tuple[list[Any], list[np.ndarray]]:
        rows = searchable(X, self.k_neighbors)
        if rows is None:
            return self._make_as_theirs(X, labels)
        self._validate_estimator()
        blocks, made = [], []
        for label, number in self.sampling_strategy_.items():
            if number == 0:
                continue
            members = np.flatnonzero(labels == label)
            require_rows(members.size, "SMOTE", "k_neighbors", self.k_neighbors, label=label)
            near = all_neighbours(rows[members], self.k_neighbors)
            draw = _draw(self.random_state, near, number)
            blocks.append(between(X, members[draw.row], members[draw.neighbour], draw.steps))
            made.append(np.full(number, label, dtype=labels.dtype))
        return blocks, made


class _Draw:
    """Which rows to start from, which neighbours to go to, and how far, in the legacy order."""

    def __init__(self, row: np.ndarray, neighbour: np.ndarray, steps: np.ndarray) -> None:
        self.row, self.neighbour, self.steps = row, neighbour, steps


def _draw(seed: Any, near: np.ndarray, number: int) -> _Draw:
    random_state = check_random_state(seed)
    cell = random_state.randint(low=0, high=near.size, size=number)
    steps = random_state.uniform(size=number)[:, np.newaxis]
    row, column = np.divmod(cell, near.shape[1])
    return _Draw(row, near[row, column], steps)


class BorderlineSMOTE(Appending, imblearn.over_sampling.BorderlineSMOTE):
    """SMOTE from the rows of a small class that lie among rows of other classes.

    Parameters, draws and results, to the byte, are those of
    `imblearn.over_sampling.BorderlineSMOTE`.

    Source: Han, Wang & Mao, "Borderline-SMOTE", ICIC 2005.
    """

    def _make(self, X: Any, labels: np.ndarray) -> tuple[list[Any], list[np.ndarray]]:
        rows = searchable(X, self.k_neighbors, self.m_neighbors)
        if rows is None:
            return self._make_as_theirs(X, labels)
        self._validate_estimator()
        self.in_danger_indices: dict[Any, np.ndarray] = {}
        blocks, made = [], []
        for label, number in self.sampling_strategy_.items():
            if number == 0:
                continue
            members = np.flatnonzero(labels == label)
            require_rows(len(labels), "BorderlineSMOTE", "m_neighbors", self.m_neighbors)
            around = neighbours_in(rows, members, self.m_neighbors)
            others = (labels[around] != label).sum(axis=1)
            half_of = others >= self.m_neighbors / 2
            danger = members[half_of & (others < self.m_neighbors)]
            if not danger.size:
                continue
            self.in_danger_indices[label] = danger
            where = members, danger
            blocks.append(self._from_danger(X, rows, labels, where, number=number, label=label))
            made.append(np.full(number, label, dtype=labels.dtype))
        return blocks, made

    def _from_danger(
        self,
        X: Any,
        rows: np.ndarray,
        labels: np.ndarray,
        where: tuple[np.ndarray, np.ndarray],
        *,
        number: int,
        label: Any,
    ) -> Any:
        members, danger = where
        if self.kind == "borderline-1":
            require_rows(
                members.size, "BorderlineSMOTE", "k_neighbors", self.k_neighbors, label=label
            )
            among = np.searchsorted(members, danger)
            near = members[neighbours_in(rows[members], among, self.k_neighbors)]
        else:
            near = neighbours_in(rows, danger, self.k_neighbors)
        draw = _draw(self.random_state, near, number)
        shrink = None
        if self.kind == "borderline-2":
            # Towards a row of another class at most half the way.
            others = labels[draw.neighbour] != label
            shrink = np.ones((number, 1))
            shrink[others] = check_random_state(self.random_state).uniform(
                low=0.0, high=0.5, size=(others.sum(), 1)
            )
        return between(X, danger[draw.row], draw.neighbour, draw.steps, shrink)


class ADASYN(Appending, imblearn.over_sampling.ADASYN):
    """SMOTE with more new rows where more neighbours are of other classes.

    Parameters, draws and results, to the byte, are those of `imblearn.over_sampling.ADASYN`.

    Source: He et al., "ADASYN: adaptive synthetic sampling approach for imbalanced learning",
    IJCNN 2008.
    """

    def _make(self, X: Any, labels: np.ndarray) -> tuple[list[Any], list[np.ndarray]]:
        rows = searchable(X, self.n_neighbors)
        if rows is None:
            return self._make_as_theirs(X, labels)
        self._validate_estimator()
        random_state = check_random_state(self.random_state)
        k = self.n_neighbors
        blocks, made = [], []
        for label, number in self.sampling_strategy_.items():
            if number == 0:
                continue
            members = np.flatnonzero(labels == label)
            require_rows(members.size, "ADASYN", "n_neighbors", k, label=label)
            around = neighbours_in(rows, members, k)
            share = (labels[around] != label).sum(axis=1) / k
            counts = _new_rows_per_row(share, number, label)
            near = all_neighbours(rows[members], k)
            start = np.repeat(np.arange(members.size), counts)
            column = random_state.choice(k, size=start.size)
            steps = random_state.uniform(size=(start.size, 1))
            blocks.append(between(X, members[start], members[near[start, column]], steps))
            made.append(np.full(start.size, label, dtype=labels.dtype))
        return blocks, made


def _new_rows_per_row(share: np.ndarray, number: int, label: Any) -> np.ndarray:
    if not share.sum():
        raise AdasynError(
            f"Not any neigbours belong to the majority class: no neighbour of a row of class "
            f"{plain(label)!r} is of another class, so ADASYN has nothing to adapt to; use SMOTE"
        )
    counts = np.rint(share / share.sum() * number).astype(int)
    if not counts.sum():
        raise TargetError(
            f"No samples will be generated with the provided ratio settings: {number} new rows of "
            f"class {plain(label)!r} spread over {share.size} rows round to none; ask for more, "
            "or use SMOTE"
        )
    return counts


class AdasynError(TargetError, RuntimeError):
    """No row of the class has a neighbour of another class (a RuntimeError in imbalanced-learn)."""
