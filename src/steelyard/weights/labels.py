"""Weights for several labels at once: one where a label is present, one where it is absent."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import EmptyClassError, TargetError
from steelyard.weights.counts import FloatArray
from steelyard.weights.rules import Rule, from_counts


def label_weights(
    y: ArrayLike, rule: Rule = "balanced", *, beta: float = 0.9999, ignore: float | None = None
) -> tuple[FloatArray, FloatArray]:
    """Weight of each label where it is present and where it is absent, each shape (labels,).

    Each label is a question of two answers, weighed by its own counts: with "balanced" both have
    the same total weight in every label.

    Args:
        y: 0 or 1 for each row and label, shape (..., labels).
        rule: "balanced", "sqrt", "log" or "effective", as in `from_counts`.
        beta: for "effective".
        ignore: a mark in place of 0 or 1 for a label that is not known, such as -1.
    Raises: TargetError: anything but 0 and 1. EmptyClassError: a label that is never present, or
        never absent.

    >>> present, absent = label_weights([[1, 0], [0, 0], [0, 1], [0, 1]])
    >>> present.tolist(), absent.round(3).tolist()
    ([2.0, 1.0], [0.667, 1.0])
    """
    present, absent = label_counts(y, ignore)
    both = [
        from_counts([no, yes], rule, beta=beta) for no, yes in zip(absent, present, strict=True)
    ]
    weights = np.array(both)
    return weights[:, 1], weights[:, 0]


def positive_weight(
    y: ArrayLike, rule: Rule = "balanced", *, beta: float = 0.9999, ignore: float | None = None
) -> FloatArray:
    """Weight of each label where it is present, if an absent one weighs 1; shape (labels,).

    Arguments and errors as for `label_weights`. With "balanced" it is absent / present, PyTorch's
    `pos_weight`; for `losses.Asymmetric(positive_weight=...)`.

    >>> positive_weight([[1, 0], [0, 0], [0, 1], [0, 1]]).tolist()
    [3.0, 1.0]
    """
    present, absent = label_weights(y, rule, beta=beta, ignore=ignore)
    return present / absent


def label_counts(y: ArrayLike, ignore: float | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows with each label, and rows without it."""
    values = np.asarray(y)
    if values.ndim < 2 or values.dtype.kind not in "biuf":
        raise TargetError(
            f"y has shape {values.shape} and type {values.dtype}; for several labels at once give "
            "0 or 1 for every row and label, shape (rows, labels)"
        )
    flat = values.reshape(-1, values.shape[-1])
    present, absent = flat == 1, flat == 0
    known = present | absent
    if ignore is not None:
        known |= np.isnan(flat) if np.isnan(ignore) else flat == ignore
    if not known.all():
        raise TargetError(
            f"y holds {flat[~known][0]:g}; a label is 0 or 1: for one that is not known give its "
            "mark as ignore="
        )
    yes, no = present.sum(axis=0), absent.sum(axis=0)
    for state, counts in (("present", yes), ("absent", no)):
        if not counts.all():
            raise EmptyClassError(
                f"label {int(np.argmin(counts))} is never {state} among {len(flat):,} rows; leave "
                "its column out, or give rows of both"
            )
    return yes, no
