"""NeighbourhoodCleaningRule: edited neighbours, and the neighbours of misjudged rare rows."""

from collections import Counter
from typing import Any

import imblearn.under_sampling
import numpy as np
from sklearn.base import clone

from steelyard.neighbours.rows import best_among
from steelyard.resample._base import Selecting
from steelyard.resample._classes import encode, rarest, searchable
from steelyard.resample._editing import most_frequent
from steelyard.resample.enn import EditedNearestNeighbours


class NeighbourhoodCleaningRule(Selecting, imblearn.under_sampling.NeighbourhoodCleaningRule):
    """Drop rows that their neighbours contradict, and rows that make rare rows misjudged.

    Parameters and results are those of `imblearn.under_sampling.NeighbourhoodCleaningRule`; ties
    as in EditedNearestNeighbours. Labels may be text.

    Source: Laurikkala, "Improving identification of difficult small classes by balancing class
    distribution", AIME 2001.
    """

    def _select(self, X: Any, labels: np.ndarray) -> np.ndarray:
        rows = searchable(X, self.n_neighbors)
        if rows is None:
            return self._select_as_theirs(X, labels)
        self._validate_estimator()
        if self.edited_nearest_neighbours is None:
            self.edited_nearest_neighbours_ = EditedNearestNeighbours(
                sampling_strategy=self.sampling_strategy,
                n_neighbors=self.n_neighbors,
                kind_sel="mode",
                n_jobs=self.n_jobs,
            )
        else:
            self.edited_nearest_neighbours_ = clone(self.edited_nearest_neighbours)
        self.edited_nearest_neighbours_.fit_resample(X, labels)
        stays = np.zeros(len(labels), dtype=bool)
        stays[self.edited_nearest_neighbours_.sample_indices_] = True

        classes, codes = encode(labels)
        near = _near_misjudged(rows, codes, self.n_neighbors, self.n_jobs)
        counts = Counter(labels.tolist() if labels.dtype == object else labels)
        least = min(counts.values()) * self.threshold_cleaning
        self.classes_to_clean_ = [
            label for label, n in counts.items() if label in self.sampling_strategy_ and n > least
        ]
        stays[near[np.isin(classes, self.classes_to_clean_)[codes[near]]]] = False
        return np.flatnonzero(stays)


def _near_misjudged(X: np.ndarray, codes: np.ndarray, k: int, n_jobs: int | None) -> np.ndarray:
    """The k nearest rows of every row of the rarest class that its neighbourhood misjudges.

    The vote is of the row itself and its k - 1 nearest, as imbalanced-learn asks a classifier
    that was fitted on the row.
    """
    rare = rarest(codes)
    asking = np.flatnonzero(codes == rare)
    _, found = best_among(X, np.arange(len(X)), asking, k, n_jobs=n_jobs)
    voters = np.concatenate([asking[:, None], found[:, : k - 1]], axis=1)
    misjudged = most_frequent(codes[voters], int(codes.max()) + 1) != rare
    return np.unique(found[misjudged])
