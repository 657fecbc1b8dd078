"""Which rows a sampler selects, and between which rows it makes new ones, without making them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard.resample._interpolate import Lines
from steelyard.resample.combine import SMOTEENN, SMOTETomek
from steelyard.resample.smote import ADASYN, SMOTE, BorderlineSMOTE


@dataclass(frozen=True)
class Selection:
    """Rows of a sampler's result, by the rows they come from.

    Row i is `X[start[i]] + step[i] * (X[end[i]] - X[start[i]])`; an observed row where `step` is
    0. `made`: rows that lie on no such line, with labels `made_y`; they come on top.
    """

    start: np.ndarray
    end: np.ndarray
    step: np.ndarray
    made: np.ndarray
    made_y: np.ndarray


def select(sampler: Any, X: np.ndarray, y: np.ndarray) -> Selection:
    """Resample, and say where each row of the result comes from.

    Args:
        sampler: any object with imbalanced-learn's `fit_resample`.
        X: shape (rows, columns), numbers.
        y: labels, shape (rows,).

    >>> from steelyard.resample import SMOTE
    >>> X, y = np.arange(20.0).reshape(10, 2), np.array([0] * 7 + [1] * 3)
    >>> found = select(SMOTE(k_neighbors=2, random_state=0), X, y)
    >>> line = X[found.start] + found.step[:, None] * (X[found.end] - X[found.start])
    >>> bool((line == SMOTE(k_neighbors=2, random_state=0).fit_resample(X, y)[0]).all())
    True
    """
    everything = np.arange(len(y))
    if isinstance(sampler, SMOTEENN | SMOTETomek):
        return _cleaned(sampler, X, y)
    if isinstance(sampler, SMOTE | BorderlineSMOTE | ADASYN):
        sampler.fit(X, y)
        blocks, _ = sampler._make(X, y)
        starts = [everything, *(block.start for block in blocks)]
        ends = [everything, *(block.end for block in blocks)]
        steps = [np.zeros(len(y)), *(_steps(block) for block in blocks)]
        return _on_lines(*(np.concatenate(parts) for parts in (starts, ends, steps)))
    X_new, y_new = sampler.fit_resample(X, y)
    if hasattr(sampler, "sample_indices_"):
        rows = sampler.sample_indices_
        return _on_lines(rows, rows, np.zeros(len(rows)))
    return _recognised(X, y, np.asarray(X_new), np.asarray(y_new))


def _steps(lines: Lines) -> np.ndarray:
    steps = lines.steps if lines.shrink is None else lines.steps * lines.shrink
    return steps[:, 0]


def _on_lines(start: np.ndarray, end: np.ndarray, step: np.ndarray) -> Selection:
    return Selection(start, end, step, np.empty((0, 0)), np.empty(0, int))


def _cleaned(sampler: SMOTEENN | SMOTETomek, X: np.ndarray, y: np.ndarray) -> Selection:
    """SMOTE's rows, less those that the cleaning drops."""
    smote, cleaner = sampler.steps()
    grown = select(smote, X, y)
    line = X[grown.start] + grown.step[:, None] * (X[grown.end] - X[grown.start])
    cleaner.fit_resample(line.astype(X.dtype), y[grown.start])
    kept = cleaner.sample_indices_
    return _on_lines(grown.start[kept], grown.end[kept], grown.step[kept])


def _recognised(X: np.ndarray, y: np.ndarray, X_new: np.ndarray, y_new: np.ndarray) -> Selection:
    """Rows of the result that are rows of the input, label included, and those that are not."""
    old, new = (
        # Plus 0: of the two zeros, which are equal and differ in bytes, one is left.
        np.ascontiguousarray(np.column_stack([rows, labels]).astype("float64") + 0.0)
        for rows, labels in ((X, y), (X_new, y_new))
    )
    whole = np.dtype((np.void, old.dtype.itemsize * old.shape[1]))
    distinct, first = np.unique(old.view(whole).ravel(), return_index=True)
    place = np.searchsorted(distinct, new.view(whole).ravel()).clip(max=len(distinct) - 1)
    known = distinct[place] == new.view(whole).ravel()
    rows = first[place[known]]
    return Selection(rows, rows, np.zeros(len(rows)), X_new[~known], y_new[~known])
