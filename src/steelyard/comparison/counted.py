"""A technique's out-of-fold rows summarised for the page: whole counts, class by class."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard.comparison.judging import Judged, Protocol
from steelyard.stats.confusion import confusion_table
from steelyard.stats.curves import calibration_curve
from steelyard.stats.observed_expected import observed_expected
from steelyard.stats.threshold_table import score_histogram, threshold_table


def decisions_in_counts(one: Judged, protocol: Protocol, classes: Sequence[Any]) -> dict[str, Any]:
    """`thresholds` and `confusion` of a technique, and what each class was promised.

    Returns: `thresholds`, for two classes of the class of interest, for more of each class against
    the rest; `confusion`, counts over all repeats of (true class, decision); `one_row`, where rows
    have weights, which are then counted, the weight of one effective row of each class, else None;
    `observed_expected` per class; `calibration_uncorrected`, the curve before any correction.
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
        "one_row": None if weights is None else first.one_row.tolist(),
        "observed_expected": observed_expected(first.y, first.p, weight=weights),
        "calibration_uncorrected": calibration_curve(
            protocol.y[rows] == protocol.positive,
            one.uncorrected[0, rows, protocol.positive],
            weights,
        ),
    }


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
    return table | {"scores": score_histogram(positive, score, weights)}
