"""Labelled rows with multiplicity, so that many can be stood for by few."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from steelyard.stats.validation import Codes, Floats, log_of

# Width of a group of logits. A logit is at most half of it away from its group's mean: about a
# thousandth of what separates two rows, where calibrations are curves over many units of logit.
LOGIT_STEP = 1.0 / 128.0


@dataclass(frozen=True)
class Rows:
    """Probabilities (rows, classes), class codes, and how many rows each row stands for.

    `squares`: the sum of squared weights of what a row stands for, by which variances go; None
    where that is a number of rows that count once each.
    """

    p: Floats
    y: Codes
    sample_weight: Floats
    squares: Floats | None = None

    @classmethod
    def of(cls, p: Floats, y: Codes, sample_weight: Floats | None = None) -> "Rows":
        """Every row stands for itself, or by its weight (of mean 1); those of weight 0 are out."""
        if sample_weight is None:
            return cls(p, y, np.ones(len(y)))
        return cls(p, y, sample_weight, sample_weight**2).at(sample_weight > 0)

    @cached_property
    def log_p(self) -> Floats:
        """Log p with the floor."""
        return log_of(self.p)

    @cached_property
    def counts(self) -> Floats:
        """Rows stood for, per class."""
        return np.bincount(self.y, weights=self.sample_weight, minlength=self.p.shape[1])

    @cached_property
    def effective(self) -> Floats:
        """Kish's effective number of rows, per class."""
        return self.counts / self.one_row

    @cached_property
    def one_row(self) -> Floats:
        """Weight of one effective row, per class; 1 where nothing is weighted."""
        if self.squares is None:
            return np.ones(self.p.shape[1])
        squares = np.bincount(self.y, weights=self.squares, minlength=self.p.shape[1])
        return np.divide(squares, self.counts, out=np.ones(len(squares)), where=self.counts > 0)

    def at(self, index: Any) -> "Rows":
        """Some of the rows, by positions or mask."""
        squares = None if self.squares is None else self.squares[index]
        return Rows(self.p[index], self.y[index], self.sample_weight[index], squares)

    def drawn(self, sample_weight: Codes) -> "Rows":
        """The rows, each drawn so many times."""
        return self.standing_for(self.sample_weight * sample_weight)

    def standing_for(self, sample_weight: Any) -> "Rows":
        """The rows, standing for so many rows each."""
        return Rows(self.p, self.y, np.asarray(sample_weight, dtype=np.float64))


def rank_in_class(y: Codes) -> Codes:
    """How many rows of the same class come before each row."""
    order = np.argsort(y.astype(np.int16), kind="stable")  # of 16 bits: without comparisons
    counts = np.bincount(y)
    ranks = np.empty(len(y), dtype=np.int64)
    ranks[order] = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)
    return ranks


def sampled(y: Codes, per_class: int, seed: int = 0) -> Codes:
    """Positions of at most so many rows of each class, in the order of the rows."""
    if np.bincount(y).max() <= per_class:
        return np.arange(len(y))
    shuffled = np.random.default_rng(seed).permutation(len(y))
    return np.sort(shuffled[rank_in_class(y[shuffled]) < per_class])


def thinned(rows: Rows, kept: Codes) -> Rows:
    """The rows `kept`, standing for all rows of their class."""
    few = rows.at(kept)
    share = rows.counts / np.where(few.counts > 0.0, few.counts, 1.0)
    weight = few.sample_weight * share[few.y]
    if few.squares is None:
        return Rows(few.p, few.y, weight)
    # As many effective rows as those that they stand for.
    same = rows.one_row * rows.counts / np.where(few.counts > 0, few.one_row * few.counts, 1.0)
    return Rows(few.p, few.y, weight, few.squares * same[few.y])


def grouped(rows: Rows, fold: Codes) -> tuple[Rows, Codes]:
    """Two classes: rows of one class, one fold and nearly one logit as a single row.

    Returns: the rows, and their folds.
    """
    logit = rows.log_p[:, 1] - rows.log_p[:, 0]
    step = np.round((logit - logit.min()) / LOGIT_STEP).astype(np.int64)
    name = (step * (int(fold.max()) + 1) + fold) * 2 + rows.y
    # As `np.unique` does, without a sort: names are small numbers.
    there = np.bincount(name) > 0
    names, group = np.flatnonzero(there), (np.cumsum(there) - 1)[name]
    sample_weight = np.bincount(group, weights=rows.sample_weight)
    mean = np.bincount(group, weights=rows.sample_weight * logit) / sample_weight
    # The smaller side first, 1 - p loses it where it is tiny.
    small = np.exp(-np.logaddexp(0.0, np.abs(mean)))
    positive = np.where(mean < 0.0, small, 1.0 - small)
    negative = np.where(mean < 0.0, 1.0 - small, small)
    p = np.column_stack([negative, positive])
    squares = None if rows.squares is None else np.bincount(group, weights=rows.squares)
    return Rows(p, names % 2, sample_weight, squares), names // 2 % (int(fold.max()) + 1)
