"""Several estimates of the same kind drawn towards their mean, the more the less each tells."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def partially_pooled(values: ArrayLike, sizes: ArrayLike, variance: float) -> Floats:
    """Values, shape (parts,), pooled as far as they vary no more than chance lets them.

    How much the parts truly differ is estimated from what they vary beyond chance; a part keeps
    that share of its distance to the mean which is not chance.

    Args:
        values: one a part. sizes: rows (or expected rows) that each rests on, above 0.
        variance: of one row, so that a value's is `variance / size`.
    Returns: shape (parts,); all equal where the values vary no more than by chance.
    Source: DerSimonian and Laird, Controlled Clinical Trials 7, 1986; Morris, "Parametric empirical
        Bayes inference", JASA 78, 1983.

    >>> partially_pooled([0.5, 0.7], [10, 10], 0.24).round(3)
    array([0.6, 0.6])
    >>> partially_pooled([0.5, 0.7], [10_000, 10_000], 0.24).round(2)
    array([0.5, 0.7])
    """
    x, n = np.asarray(values, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    mean = float(np.average(x, weights=n))
    beyond = float((n * (x - mean) ** 2).sum()) - (len(x) - 1) * variance
    scale = float(n.sum() - (n**2).sum() / n.sum())
    between = max(0.0, beyond / scale) if scale > 0 else 0.0
    own = between + variance / n
    kept = np.divide(between, own, out=np.zeros(len(x)), where=own > 0)
    return mean + kept * (x - mean)
