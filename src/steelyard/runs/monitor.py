"""Are new rows still what a run's decision was made for? Shares and scores, each in a band."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from steelyard._memory import limited
from steelyard._seeds import check_seed
from steelyard.errors import RequestError
from steelyard.runs.retune import SCORES_MOVED, warnings_of
from steelyard.runs.store import load
from steelyard.runs.training_table import training_table
from steelyard.runs.unlabelled import new_rows
from steelyard.stats.rows_to_know import rows_to_know

if TYPE_CHECKING:
    from steelyard.runs.study import Study

TIMES = 2.0  # the default band: from half the prevalence that the decision is for to twice it


def monitor_run(
    run: str | Path,
    data: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    max_psi: float = SCORES_MOVED,
    training: Any = None,
    verify: bool = True,
    seed: int = 0,
    memory: str | int | None = None,
) -> dict[str, Any]:
    """Look at unlabelled rows as `retune` does, and hold what is found against bands.

    The prevalence has left its band when its whole 95 % interval lies outside, under every reading
    that the rows allow; an interval that goes beyond both ends of the band says nothing, and then
    labels must (`rows_to_label`). The scores have when their stability index is above `max_psi`
    and above what chance gives; the rows have moved when no mix of the old classes gives such.

    Args:
        run: run directory.
        data: unlabelled rows, any table with the run's columns.
        low, high: prevalence of the positive class; by default half and twice that of the run's
            decision.
        max_psi: stability index of the scores.
        training: as in `Study.retune`.
        verify: the run must be as it was sealed.
        seed: of the draws behind intervals.
        memory: what the process keeps to, "4G" or bytes; by default 80 % of what is free.
    Returns: plain values: `left` (a band was left, or the rows moved), `prevalence`, `readings`
        (class shares, recall and precision under each, before any label), `scores`, `features`,
        `warnings`.
    """
    check_seed(seed)
    with limited(memory):
        study = load(run, verify=verify)
        band: dict[str, Any] = {"low": low, "high": high, "max_psi": max_psi}
        return {"run": str(run)} | monitored(study, data, **band, training=training, seed=seed)


def monitored(
    study: "Study",
    data: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    max_psi: float = SCORES_MOVED,
    training: Any = None,
    seed: int = 0,
) -> dict[str, Any]:
    """As `monitor_run`, of a study at hand."""
    band = _band(study, low, high, max_psi)
    table = training_table(study.run, training)
    found = new_rows(study, data, training=table, seed=seed)
    positive = study.classes.index(study.run["decision"]["positive"])
    readings, scores = found["readings"], found["scores"]
    prevalence = _prevalence(found, positive, study.run["decision"]["prior"][positive], band)
    scores = scores | {
        "band": max_psi,
        "left": bool(scores["psi"] > max(max_psi, scores["chance"])),
    }
    return {
        "rows": readings["rows"],
        "positive": study.run["decision"]["positive"],
        "left": prevalence["left"] or scores["left"] or not readings["label"]["fits"],
        "prevalence": prevalence,
        "readings": readings | {"positive": positive},
        "scores": scores,
        "features": found["features"],
        "warnings": warnings_of(found, compared=table is not None),
    }


def _prevalence(
    found: dict[str, Any], positive: int, set_for: float, band: tuple[float, float]
) -> dict[str, Any]:
    """The share of the positive class against its band, under the readings that are open."""
    readings = found["readings"]
    allowed = [readings[name] for name in _ALLOWED[readings["conclusion"]]]
    ends = [(one["low"][positive], one["high"][positive]) for one in allowed]
    state = band_state(ends, band)
    value = found["estimate"]["prior"][positive]
    likely = readings["features"]["prior"][positive] if state == "unknown" else value
    return {
        "value": value,
        "low": found["estimate"]["low"][positive],
        "high": found["estimate"]["high"][positive],
        "set_for": set_for,
        "band": list(band),
        "state": state,
        "left": state == "outside",
        "set_for_fits": any(low <= set_for <= high for low, high in ends),
        "rows_to_label": rows_to_know(min(max(likely, LEAST), 1.0)),
    }


def band_state(ends: Sequence[tuple[float, float]], band: tuple[float, float]) -> str:
    """Where intervals lie: `inside` the band or `outside` all of them, `unknown` where one of them
    goes beyond both ends, so that it says nothing, else `edge`.
    """
    low, high = band
    if all(end[1] < low or end[0] > high for end in ends):
        return "outside"
    if any(end[0] < low and end[1] > high for end in ends):
        return "unknown"
    return "inside" if all(low <= end[0] and end[1] <= high for end in ends) else "edge"


LEAST = 1e-5  # share of the class of interest that it is asked how many rows would show
# The readings that a conclusion leaves open.
_ALLOWED = {
    "same": ("label", "features"),
    "label": ("label",),
    "features": ("features",),
    "undecided": ("label", "features"),
}


def _band(
    study: "Study", low: float | None, high: float | None, max_psi: float
) -> tuple[float, float]:
    """The band of the prevalence: what was given, or half and twice what the decision is for."""
    decision = study.run["decision"]
    set_for = decision["prior"][study.classes.index(decision["positive"])]
    band = (
        set_for / TIMES if low is None else low,
        min(set_for * TIMES, 1.0) if high is None else high,
    )
    _check_band(band, max_psi)
    return band


def _check_band(band: tuple[float, float], max_psi: float) -> None:
    if not np.isfinite(band).all() or not 0.0 <= band[0] < band[1] <= 1.0:
        raise RequestError(
            f"the band of the prevalence runs from {band[0]:g} to {band[1]:g}; give two shares "
            "between 0 and 1, the lower one first"
        )
    if not max_psi > 0.0:
        raise RequestError(f"max_psi is {max_psi:g}; give a number above 0, such as 0.2")
