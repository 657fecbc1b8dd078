"""Class shares of a batch, from a word, a power, or the user's own numbers."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import EmptyClassError, RequestError

Shares = str | float | Mapping[Hashable, float]

POWERS = {"natural": 1.0, "sqrt": 0.5, "uniform": 0.0}


def target_shares(
    shares: Shares, classes: Sequence[Hashable], counts: Sequence[int]
) -> NDArray[np.float64]:
    """Share of each class in a batch, shape (classes,), summing to one.

    Args:
        shares: `"uniform"` (all equal), `"sqrt"` (proportional to the root of the count),
            `"natural"` (as in the data); a number q for shares proportional to `count ** q`; or
            a dict class -> share with every class, in any unit (`{0: 3, 1: 1}` is 75 % and 25 %).
        classes: class labels, in column order.
        counts: rows of each class.
    Raises: EmptyClassError: a class has no rows. RequestError: shares that name other classes,
        are not above zero, or are no known word.
    Source: Kang et al., "Decoupling representation and classifier", ICLR 2020 (`count ** q`).

    >>> target_shares("sqrt", ["a", "b", "c"], [1000, 100, 10]).round(6)
    array([0.706101, 0.223289, 0.07061 ])
    """
    empty = [label for label, count in zip(classes, counts, strict=True) if not count]
    if empty:
        raise EmptyClassError(
            f"no rows of class {', '.join(map(repr, empty))} among {sum(counts):,}; "
            "a batch cannot show them: drop the class, or add rows of it"
        )
    if isinstance(shares, Mapping):
        weights = _own_shares(shares, classes)
    else:
        weights = np.asarray(counts, dtype=np.float64) ** _power(shares)
    return weights / weights.sum()


def _power(shares: str | float) -> float:
    if isinstance(shares, str):
        if shares not in POWERS:
            raise RequestError(
                f"shares = {shares!r}; give one of {', '.join(map(repr, POWERS))}, a power of the "
                "class count, or a dict class -> share"
            )
        return POWERS[shares]
    return float(shares)


def _own_shares(
    shares: Mapping[Hashable, float], classes: Sequence[Hashable]
) -> NDArray[np.float64]:
    if set(shares) != set(classes):
        raise RequestError(
            f"shares names {sorted(map(repr, shares))}, but the classes are "
            f"{sorted(map(repr, classes))}; give one share for each class"
        )
    weights = np.array([shares[label] for label in classes], dtype=np.float64)
    if not np.all(np.isfinite(weights) & (weights > 0)):
        raise RequestError(
            f"shares = {dict(shares)!r}; each must be above zero: a class without a share would "
            "never be learned"
        )
    return weights
