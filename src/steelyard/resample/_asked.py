"""What a sampler is asked for, exactly, and whether that is what came out."""

import warnings
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from imblearn.utils import check_sampling_strategy

from steelyard.errors import RequestError
from steelyard.resample._classes import plain
from steelyard.sampling_plan.ratios import rows_of, rows_over

# A class that misses what was asked for by less than this share is not spoken of: ADASYN and
# KMeansSMOTE round per row and per cluster.
_MISS = 0.1


def asked_counts(strategy: Any, labels: np.ndarray, kind: str) -> Any:
    """`sampling_strategy_` as imbalanced-learn has it, with exact ratios and whole counts.

    Args:
        strategy: the parameter `sampling_strategy`.
        labels: one label per row, shape (rows,).
        kind: "over-sampling", "under-sampling" or "clean-sampling".
    Raises: RequestError: a count is no whole number. ValueError: what imbalanced-learn refuses.
    """
    if isinstance(strategy, Mapping):
        strategy = {label: _whole(label, number) for label, number in strategy.items()}
    elif isinstance(strategy, Real) and not isinstance(strategy, bool):
        strategy = _exact(float(strategy), labels, kind)
    return check_sampling_strategy(strategy, labels, kind)


def _whole(label: Any, number: Any) -> int:
    if isinstance(number, Real) and float(number).is_integer():
        return int(float(number))
    raise RequestError(
        f"sampling_strategy asks for {number!r} rows of class {plain(label)!r}: give a whole number"
    )


def _exact(ratio: float, labels: np.ndarray, kind: str) -> Any:
    """A ratio of two classes as the count it stands for; imbalanced-learn judges all others."""
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) != 2 or not 0 < ratio <= 1 or kind not in ("over-sampling", "under-sampling"):
        return ratio
    small, large = np.argsort(counts, kind="stable")
    if kind == "over-sampling":
        wanted, label = rows_of(ratio, int(counts[large])), small
        possible = wanted > counts[small]
    else:
        wanted, label = rows_over(int(counts[small]), ratio), large
        possible = wanted <= counts[large]
    return {classes[label]: wanted} if possible else ratio


def tell_difference(asked: Mapping[Any, int], kind: str, before: np.ndarray, after: Any) -> None:
    """Warn where a class is gone, or far from the count that was asked for.

    Args:
        asked: `sampling_strategy_`: rows to make (over) or to keep (under) of each class.
        before, after: labels of the table that came in and of the one that goes out.
    """
    had, has = (dict(zip(*np.unique(y, return_counts=True), strict=True)) for y in (before, after))
    for label, number in had.items():
        left = int(has.get(label, 0))
        wanted = {
            "over-sampling": number + asked.get(label, 0),
            "under-sampling": asked.get(label, number),
        }.get(kind, left)
        if not left:
            _warn(f"no row of class {plain(label)!r} is left: it had {number:,}")
        elif abs(left - wanted) > _MISS * abs(wanted - (number if kind == "over-sampling" else 0)):
            _warn(f"class {plain(label)!r} has {left:,} rows, {wanted:,} were asked for")


def _warn(text: str) -> None:
    warnings.warn(text, UserWarning, stacklevel=4)
