"""Labels, probabilities and decisions of one technique, checked against each other once."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import DataError, RequestError, WeightError
from steelyard.stats.costs import cost_matrix, cost_pair
from steelyard.stats.ranking import Ranked

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]


@dataclass(frozen=True)
class Predictions:
    """Checked rows of one technique in one repeat, ready for every metric; made by `of`.

    Attributes:
        y: class codes, shape (n,). p: probabilities, (n, K). d: decided codes, (n,).
        positive: code of the class of interest.
        costs: (K, K), what deciding column j costs when row i is true; None where all classes
            count the same, or rows differ.
        row_costs: (n, 2), what a false alarm and a miss cost in each row, where rows differ.
        folds: fold in which a row was predicted, (n,), or None.
        groups: codes 0 .. G-1 of rows that belong together, (n,), or None.
        weights: how much each row counts, (n,), or None; variances take them as inverse chances
            of being drawn, never as copies.
        stratified: the folds hold the classes in equal shares, so that how many positives there
            are is no chance of these predictions.
        found: metrics already computed, by name (a number a row: not for all of them).
    """

    y: Ints
    p: Floats
    d: Ints
    positive: int
    costs: Floats | None = None
    folds: Ints | None = None
    groups: Ints | None = None
    weights: Floats | None = None
    stratified: bool = False
    row_costs: Floats | None = None
    found: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        y: ArrayLike,
        p: ArrayLike,
        d: ArrayLike,
        *,
        positive: int | None = None,
        costs: ArrayLike | None = None,
        folds: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        stratified: bool = False,
        row_costs: ArrayLike | None = None,
    ) -> "Predictions":
        """Check labels, probabilities and decisions against each other.

        Args:
            y: class codes 0 .. K-1, shape (n,).
            p: probability of each class, shape (n, K).
            d: decided class codes, shape (n,).
            positive: code of the class of interest; by default the rarest class with rows.
            costs: cost of deciding j when i is true, shape (K, K), or for two classes the pair
                (false positive, false negative).
            folds, groups: any integers, shape (n,). weights: >= 0, shape (n,).
            stratified: as the attribute.
            row_costs: of a false alarm and a miss, >= 0, shape (n, 2), for two classes; where
                every row has the same they are `costs`.
        Raises: DataError, RequestError, WeightError.
        """
        table = np.asarray(p, dtype=np.float64)
        if table.ndim != 2 or not len(table) or table.shape[1] < 2 or not np.isfinite(table).all():
            raise DataError(
                f"probabilities of shape {table.shape}; give finite numbers, one row per label "
                "and one column per class, at least one row and two classes."
            )
        n, classes = table.shape
        truth, decided = _codes("y", y, n, classes), _codes("d", d, n, classes)
        mass = _weights(weights, n)
        counts = np.bincount(truth, mass, minlength=classes)
        if positive is None:
            positive = int(np.argmin(np.where(counts > 0, counts, np.inf)))
        elif not 0 <= positive < classes:
            raise RequestError(f"positive = {positive}; give a class code, 0 to {classes - 1}.")
        by_row = None if row_costs is None else _by_row(row_costs, n, classes)
        if by_row is not None and (by_row == by_row[0]).all():
            # The very figures of constant costs, to the last digit.
            costs, by_row = by_row[0], None
        return cls(
            truth,
            table,
            decided,
            positive,
            _costs(costs, classes, positive),
            None if folds is None else _labels("folds", folds, n),
            None if groups is None else _recoded(_labels("groups", groups, n)),
            mass,
            stratified,
            by_row,
        )

    @property
    def binary(self) -> bool:
        """Whether there are two classes."""
        return self.p.shape[1] == 2

    @property
    def interest(self) -> int | None:
        """The positive class where metrics are about one class, None where about them all."""
        return self.positive if self.binary else None

    @cached_property
    def fold_codes(self) -> Ints:
        """Folds as codes 0 .. J-1, shape (n,); one fold where none are known."""
        return np.zeros(len(self.y), int) if self.folds is None else _recoded(self.folds)

    @property
    def decided(self) -> Ints:
        """True class and decision as one code, true * K + decided, shape (n,)."""
        return np.multiply(self.y, self.p.shape[1], dtype=np.int64) + self.d

    @cached_property
    def table(self) -> Floats:
        """Weight of rows per (true class, decision), shape (K, K)."""
        classes = self.p.shape[1]
        cells = np.bincount(self.decided, self.weights, minlength=classes**2)
        return cells.reshape(classes, classes).astype(np.float64)

    @cached_property
    def counts(self) -> Floats:
        """Weight of the rows of each class, shape (K,)."""
        return np.bincount(self.y, self.weights, minlength=self.p.shape[1]).astype(np.float64)

    @property
    def one_row(self) -> Floats:
        """Weight of one effective row of each class, shape (K,); 1 where nothing is weighted."""
        if self.weights is None:
            return np.ones(self.p.shape[1])
        squares = np.bincount(self.y, self.weights**2, minlength=self.p.shape[1])
        return np.divide(squares, self.counts, out=np.ones(len(squares)), where=self.counts > 0)

    @cached_property
    def rankings(self) -> dict[int, Ranked]:
        """Those of `ranked`, by class."""
        return {}

    def ranked(self, k: int) -> Ranked:
        """The rows by their probability of class k, ranked once for all that asks."""
        if k not in self.rankings:
            self.rankings[k] = Ranked.of(self.y == k, self.p[:, k], self.weights)
        return self.rankings[k]

    def effective(self, k: int | None = None) -> float:
        """Kish's effective number of rows (of class k), rows of one group taken as one."""
        if self.weights is None and self.groups is None:
            return float(len(self.y) if k is None else self.counts[k])
        mine = np.full(len(self.y), True) if k is None else self.y == k
        each = np.ones(int(mine.sum())) if self.weights is None else self.weights[mine]
        if self.groups is not None:
            each = np.bincount(self.groups[mine], each)
        return effective_rows(each)

    def rows(self, chosen: NDArray[Any]) -> "Predictions":
        """Some of the rows, by mask or positions, with the positive class and the costs of all."""
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        parts = [self.folds, self.groups, self.weights, self.row_costs]
        folds, groups, weights, by_row = (None if part is None else part[chosen] for part in parts)
        some = Predictions(
            self.y[chosen],
            self.p[chosen],
            self.d[chosen],
            self.positive,
            self.costs,
            folds,
            None if groups is None else _recoded(groups),
            weights,
            self.stratified,
            by_row,
        )
        some.rankings.update((k, ranked.some(chosen)) for k, ranked in self.rankings.items())
        return some


def effective_rows(weights: Floats) -> float:
    """Kish's effective number of rows of these weights.

    >>> effective_rows(np.array([1.0, 1.0])), effective_rows(np.array([3.0, 1.0]))
    (2.0, 1.6)
    """
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def _codes(name: str, values: ArrayLike, n: int, classes: int) -> Ints:
    codes = np.asarray(values)
    if codes.shape != (n,) or codes.dtype.kind not in "iu":
        raise DataError(f"{name} is {codes.dtype} {codes.shape}; give {n} integer class codes.")
    if codes.min() < 0 or codes.max() >= classes:
        raise DataError(
            f"{name} holds codes {codes.min()} to {codes.max()}; the probabilities have "
            f"{classes} columns, so give 0 to {classes - 1}."
        )
    return codes


def _labels(name: str, values: ArrayLike, n: int) -> Ints:
    labels = np.asarray(values)
    if labels.shape != (n,):
        raise DataError(f"{name} has shape {labels.shape}; give one per row: ({n},).")
    return labels


def _recoded(labels: Ints) -> Ints:
    """Codes 0 .. in the order of the labels; without a sort where they are small numbers.

    Labels that are such codes are given back as they are: many techniques share their folds.
    """
    if labels.dtype.kind in "iu" and labels.min() >= 0 and labels.max() <= len(labels):
        there = np.bincount(labels) > 0
        return labels if there.all() else (np.cumsum(there) - 1)[labels]
    return np.unique(labels, return_inverse=True)[1]


def _weights(weights: ArrayLike | None, n: int) -> Floats | None:
    if weights is None:
        return None
    values = np.asarray(weights, dtype=np.float64)
    if (
        values.shape != (n,)
        or not np.isfinite(values).all()
        or values.min() < 0
        or not values.any()
    ):
        raise WeightError(
            f"weights of shape {values.shape}; give one finite number >= 0 per row, ({n},), at "
            "least one of them above 0."
        )
    return values


def _costs(costs: ArrayLike | None, classes: int, positive: int) -> Floats | None:
    if costs is None:
        return None
    if np.shape(costs) == (2,) and classes == 2:
        alarm, miss = np.asarray(costs, dtype=np.float64).tolist()
        return cost_pair(alarm, miss, positive=positive)
    return cost_matrix(costs, classes)


def _by_row(costs: ArrayLike, n: int, classes: int) -> Floats:
    values = np.asarray(costs, dtype=np.float64)
    if values.shape != (n, 2) or classes != 2:
        raise RequestError(
            f"row_costs have shape {values.shape}, for {classes} classes; give the costs of a "
            f"false alarm and a miss per row, ({n}, 2), of two classes."
        )
    if not np.isfinite(values).all() or values.min() < 0:
        raise RequestError("row_costs hold negative, infinite or missing costs; give numbers >= 0.")
    return values
