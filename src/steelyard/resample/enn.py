"""EditedNearestNeighbours, its repeated form, and AllKNN."""

from typing import Any

import imblearn.under_sampling
import numpy as np
from imblearn.utils import check_sampling_strategy

from steelyard.errors import TargetCountError
from steelyard.resample._base import Selecting
from steelyard.resample._classes import encode, rarest, searchable
from steelyard.resample._editing import Editing


class EditedNearestNeighbours(Selecting, imblearn.under_sampling.EditedNearestNeighbours):
    """Drop rows of the targeted classes whose neighbourhood disagrees with their class.

    Parameters and results are those of `imblearn.under_sampling.EditedNearestNeighbours`; where
    distances tie, the lower row number is nearer, and a row is never its own neighbour. Labels
    may be text with `kind_sel="mode"`, too.

    Source: Wilson, "Asymptotic properties of nearest neighbor rules using edited data", IEEE
    Trans. Systems, Man and Cybernetics 2, 1972.

    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.1], [9.0], [9.5], [9.6]])
    >>> sampler = EditedNearestNeighbours(n_neighbors=1)
    >>> _ = sampler.fit_resample(X, np.array([0, 0, 0, 0, 1, 1]))
    >>> sampler.sample_indices_.tolist()
    [0, 1, 2, 4, 5]
    """

    def _select(self, X: Any, labels: np.ndarray) -> np.ndarray:
        rows = searchable(X, self.n_neighbors)
        if rows is None:
            return self._select_as_theirs(X, labels)
        self._validate_estimator()
        classes, codes = encode(labels)
        _require_neighbours(self, len(codes), self.n_neighbors)
        editing = Editing(rows, codes, self.n_jobs)
        editing.drop(_numbers(classes, self.sampling_strategy_), self.n_neighbors, self.kind_sel)
        return editing.left()


class _Rounds(Selecting):
    """What repeated editing has in common: rounds until the rarest class is no longer that."""

    def _round(self, editing: Editing, classes: np.ndarray, k: int) -> None:
        left = editing.left()
        _require_neighbours(self, left.size, k)
        # The classes to clean may change from round to round, as imbalanced-learn has it.
        strategy = check_sampling_strategy(
            self.sampling_strategy, classes[editing.codes[left]], "clean-sampling"
        )
        editing.drop(_numbers(classes, strategy), k, self.kind_sel)

    @staticmethod
    def _fell_below(editing: Editing) -> tuple[bool, bool]:
        """Whether a class fell below the first count of the rarest, and whether one is gone."""
        before = np.bincount(editing.codes)
        counts = np.bincount(editing.codes[editing.there], minlength=before.size)
        rare = rarest(editing.codes)
        present = counts > 0
        below = (counts < before[rare]) & present
        below[rare] = False
        return bool(below.any()), not present.all()


class RepeatedEditedNearestNeighbours(
    _Rounds, imblearn.under_sampling.RepeatedEditedNearestNeighbours
):
    """EditedNearestNeighbours until nothing changes, at most `max_iter` times.

    Parameters and results are those of the class of that name in `imblearn.under_sampling`; ties
    as in EditedNearestNeighbours.

    Source: Tomek, "An experiment with the edited nearest-neighbor rule", IEEE Trans. Systems, Man
    and Cybernetics 6, 1976.
    """

    def _select(self, X: Any, labels: np.ndarray) -> np.ndarray:
        rows = searchable(X, self.n_neighbors)
        if rows is None:
            return self._select_as_theirs(X, labels)
        self._validate_estimator()
        classes, codes = encode(labels)
        editing = Editing(rows, codes, self.n_jobs)
        for number in range(1, self.max_iter + 1):
            before = editing.there.sum()
            self._round(editing, classes, self.n_neighbors)
            self.n_iter_ = number
            if editing.there.sum() == before or any(self._fell_below(editing)):
                break
        return editing.left()


class AllKNN(_Rounds, imblearn.under_sampling.AllKNN):
    """EditedNearestNeighbours with 1, 2, ... `n_neighbors` neighbours, one after the other.

    Parameters and results are those of `imblearn.under_sampling.AllKNN`; ties as in
    EditedNearestNeighbours.

    Source: Tomek, "An experiment with the edited nearest-neighbor rule", IEEE Trans. Systems, Man
    and Cybernetics 6, 1976.
    """

    def _select(self, X: Any, labels: np.ndarray) -> np.ndarray:
        rows = searchable(X, self.n_neighbors)
        if rows is None:
            return self._select_as_theirs(X, labels)
        self._validate_estimator()
        classes, codes = encode(labels)
        editing = Editing(rows, codes, self.n_jobs)
        for k in range(1, self.n_neighbors + 1):
            self._round(editing, classes, k)
            too_few, gone = self._fell_below(editing)
            if gone or (too_few and not self.allow_minority):
                break
        return editing.left()


def _numbers(classes: np.ndarray, strategy: dict) -> list[int]:
    """The numbers of the targeted classes."""
    return np.flatnonzero(np.isin(classes, list(strategy))).tolist()


def _require_neighbours(sampler: Any, rows: int, k: int) -> None:
    if rows <= k:
        raise TargetCountError(
            f"{type(sampler).__name__} needs more than n_neighbors={k} rows, got {rows} (Expected "
            f"n_neighbors <= n_samples_fit): use n_neighbors={max(1, rows - 1)} or less"
        )
