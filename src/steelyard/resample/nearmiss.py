"""NearMiss 1, 2 and 3: keep the rows of the larger classes that lie nearest to the rarest."""

import warnings
from functools import partial
from typing import Any

import imblearn.under_sampling
import numpy as np

from steelyard.neighbours.rows import best_among
from steelyard.resample._base import Selecting
from steelyard.resample._classes import encode, plain, rarest, require_rows, searchable


class NearMiss(Selecting, imblearn.under_sampling.NearMiss):
    """Keep the rows of larger classes with the least mean distance to rows of the rarest class.

    Version 1 takes the mean over the `n_neighbors` nearest rare rows, version 2 over the farthest.
    Version 3 first keeps the `n_neighbors_ver3` nearest rows of each rare row, then those of them
    with the largest mean distance. Parameters and results are those of
    `imblearn.under_sampling.NearMiss`; of equal means the row that comes first is kept.

    Source: Mani & Zhang, "kNN approach to unbalanced data distributions", ICML workshop 2003.
    """

    def _select(self, X: Any, labels: np.ndarray) -> np.ndarray:
        rows = searchable(X, self.n_neighbors, self.n_neighbors_ver3)
        if rows is None:
            return self._select_as_theirs(X, labels)
        self._validate_estimator()
        classes, codes = encode(labels)
        code = rarest(codes)
        rare = np.flatnonzero(codes == code)
        require_rows(
            rare.size, "NearMiss", "n_neighbors", self.n_neighbors, label=classes[code], own=0
        )
        kept = []
        for code, label in enumerate(classes):
            members = np.flatnonzero(codes == code)
            if label in self.sampling_strategy_:
                members = self._keep(rows, members, rare, label, self.sampling_strategy_[label])
            kept.append(members)
        return np.concatenate(kept)

    def _keep(
        self, X: np.ndarray, members: np.ndarray, rare: np.ndarray, label: Any, number: int
    ) -> np.ndarray:
        among_itself = members[0] == rare[0]
        search = partial(best_among, X, apart=not among_itself, n_jobs=self.n_jobs)
        if self.version == 3:
            k = self.n_neighbors_ver3
            require_rows(members.size, "NearMiss", "n_neighbors_ver3", k, label=label, own=0)
            _, found = search(members, rare, k)
            near = np.zeros(len(X), dtype=bool)
            if among_itself:
                near[rare] = True
                found = found[:, : k - 1]
            near[found] = True
            members = members[near[members]]
        sign = -1 if self.version == 2 else 1
        squared, _ = search(rare, members, self.n_neighbors, sign=sign)
        if among_itself:
            # Here a row counts as its own neighbour, at no distance.
            squared[np.isinf(squared)] = 0
            if self.version != 2:
                squared = np.roll(squared, 1, axis=1)
                squared[:, 0] = 0
        total = np.sqrt(squared).sum(axis=1)
        if members.size < number:
            warnings.warn(
                f"The number of the samples to be selected ({number:,}) is larger than the number "
                f"of samples available ({members.size:,}) of class {plain(label)!r}. The balancing "
                "ratio cannot be ensured and all samples will be returned.",
                stacklevel=2,
            )
        best = np.argsort(-total if self.version == 3 else total, kind="stable")
        return members[best[:number]]
