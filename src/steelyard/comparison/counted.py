"""A technique's out-of-fold rows summarised for the page: whole counts, class by class."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard.comparison.judging import Judged
from steelyard.comparison.protocol import Protocol
from steelyard.stats.confusion import confusion_table
from steelyard.stats.curves import calibration_curve
from steelyard.stats.influence import group_effect
from steelyard.stats.observed_expected import observed_expected
from steelyard.stats.threshold_table import score_histogram, threshold_table


def decisions_in_counts(one: Judged, protocol: Protocol, classes: Sequence[Any]) -> dict[str, Any]:
    """`thresholds` and `confusion` of a technique, and what each class was promised.

    Returns: `thresholds`, for two classes of the class of interest, for more of each class against
    the rest; `confusion`, counts over all repeats of (true class, decision); `one_row`, where rows
    have weights, which are then counted, or belong together, the weight of one effective row of
    each class, else None; `observed_expected` per class; `calibration_uncorrected`, the curve
    before any correction.
    """
    rows = protocol.scored
    y = np.tile(protocol.y[rows], protocol.repeats)
    p = np.concatenate(list(one.deployed[:, rows]))
    decided = np.concatenate([repeat.d for repeat in one.predictions])
    weights = protocol.of_rows(rows)
    tiled = None if weights is None else np.tile(weights, protocol.repeats)
    of_interest = [protocol.positive] if len(classes) == 2 else range(len(classes))
    confusion = confusion_table(y, decided, len(classes), tiled)
    first = one.predictions[0]
    return {
        "thresholds": [
            _against_the_rest(y == k, p[:, k], tiled, one, protocol, k) | {"label": classes[k]}
            for k in of_interest
            if 0 < (y == k).sum() < len(y)
        ],
        "confusion": (confusion.astype(int) if tiled is None else confusion.round(4)).tolist(),
        "one_row": _one_row(y, decided, first.one_row, protocol),
        "observed_expected": observed_expected(first.y, first.p, weight=weights),
        "calibration_uncorrected": _uncorrected_curve(one, protocol),
    }


def _uncorrected_curve(one: Judged, protocol: Protocol) -> dict[str, list[float]]:
    rows, k = protocol.scored, protocol.positive
    p = one.uncorrected[0, rows, k]
    if np.array_equal(p, one.deployed[0, rows, k]):
        return one.curves["calibration"]  # nothing was to be corrected
    return calibration_curve(protocol.y[rows] == k, p, protocol.of_rows(rows))


def _one_row(
    y: np.ndarray, decided: np.ndarray, of_weights: np.ndarray, protocol: Protocol
) -> list[float] | None:
    """Of each class, what an effective row weighs; None where every row is one."""
    if protocol.weights is None and protocol.groups is None:
        return None
    each = of_weights.tolist()
    if protocol.groups is None:
        return each
    return [
        each[k] * _together((decided == k).astype(np.float64), y == k, protocol) if each[k] else 0.0
        for k in range(len(each))
    ]


def _against_the_rest(
    positive: np.ndarray,
    score: np.ndarray,
    weights: np.ndarray | None,
    one: Judged,
    protocol: Protocol,
    k: int,
) -> dict[str, Any]:
    own = one.rule.threshold if k == protocol.positive else None
    at = [0.5] if own is None else [0.5, own]
    tables = 1 if protocol.classes == 2 else protocol.classes
    table = threshold_table(
        positive, score, weights=weights, repeats=protocol.repeats, at=at, tables=tables
    )
    told: dict[str, Any] = {"scores": score_histogram(positive, score, weights)}
    if protocol.groups is not None:
        here = float(np.median(score[positive])) if own is None else own
        flagged = (score >= here).astype(np.float64)
        before: Any = table.get("one_row", (1.0, 1.0))
        told["one_row"] = [
            each * _together(flagged, kind, protocol)
            for each, kind in zip(before, (positive, ~positive), strict=True)
        ]
    return table | told


def _together(flagged: np.ndarray, kind: np.ndarray, protocol: Protocol) -> float:
    """How many rows of a kind count as one, as groups are flagged together; repeats side by side.

    Args:
        flagged: 1 or 0 for each row of each repeat. kind: which of those are meant.
    """
    rows, repeats = protocol.scored, protocol.repeats
    assert protocol.groups is not None  # noqa: S101 - asked of grouped rows only
    mine, own = flagged.reshape(repeats, -1).mean(axis=0), kind[: len(rows)]
    moves = np.where(own, mine - mine[own].mean(), 0.0)
    weights = protocol.of_rows(rows)
    return group_effect(moves if weights is None else moves * weights, protocol.groups[rows])
