"""Class counts, checked once and named in the error, so that no NaN shows up at epoch 3."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import ClassCountError

FloatArray = NDArray[np.float64]


def as_counts(class_counts: ArrayLike) -> FloatArray:
    """Class counts as a float array of shape (classes,), each above zero.

    Counts may be shares as well: only their ratios matter to most rules.

    Raises: ClassCountError: fewer than two classes, or a count that is not above zero.

    >>> as_counts([90, 9, 1])
    array([90.,  9.,  1.])
    """
    try:
        counts = np.asarray(class_counts, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ClassCountError(
            f"class_counts = {class_counts!r} is not a list of numbers ({error}); "
            "give one count per class in column order, such as [900, 90, 9]"
        ) from error
    if counts.ndim != 1 or counts.size < 2:
        raise ClassCountError(
            f"class_counts has shape {counts.shape}; give one count per class, at least two, "
            "in column order, such as [900, 90, 9]"
        )
    bad = np.flatnonzero(~(np.isfinite(counts) & (counts > 0)))
    if bad.size:
        raise ClassCountError(
            f"class_counts[{bad[0]}] = {counts[bad[0]]:g}; every class needs a count above zero: "
            "drop the class from the model, or add rows of it"
        )
    return counts


def class_shares(class_counts: ArrayLike) -> FloatArray:
    """Share of each class, shape (classes,), summing to one.

    >>> class_shares([3, 1])
    array([0.75, 0.25])
    """
    counts = as_counts(class_counts)
    return counts / counts.sum()


def log_prior(class_counts: ArrayLike) -> FloatArray:
    """Log of the class shares, shape (classes,), in nats.

    >>> log_prior([1, 1]).round(6)
    array([-0.693147, -0.693147])
    """
    return np.log(class_shares(class_counts))


def plain_counts(class_counts: ArrayLike) -> list[float]:
    """Checked counts as plain Python numbers, the form a Keras config may hold."""
    return as_counts(class_counts).tolist()


def prior_shares(prior: float | Sequence[float]) -> FloatArray:
    """Class shares from counts, shares, or one number: the share of class 1 of two.

    >>> prior_shares(0.02)
    array([0.98, 0.02])
    """
    if np.ndim(prior) == 0:
        share = float(prior)  # type: ignore[arg-type]
        if not 0 < share < 1:
            raise ClassCountError(
                f"prior = {share:g}; one number is the share of class 1 of two and lies between "
                "0 and 1; for more classes give one share or count per class"
            )
        return np.array([1 - share, share])
    return class_shares(prior)
