"""The final model: a technique trained on all rows, with its correction and decision inside."""

from collections.abc import Callable
from typing import Any

import numpy as np

from steelyard.comparison.judging import Judged
from steelyard.decision import correct_prior, factors_to
from steelyard.jobs.drawn import as_on_all_rows, drawing_factors
from steelyard.jobs.job import Fitted, Trainer
from steelyard.jobs.run import Progress
from steelyard.tables import Table
from steelyard.techniques import Technique


def fit_on_all(
    table: Table, trainer: Trainer, technique: Technique, seed: int, progress: Progress | None
) -> Fitted:
    """The technique trained on all rows."""

    def report(share: float) -> None:
        if progress:
            progress(share, 1.0, f"training {technique.name} on all rows")

    return trainer.fit(table, technique, seed, report)


def deployed(table: Table, fitted: Fitted, judged: Judged, run: dict[str, Any]) -> Any:
    """A fitted technique with its correction, calibration and decision inside.

    `run`: what run.json will hold, for what the model says of itself.
    """
    from steelyard.models.deploy import about_decision, ship

    counts = table.weighted_counts
    return ship(
        table.schema,
        fitted.core,
        trained_on=reproduced_shares(table, fitted, judged),
        prior=counts / counts.sum(),
        calibration=judged.calibration,
        rule=judged.rule,
        about=about_decision(
            table.schema.classes,
            run["data"]["positive"],
            run["decision"],
            run["environment"]["date"][:10],
        ),
    )


def as_deployed(table: Table, judged: Judged, fitted: Fitted) -> Callable[[np.ndarray], np.ndarray]:
    """From class shares of the trained core, (rows, classes), to probabilities as deployed."""
    trained_on = reproduced_shares(table, fitted, judged)
    natural = table.weighted_counts / table.weighted_counts.sum()

    def deployed(shares: np.ndarray) -> np.ndarray:
        corrected = shares if trained_on is None else correct_prior(shares, trained_on, natural)
        return judged.calibration.apply(corrected)

    return deployed


def reproduced_shares(table: Table, fitted: Fitted, judged: Judged) -> np.ndarray | None:
    """Class shares that the core of the final model reproduces; None: as they are in the table."""
    everything = np.arange(len(table.y))
    counts, technique = table.weighted_counts, judged.technique
    held = as_on_all_rows(fitted.out_of_bag, technique, table, everything)
    found = recalibrated_intercept(judged, held, counts, table.weights)
    if table.population is None:
        return found
    natural = counts / counts.sum() if found is None else found
    return natural / drawing_factors(technique, table, everything)


def recalibrated_intercept(
    judged: Judged, held: np.ndarray, counts: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray | None:
    """The class shares that the final model reproduces, by the rows its members held out.

    Networks trained anew differ in their level by a few percent of a probability, and the
    calibration is fitted on the folds' models. So the final one is put on their level: on average
    over the same rows it then says what they said. None where nothing is to be corrected.
    """
    technique, natural = judged.technique, counts / counts.sum()
    if technique.decision.correction != "prior":
        return None
    trained_on = technique.trained_prior(counts)
    out_of_fold = judged.corrected.mean(axis=0)
    known = np.isfinite(held).all(axis=1) & np.isfinite(out_of_fold).all(axis=1)
    if known.sum() < len(known) / 4:
        return trained_on
    out_of_bag = held[known]
    if trained_on is not None:
        out_of_bag = correct_prior(out_of_bag, trained_on, natural)
    counted = None if weights is None else weights[known]
    wanted = np.average(out_of_fold[known], axis=0, weights=counted)
    if wanted.min() <= 0.0:
        return trained_on
    factors = factors_to(out_of_bag, wanted, counted)
    return (natural if trained_on is None else trained_on) / factors
