"""From uncorrected probabilities to what would be deployed: corrected, checked, decided, scored.

Calibration and threshold of a fold are fitted on the predictions of the other folds of the same
repeat (with a time split: of earlier blocks), so no row helps to tune what it is scored with.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard._memory import give_back
from steelyard.comparison.protocol import Protocol
from steelyard.decision import (
    Alerts,
    Calibration,
    DecisionRule,
    Identity,
    best_of_each_period,
    check_and_refit,
    correct_prior,
    ranks_rows,
    tune,
)
from steelyard.jobs.job import Split
from steelyard.jobs.run import Progress
from steelyard.stats.cross_validated import cross_validated_metrics
from steelyard.stats.curves import calibration_curve, precision_recall_curve
from steelyard.stats.fold_table import FoldTable
from steelyard.stats.metric_intervals import UNDEFINED, MetricValue
from steelyard.stats.metrics import BY_NAME
from steelyard.stats.predictions import Predictions
from steelyard.techniques import Decision, Technique

CONSTANT = Technique(
    name="constant",
    about="the class shares of the training rows, for every row alike",
    source="what any model must beat",
    decision=Decision(calibration="none", threshold="argmax"),
)

BEFORE = ("log_loss", "observed_expected")
"""What is told of probabilities before their correction."""


@dataclass(frozen=True)
class Judged:
    """One technique's out-of-fold predictions, step by step, and what they come to.

    `uncorrected`, `corrected`, `deployed`: (repeats, rows, classes), NaN in rows never predicted.
    `predictions`: the scored rows as deployed, one a repeat; `table`: the protocol's metric of
    them by repeat and fold, None where it is undefined. `before`: the metrics of `BEFORE`, before
    correction. `calibration` and `rule` are those of the final model, fitted on all out-of-fold
    rows.
    """

    technique: Technique
    uncorrected: np.ndarray
    corrected: np.ndarray
    deployed: np.ndarray
    predictions: list[Predictions]
    table: FoldTable | None
    calibration: Calibration
    calibration_report: dict[str, Any]
    rule: DecisionRule
    rule_report: dict[str, Any]
    metrics: dict[str, MetricValue]
    before: dict[str, MetricValue]
    curves: dict[str, Any]

    @property
    def out_of_reach(self) -> str | None:
        """Why no threshold is sure to keep the goal's bound; None where one is."""
        return self.rule_report["out_of_reach"]


def judge(technique: Technique, by_split: Mapping[str, np.ndarray], protocol: Protocol) -> Judged:
    """Judge a technique by its uncorrected probabilities, (test rows, classes) per split key."""
    uncorrected = np.full((protocol.repeats, len(protocol.y), protocol.classes), np.nan, "float32")
    corrected = uncorrected  # the same memory where nothing is corrected
    for split in protocol.splits:
        rows = by_split[split.key]
        right = _corrected(technique, rows, split, protocol)
        if right is not rows and corrected is uncorrected:
            corrected = uncorrected.copy()
        uncorrected[split.repeat, split.test] = rows
        corrected[split.repeat, split.test] = right
    deployed, decided = _cross_fitted(technique, corrected, protocol)
    predicted = protocol.fold_of(0) >= 0
    calibration, calibration_report = _calibrate(
        technique, corrected[0, predicted], predicted, protocol
    )
    rule, rule_report = _final_rule(technique, calibration, corrected, predicted, protocol)
    predictions = protocol.predictions(deployed, decided)
    # First, so that what the paired tests read is not computed again for the leaderboard.
    table = FoldTable.of(protocol.metric, predictions)
    first = predictions[0]
    shown = first.y == protocol.positive, first.p[:, protocol.positive], first.weights
    names = list(BY_NAME)
    if rule_report["out_of_reach"] and not protocol.goal.takes_closest:
        # A technique that cannot serve the goal decides nothing, so nothing of that is measured.
        names = [name for name in names if BY_NAME[name].kind != "thresholded"]
    measured = cross_validated_metrics(predictions, names, seed=protocol.seed)
    return Judged(
        technique=technique,
        uncorrected=uncorrected,
        corrected=corrected,
        deployed=deployed,
        predictions=predictions,
        table=table,
        calibration=calibration,
        calibration_report=calibration_report,
        rule=rule,
        rule_report=rule_report,
        metrics={name: measured.get(name, UNDEFINED) for name in BY_NAME},
        before=_before(uncorrected, deployed, measured, protocol),
        curves={
            "precision_recall": precision_recall_curve(first.ranked(protocol.positive)),
            "calibration": calibration_curve(*shown),
        },
    )


def _before(
    uncorrected: np.ndarray,
    deployed: np.ndarray,
    measured: dict[str, MetricValue],
    protocol: Protocol,
) -> dict[str, MetricValue]:
    rows = protocol.scored
    if np.array_equal(uncorrected[:, rows], deployed[:, rows]):
        return {name: measured[name] for name in BEFORE}  # nothing was to be corrected
    return cross_validated_metrics(
        protocol.predictions(uncorrected, uncorrected.argmax(-1)), BEFORE
    )


def judge_all(
    by_technique: Sequence[tuple[Technique, Mapping[str, np.ndarray]]],
    protocol: Protocol,
    progress: Progress | None = None,
) -> list[Judged]:
    """Judge several techniques, and after them the class shares alone, which all must beat."""
    constant = {
        split.key: np.tile(protocol.natural(split), (len(split.test), 1))
        for split in protocol.splits
    }
    found = []

    def judged(pair: tuple[Technique, Mapping[str, np.ndarray]]) -> Judged:
        one = judge(*pair, protocol)
        give_back()
        return one

    # Sorting, the most of it, runs outside Python's lock.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        everything = [*by_technique, (CONSTANT, constant)]
        for one in pool.map(judged, everything):
            found.append(one)
            if progress:
                progress(len(found), len(everything), f"judging {one.technique.name}")
    return found


def _corrected(
    technique: Technique, uncorrected: np.ndarray, split: Split, protocol: Protocol
) -> np.ndarray:
    if technique.decision.correction == "none":
        return uncorrected
    trained_on = technique.trained_prior(protocol.counts(split.train))
    if trained_on is None:
        return uncorrected
    return correct_prior(uncorrected, trained_on, protocol.natural(split))


def _cross_fitted(
    technique: Technique, corrected: np.ndarray, protocol: Protocol
) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated probabilities and decisions of each fold, both fitted on the other folds."""
    deployed = np.full_like(corrected, np.nan)
    decided = np.zeros(corrected.shape[:2], "int32")
    in_time = not all(split.scored for split in protocol.splits)
    for split in protocol.splits:
        if not split.scored:
            continue
        folds = protocol.fold_of(split.repeat)
        others = (folds >= 0) & ((folds < split.fold) if in_time else (folds != split.fold))
        if split.earlier is not None:
            others &= np.isin(np.arange(len(others)), split.earlier)
        others = np.flatnonzero(others)
        p = corrected[split.repeat, others]
        calibration, _ = _calibrate(technique, p, others, protocol)
        rule = _rule(technique, calibration.apply(p), others, protocol)
        mine = calibration.apply(corrected[split.repeat, split.test])
        deployed[split.repeat, split.test] = mine
        decided[split.repeat, split.test] = rule.decide(mine, protocol.columns_of(split.test))
    fixed = technique.decision.rule(protocol.classes, protocol.positive) is not None
    if isinstance(protocol.goal, Alerts) and ranks_rows(protocol.goal) and not fixed:
        # A budget by period decides over all rows of a period, whatever folds they are in.
        rows, k = protocol.scored, protocol.positive
        columns = protocol.columns_of(rows)
        for repeat, p in enumerate(deployed):
            flagged = best_of_each_period(protocol.goal, p[rows, k].astype(np.float64), columns)
            decided[repeat, rows] = np.where(flagged, k, 1 - k)
    return deployed, decided


def _calibrate(
    technique: Technique, p: np.ndarray, rows: np.ndarray, protocol: Protocol
) -> tuple[Calibration, dict[str, Any]]:
    if technique.decision.calibration == "none":
        return Identity(), {"chosen": "identity", "why": "the technique takes the model's word"}
    counts = np.ones(p.shape[1])
    known = technique.trained_prior(counts) is not None
    return check_and_refit(
        p,
        protocol.y[rows],
        sample_weight=protocol.of_rows(rows),
        closed_form=known,
        stratified=protocol.stratified,
    )


def _rule(
    technique: Technique, p: np.ndarray, rows: np.ndarray, protocol: Protocol
) -> DecisionRule:
    fixed = technique.decision.rule(protocol.classes, protocol.positive)
    if fixed is not None:
        return fixed
    # Not strict: what a fold's rows cannot show all rows may, and a baseline need not.
    return tune(
        p,
        protocol.y[rows],
        protocol.goal,
        positive=protocol.positive,
        sample_weight=protocol.of_rows(rows),
        interval=False,
        strict=False,
        columns=protocol.columns_of(rows),
    ).rule


def _final_rule(
    technique: Technique,
    calibration: Calibration,
    corrected: np.ndarray,
    predicted: np.ndarray,
    protocol: Protocol,
) -> tuple[DecisionRule, dict[str, Any]]:
    """The rule of the model trained on all rows: tuned on every repeat's out-of-fold rows."""
    fixed = technique.decision.rule(protocol.classes, protocol.positive)
    if fixed is not None:
        note = f"{technique.name} fixes its decision; it is not tuned to the goal"
        nothing = dict.fromkeys(
            ("measure", "value", "optimism", "interval", "near_best", "out_of_reach", "holds")
        )
        told = {"rule": fixed.to_dict(), "goal": protocol.goal.to_dict(), "notes": [note]}
        return fixed, nothing | told
    if ranks_rows(protocol.goal):
        corrected = corrected[:1]  # a row has one place in its period
    stacked = np.concatenate([calibration.apply(p[predicted]) for p in corrected])
    y = np.tile(protocol.y[predicted], len(corrected))
    weights = protocol.of_rows(predicted)
    # Repeats of a row are no new rows: they are drawn together in the bootstrap.
    rows = np.flatnonzero(predicted) if protocol.groups is None else protocol.groups[predicted]
    tuned = tune(
        stacked,
        y,
        protocol.goal,
        positive=protocol.positive,
        groups=np.tile(rows, len(corrected)),
        sample_weight=None if weights is None else np.tile(weights, len(corrected)),
        seed=protocol.seed,
        strict=False,
        labels=protocol.labels,
        columns={
            name: np.tile(column, len(corrected))
            for name, column in protocol.columns_of(predicted).items()
        },
    )
    return tuned.rule, tuned.to_dict()
