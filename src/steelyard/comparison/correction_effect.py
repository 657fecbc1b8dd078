"""What a technique does to the probabilities, and what is left of it after the correction."""

from typing import Any

import numpy as np

from steelyard.comparison.judging import Judged
from steelyard.comparison.protocol import Protocol
from steelyard.stats.calibration import calibration_line

FEWEST = 20  # rows of a class; the slope of fewer is anything from 0 to infinity


def correction_effect(one: Judged, protocol: Protocol) -> dict[str, dict[str, float | None]]:
    """The class of interest's probabilities before correction and as deployed, out of fold.

    Each with `log_loss` (all classes), `observed_expected` (true at 1), and the line that would
    straighten them: `intercept` (true at 0) and `slope` (true at 1; below, they are too sure);
    both None for a class of few rows.
    """
    deployed = _state(one.deployed, one.metrics, protocol)
    if np.array_equal(one.uncorrected, one.deployed, equal_nan=True):
        return {"uncorrected": deployed, "deployed": deployed}  # nothing was to be corrected
    return {"uncorrected": _state(one.uncorrected, one.before, protocol), "deployed": deployed}


def _state(p: np.ndarray, metrics: dict[str, Any], protocol: Protocol) -> dict[str, float | None]:
    rows = protocol.scored
    truth = protocol.y[rows] == protocol.positive
    weights = protocol.of_rows(rows)
    lines = [calibration_line(truth, repeat[rows, protocol.positive], weights) for repeat in p]
    known = [line for line in lines if line is not None]
    enough = min(truth.sum(), (~truth).sum()) >= FEWEST and known
    intercept, slope = np.mean(known, axis=0).tolist() if enough else (None, None)
    values = {name: metrics[name]["value"] for name in ("log_loss", "observed_expected")}
    return values | {"intercept": intercept, "slope": slope}
