"""What unlabelled rows say to a finished run, and which class shares may be taken from them."""

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from steelyard.decision.labelled_scores import LabelledScores
from steelyard.decision.readings import check_enough
from steelyard.errors import RequestError
from steelyard.runs.new_decision import OutOfFold, natural_prior, out_of_fold
from steelyard.runs.shift import Features, read_shift
from steelyard.stats.drift import score_shift
from steelyard.stats.mixture_test import LEVEL, TRIFLE
from steelyard.stats.rows_to_know import rows_to_know

if TYPE_CHECKING:
    from steelyard.runs.study import Study

ASSUMED = ("label", "features")


def new_rows(
    study: "Study", unlabelled: Any, *, training: Any = None, seed: int = 0
) -> dict[str, Any]:
    """Both readings of unlabelled rows, and whether scores and features moved.

    `training`: the table that was compared on, to compare its features with the new ones; None
    leaves that look out.
    """
    from steelyard.tables import read_features
    from steelyard.tables.unknown_levels import warn_of_unknown_levels

    frame = read_features(unlabelled, study.schema, study.scored.besides)
    known = labelled_scores(study)
    check_enough(known.rows(), len(frame))
    warn_of_unknown_levels(frame, study.schema)
    p = study.natural(frame)
    positive = study.classes.index(study.run["data"]["positive"])
    shift = read_shift(
        known,
        p,
        flagged=study.scored(frame)[1] == positive,
        positive=positive,
        features=_features(study, training, frame),
        seed=seed,
    )
    moved = score_shift(
        known.p[0, :, positive],
        known.y,
        known.model[0],
        shift.readings.label.prior,
        p[:, positive],
        sample_weight=known.weight,
    )
    readings = shift.to_dict()
    in_force = readings["features" if shift.conclusion == "features" else "label"]
    kept = {name: in_force[name] for name in ("prior", "low", "high")}
    calibration = shift.readings.calibration.to_dict()
    return {
        "estimate": kept
        | {"rows": readings["rows"], "calibration": calibration, "notes": readings["notes"]},
        "readings": readings,
        "score_weights": score_weights(out_of_fold(study, repeat=0), p, positive),
        "scores": moved.to_dict(),
        "features": None if shift.features is None else shift.features.to_dict(),
    }


def labelled_scores(study: "Study") -> LabelledScores:
    """The run's rows as its folds scored them."""
    first = out_of_fold(study, repeat=0)
    repeats = [first]
    for repeat in range(1, study.run["protocol"]["repeats"]):
        found = out_of_fold(study, repeat=repeat)
        if np.array_equal(found.group, first.group) and np.array_equal(found.y, first.y):
            repeats.append(found)
    return LabelledScores.of(
        np.stack([one.p for one in repeats]),
        first.y,
        model=np.stack([one.fold for one in repeats]),
        group=first.group,
        sample_weight=first.weight,
    )


def prior_taken(
    study: "Study", found: dict[str, Any], assume: str | None
) -> tuple[np.ndarray, list[str]]:
    """The class shares that the readings let be taken, and what to mind.

    Raises: RequestError: neither reading can be relied on and none was assumed, or a class looks
        as if it had died out.
    """
    if assume is not None and assume not in ASSUMED:
        raise RequestError(f"`assume` is {assume!r}; give one of: {', '.join(ASSUMED)}")
    natural, readings = natural_prior(study.run), found["readings"]
    conclusion = readings["conclusion"]
    if assume == "features":
        return natural, [_words(study, readings, assume)]
    if conclusion == "same" and assume is None:
        return natural, [_kept(study, readings)]
    if assume is None and conclusion != "label":
        raise RequestError(_refusal(study, found))
    prior = np.array(readings["label"]["prior"])
    _must_have_every_class(prior, readings, study.classes)
    return prior, [] if conclusion == "label" else [_words(study, readings, "label")]


def score_weights(known: OutOfFold, new: np.ndarray, positive: int) -> dict[str, list[float]]:
    """Factors by score under which out-of-fold rows' scores are spread as those of new rows are.

    `edges` between the scores and a factor for each stretch.
    """
    old_score, new_score = known.p[:, positive], new[:, positive]
    edges = np.unique(np.quantile(new_score, np.r_[np.linspace(0.1, 0.9, 9), 0.95, 0.98, 0.99]))
    size = len(edges) + 1
    own = np.ones(len(known.y)) if known.weight is None else known.weight
    there = np.bincount(np.searchsorted(edges, new_score), minlength=size) / len(new_score)
    here = np.bincount(np.searchsorted(edges, old_score), own, minlength=size) / own.sum()
    factors = there / np.where(here > 0.0, here, 1.0)
    return {"edges": edges.tolist(), "factors": factors.tolist()}


def _features(study: "Study", training: Any, frame: pl.DataFrame) -> Features | None:
    if training is None:
        return None
    kept = study.predictions.filter(
        (pl.col("technique") == study.run["decision"]["technique"]) & (pl.col("repeat") == 0)
    )
    place = {row: k for k, row in enumerate(training.row_ids.tolist())}
    rows = [place[row] for row in kept["row"].to_list()]
    new = frame.select(training.features.columns)
    return Features(training.features[rows], new, study.schema.categories)


def _kept(study: "Study", readings: dict[str, Any]) -> str:
    """Why the class shares of the run's table stay."""
    if readings["label"]["close"]:
        return "these rows cannot be told from rows like the run's own, so its class shares stay"
    return (
        "these rows do not show the class shares, so those of the run's table stay: "
        f"{_both(study, readings)}; {_labels(study, readings)} would tell"
    )


def _refusal(study: "Study", found: dict[str, Any]) -> str:
    readings = found["readings"]
    label = readings["label"]
    if readings["conclusion"] == "features":
        column = label["p_value"] < LEVEL and abs(label["gap"]) > TRIFLE
        why = (
            f"{label['where']} lies {abs(label['gap']):.2g} standard deviations from any"
            if column
            else f"a classifier tells them from one, ROC-AUC {found['features']['auc']:.3f}"
        )
        first = f"the new rows are no mix of the old classes ({why})"
    elif label["power"] is not None and label["power"] < 0.9:
        first = (
            f"{readings['rows']:,} rows cannot tell class shares that moved from features that did"
        )
    else:
        first = f"{readings['rows']:,} rows do not show the class shares within a factor of two"
    return (
        f"{first}, so nothing is changed: {_both(study, readings)}. To know, label "
        f"{_labels(study, readings)} and evaluate them; or say which holds: `assume='label'` "
        "moves the probabilities to the first, `assume='features'` leaves them"
    )


def _labels(study: "Study", readings: dict[str, Any]) -> str:
    """Of how many rows labels tell the share, whatever moved."""
    k = study.classes.index(study.run["data"]["positive"])
    share = float(np.clip(readings["features"]["prior"][k], 1e-5, 1.0))
    return f"about {rows_to_know(share):,} such rows drawn by chance"


def _both(study: "Study", readings: dict[str, Any]) -> str:
    return (
        f"if only class shares moved {_share(study, readings, 'label')}, if only features moved "
        f"{_share(study, readings, 'features')}"
    )


def _share(study: "Study", readings: dict[str, Any], reading: str) -> str:
    k = study.classes.index(study.run["data"]["positive"])
    one = readings[reading]
    value, low, high = (100 * one[name][k] for name in ("prior", "low", "high"))
    if high - low > 90:
        return f"{study.classes[k]!r} may have any share"
    return f"{value:.3g} % are {study.classes[k]!r} ({low:.3g} to {high:.3g})"


def _words(study: "Study", readings: dict[str, Any], assumed: str) -> str:
    what = "only class shares" if assumed == "label" else "only features"
    return f"that {what} moved was assumed, not found: {_both(study, readings)}"


def _must_have_every_class(prior: np.ndarray, readings: dict[str, Any], classes: list[Any]) -> None:
    gone = int(prior.argmin())
    if prior[gone] > 1e-6:
        return
    high = readings["label"]["high"][gone]
    raise RequestError(
        f"the unlabelled rows ({readings['rows']:,}) look as if none were {classes[gone]!r}: its "
        f"share is estimated as {prior[gone]:.2g}, at most {high:.2g}; give more "
        "rows, or state the prevalence"
    )
