"""Which columns separate the classes on their own: the strongest features, and the leaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.inspection.column_scores import Parts, encoded
from steelyard.stats.auc import auc_with_interval
from steelyard.stats.ranking import roc_auc

Floats = NDArray[np.float64]
Codes = NDArray[np.integer]

FEW_VALUES = 64  # numbers with no more distinct values are also scored value by value
MOST_VALUES = 6_000_000  # values looked at over all columns and classes, per side
MOST_PER_SIDE, LEAST_PER_SIDE = 20_000, 1_000


@dataclass(frozen=True)
class ColumnScore:
    """How well one column alone tells a class from the rest.

    `auc` is at least .5: a column that ranks backwards separates as well. `how` is "order",
    "value" (each value scored on its own, out of sample) or "missing" (whether it is missing).
    """

    column: str
    label: int
    auc: float
    low: float
    high: float
    how: str


@dataclass(frozen=True)
class Contrast:
    """Rows of one class and rows of the rest, drawn once for all columns."""

    label: int
    rows: NDArray[np.int64]
    positive: NDArray[np.bool_]
    half: NDArray[np.int8]


def contrasts(
    y: Codes, labels: Sequence[int], columns: int, seed: int
) -> tuple[list[Contrast], bool]:
    """One contrast per class, and whether any of them leaves rows out.

    Both sides are drawn on their own, which leaves an AUC unchanged but for its interval.
    """
    per_side = int(
        np.clip(MOST_VALUES / max(1, columns * len(labels)), LEAST_PER_SIDE, MOST_PER_SIDE)
    )
    drawn = []
    for label in labels:
        rng = np.random.default_rng([seed, label])
        sides = [np.flatnonzero(y == label), np.flatnonzero(y != label)]
        sides = [rng.choice(side, min(len(side), per_side), replace=False) for side in sides]
        # Halves are drawn within each side, so that both hold as large a share of the class.
        half = np.concatenate([np.arange(len(side)) % 2 for side in sides]).astype(np.int8)
        positive = np.repeat([True, False], [len(side) for side in sides])
        drawn.append(Contrast(label, np.concatenate(sides), positive, half))
    return drawn, any(len(contrast.rows) < len(y) for contrast in drawn)


def separation(
    numbers: Mapping[str, Floats],
    categories: Mapping[str, tuple[Codes, int]],
    drawn: Sequence[Contrast],
) -> list[ColumnScore]:
    """The class each column separates best, strongest column first.

    Args:
        numbers: by name, shape (rows,), NaN where missing.
        categories: by name, codes of shape (rows,) and the code that stands for missing.
        drawn: from `contrasts`, at least one.
    """
    scores = [
        _strongest(name, [(c, _number_scores(values[c.rows], c)) for c in drawn])
        for name, values in numbers.items()
    ] + [
        _strongest(name, [(c, _category_scores(codes[c.rows], missing, c)) for c in drawn])
        for name, (codes, missing) in categories.items()
    ]
    return sorted(scores, key=lambda score: -score.auc)


def _strongest(name: str, scored: list[tuple[Contrast, dict[str, Parts]]]) -> ColumnScore:
    value, how, contrast, parts = max(
        (
            (max(score, 1 - score), how, c, parts if score >= 0.5 else _backwards(parts))
            for c, ways in scored
            for how, parts in ways.items()
            for score in [_auc(parts)]
        ),
        key=lambda candidate: candidate[0],
    )
    _, low, high = auc_with_interval(parts) if parts else (value, 0.0, 1.0)
    return ColumnScore(name, contrast.label, value, low, high, how.removesuffix(" last"))


def _auc(parts: Parts) -> float:
    return float(np.mean([roc_auc(*part) for part in parts])) if parts else 0.5


def _backwards(parts: Parts) -> Parts:
    return [(positive, -score) for positive, score in parts]


def _number_scores(values: Floats, contrast: Contrast) -> dict[str, Parts]:
    positive = contrast.positive
    missing = np.isnan(values)
    ways: dict[str, Parts] = {}
    if missing.any():
        ways["missing"] = [(positive, missing.astype(np.int8))]
        # Missing values have no place in the order: try both ends, so that none is favoured.
        for how, end in (("order", -np.inf), ("order last", np.inf)):
            ways[how] = [(positive, np.where(missing, end, values))]
    else:
        ways["order"] = [(positive, values)]
    distinct, codes = np.unique(values, return_inverse=True)
    if len(distinct) <= FEW_VALUES:
        ways["value"] = encoded(codes, positive, contrast.half)
    return ways


def _category_scores(codes: Codes, missing_code: int, contrast: Contrast) -> dict[str, Parts]:
    missing = codes == missing_code
    ways: dict[str, Parts] = {}
    if missing.any():
        ways["missing"] = [(contrast.positive, missing.astype(np.int8))]
    return ways | {"value": encoded(codes, contrast.positive, contrast.half)}
