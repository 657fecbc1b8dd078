"""NearMiss 1, 2 and 3: keep the rows of the larger classes that lie nearest to the rarest."""

import warnings
from typing import Any

import imblearn.under_sampling
import numpy as np

from steelyard.neighbours.nearest import farthest, nearest
from steelyard.neighbours.points import Points, make_points
from steelyard.neighbours.scaling import choose_scaling
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
        of_rare = np.flatnonzero(codes == code)
        scaling = choose_scaling(rows, pairs=len(of_rare) * len(rows))
        rare = make_points(rows, of_rare, scaling)
        require_rows(
            len(rare), "NearMiss", "n_neighbors", self.n_neighbors, label=classes[code], own=0
        )
        kept = []
        for code, label in enumerate(classes):
            members = np.flatnonzero(codes == code)
            if label in self.sampling_strategy_:
                points = make_points(rows, members, scaling)
                members = self._keep(points, rare, label, self.sampling_strategy_[label])
            kept.append(members)
        return np.concatenate(kept)

    def _keep(self, points: Points, rare: Points, label: Any, number: int) -> np.ndarray:
        among_itself = np.array_equal(points.rows, rare.rows)
        if self.version == 3:
            k = self.n_neighbors_ver3
            require_rows(len(points), "NearMiss", "n_neighbors_ver3", k, label=label, own=0)
            _, found = nearest(points, rare, k, self.n_jobs, apart=not among_itself)
            near = np.zeros(len(points.X), dtype=bool)
            if among_itself:
                near[rare.rows] = True
                found = found[:, : k - 1]
            near[found] = True
            points = points.subset(near[points.rows])
        if self.version == 2:
            squared, _ = farthest(rare, points, self.n_neighbors, self.n_jobs)
        else:
            squared, _ = nearest(
                rare, points, self.n_neighbors, self.n_jobs, apart=not among_itself
            )
        if among_itself:
            # Here a row counts as its own neighbour, at no distance.
            squared[np.isinf(squared)] = 0
            if self.version != 2:
                squared = np.roll(squared, 1, axis=1)
                squared[:, 0] = 0
        order = np.argsort(points.rows)
        rows, total = points.rows[order], np.sqrt(squared[order]).sum(axis=1)
        if rows.size < number:
            warnings.warn(
                f"The number of the samples to be selected ({number:,}) is larger than the number "
                f"of samples available ({rows.size:,}) of class {plain(label)!r}. The balancing "
                "ratio cannot be ensured and all samples will be returned.",
                stacklevel=2,
            )
        best = np.argsort(-total if self.version == 3 else total, kind="stable")
        return rows[best[:number]]
