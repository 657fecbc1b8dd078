"""TomekLinks: drop the larger class's end of pairs of opposite rows nearest to each other."""

from typing import Any

import imblearn.under_sampling
import numpy as np

from steelyard.neighbours.counting import enough_nearer
from steelyard.neighbours.nearest import nearest
from steelyard.neighbours.points import make_points
from steelyard.neighbours.scaling import choose_scaling
from steelyard.resample._base import Selecting
from steelyard.resample._classes import encode, searchable


class TomekLinks(Selecting, imblearn.under_sampling.TomekLinks):
    """Drop rows of the targeted classes that form a Tomek link.

    Two rows of different classes are linked if each is the nearest row of the other. Parameters
    and results are those of `imblearn.under_sampling.TomekLinks`; where distances tie, the lower
    row number is nearer, and a pair at distance zero is a link like any other.

    Source: Tomek, "Two modifications of CNN", IEEE Trans. Systems, Man and Cybernetics 6, 1976.

    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [5.0], [5.1], [9.0]])
    >>> sampler = TomekLinks()
    >>> _ = sampler.fit_resample(X, np.array([0, 0, 0, 1, 1]))
    >>> sampler.sample_indices_.tolist()
    [0, 1, 3, 4]
    """

    def _select(self, X: Any, labels: np.ndarray) -> np.ndarray:
        rows = searchable(X)
        if rows is None:
            return self._select_as_theirs(X, labels)
        classes, codes = encode(labels)
        linked = tomek_links(rows, codes, n_jobs=self.n_jobs)
        targeted = np.isin(classes, list(self.sampling_strategy_))[codes]
        return np.flatnonzero(~(linked & targeted))


def tomek_links(X: np.ndarray, codes: np.ndarray, *, n_jobs: int | None = None) -> np.ndarray:
    """Which rows are an end of a Tomek link, shape (rows,).

    Every link has an end outside the largest class. So only the rows there look for their nearest
    row, and only the rows of the largest class that were found are asked whether they have a
    nearer one.
    """
    scaling = choose_scaling(X)
    everything = make_points(X, np.arange(len(X)), scaling)
    largest = int(np.argmax(np.bincount(codes)))
    askers = everything.subset(codes[everything.rows] != largest)
    squared, found = nearest(everything, askers, 1, n_jobs)
    squared, found = squared[:, 0], found[:, 0]

    linked = np.zeros(len(X), dtype=bool)
    nearest_row = np.full(len(X), -1)
    nearest_row[askers.rows] = found
    opposite = codes[found] != codes[askers.rows]
    mutual = opposite & (nearest_row[found] == askers.rows)
    linked[askers.rows[mutual]] = True

    # Of several rows that found the same row of the largest class, only the nearest can be its
    # nearest: one question per found row.
    into_largest = np.flatnonzero(codes[found] == largest)
    order = into_largest[
        np.lexsort((askers.rows[into_largest], squared[into_largest], found[into_largest]))
    ]
    _, first = np.unique(found[order], return_index=True)
    pair = order[first]
    position = np.empty(len(X), dtype=np.int64)
    position[everything.rows] = np.arange(len(X))
    spatial = pair[np.argsort(position[found[pair]])]
    asked = everything.subset(position[found[spatial]])
    nearer = enough_nearer(
        everything, asked, squared[spatial], askers.rows[spatial], need=1, n_jobs=n_jobs
    )
    linked[asked.rows[~nearer]] = True
    linked[askers.rows[spatial[~nearer]]] = True
    return linked
