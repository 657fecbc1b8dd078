"""From class counts to class weights: each rule a formula over counts."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from steelyard.errors import RequestError, WeightError
from steelyard.weights.counts import FloatArray, as_counts

Rule = str | Sequence[float]


def balanced(counts: FloatArray) -> FloatArray:
    """Inverse frequency, `N / (K n_k)`: every class has the same total weight, rows mean one.

    Source: King & Zeng, "Logistic regression in rare events data", 2001; scikit-learn's name.
    """
    return counts.sum() / (counts.size * counts)


def square_root(counts: FloatArray) -> FloatArray:
    """Square root of `balanced`: half way, on a log scale, from no weights to equal totals."""
    return np.sqrt(balanced(counts))


def logarithmic(counts: FloatArray) -> FloatArray:
    """`1 / ln(1.02 + share)`, between 1.4 and 50 however rare the class.

    Source: Paszke et al., "ENet", 2016, arXiv 1606.02147, section 5.2.
    """
    return 1 / np.log(1.02 + counts / counts.sum())


def effective_number(counts: FloatArray, beta: float = 0.9999) -> FloatArray:
    """One over the effective number of rows `(1 - beta^n) / (1 - beta)`, scaled to sum K.

    beta near 0 gives ones, beta near 1 inverse frequency.

    Source: Cui et al., "Class-balanced loss based on effective number of samples", CVPR 2019,
        arXiv 1901.05555.

    >>> effective_number(np.array([1000.0, 100.0, 10.0]), beta=0.999).round(6)
    array([0.04216 , 0.28    , 2.677839])
    """
    if not 0 <= beta < 1:
        raise RequestError(f"beta = {beta!r}; give 0 <= beta < 1, often 0.9999")
    if beta == 0:
        return np.ones_like(counts)
    # 1 - beta^n loses every digit where beta is near 1 and n small; expm1 keeps them.
    inverse = (1 - beta) / -np.expm1(counts * np.log(beta))
    return inverse * (counts.size / inverse.sum())


RULES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "balanced": balanced,
    "sqrt": square_root,
    "log": logarithmic,
    "effective": effective_number,
}


def from_counts(
    counts: ArrayLike, rule: Rule = "balanced", *, beta: float = 0.9999, normalise: bool = False
) -> FloatArray:
    """Weight of each class, shape (classes,), in the order of `counts`.

    Args:
        counts: rows per class, each > 0.
        rule: "balanced" (N / (K n), scikit-learn's), "sqrt" (its root), "log" (1 / ln(1.02 +
            share)), "effective" (effective number, scaled to sum K), or one weight >= 0 per class.
        beta: for "effective", 0 <= beta < 1.
        normalise: divide so that the mean over rows is one: the loss keeps its size and the
            learning rate its meaning.
    Raises: ClassCountError: a count that is not above zero. RequestError: unknown rule or beta.
        WeightError: own weights that are negative, not finite, all zero, or too few.

    >>> from_counts([1000, 100, 10]).round(6)
    array([ 0.37,  3.7 , 37.  ])
    """
    n = as_counts(counts)
    if not isinstance(rule, str):
        weights = own_weights(rule, n.size)
    elif rule not in RULES:
        raise RequestError(
            f"rule = {rule!r}; give one of {', '.join(RULES)}, or your own weight per class"
        )
    else:
        weights = effective_number(n, beta) if rule == "effective" else RULES[rule](n)
    return weights * (n.sum() / (n @ weights)) if normalise else weights


def own_weights(values: ArrayLike, classes: int) -> FloatArray:
    """The user's weights, one per class, checked."""
    weights = np.array(values, dtype=np.float64)
    if weights.shape != (classes,):
        raise WeightError(
            f"{weights.size} weights for {classes} classes; give one weight per class"
        )
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if bad.size:
        raise WeightError(
            f"weight {weights[bad[0]]:g} for class {bad[0]}; a weight is finite and >= 0 "
            "(a negative one would reward mistakes)"
        )
    if not weights.any():
        raise WeightError("every class weight is 0: nothing would be learned; raise one of them")
    return weights
