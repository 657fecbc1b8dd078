"""What a technique does to the probabilities, and what is left of it after the correction."""

from typing import Any

import numpy as np

from steelyard.comparison.evaluate import Judged, Protocol
from steelyard.decision import calibration_line


def damage(one: Judged, protocol: Protocol) -> dict[str, dict[str, float | None]]:
    """The class of interest's probabilities at face value and as shipped, out of fold.

    Each with `log_loss` (all classes), `observed_expected` (true at 1), and the line that would
    straighten them: `intercept` (true at 0) and `slope` (true at 1; below, they are too sure).
    """
    return {
        "at_face_value": _state(one.belief, one.before, protocol),
        "as_shipped": _state(one.shipped, one.figures, protocol),
    }


def _state(p: np.ndarray, figures: dict[str, Any], protocol: Protocol) -> dict[str, float | None]:
    rows = protocol.scored
    truth = protocol.y[rows] == protocol.positive
    lines = [calibration_line(repeat[rows, protocol.positive], truth) for repeat in p]
    known = [line for line in lines if line is not None]
    intercept, slope = np.mean(known, axis=0).tolist() if known else (None, None)
    values = {name: figures[name]["value"] for name in ("log_loss", "observed_expected")}
    return values | {"intercept": intercept, "slope": slope}
