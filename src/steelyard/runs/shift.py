"""New rows against labelled ones: both readings, which of them the rows refute, what follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.decision.between_models import spread_between
from steelyard.decision.labelled_scores import LabelledScores
from steelyard.decision.readings import Readings, label_influence, read_unlabelled
from steelyard.decision.tilted import tilted_to
from steelyard.runs.density_ratio import density_ratio
from steelyard.runs.drift import FeatureShift, feature_shift
from steelyard.runs.feature_design import rows_to_take, shift_design
from steelyard.runs.score_design import ScoreDesign
from steelyard.stats.mixture_test import DRAWS, MixtureTest, UnsureShares, mixture_test

Floats = NDArray[np.float64]

SURE = 0.99  # that the class shares are others than before
POWER = 0.9  # to have refuted the mix, had a column moved instead
COLUMNS = 3  # that the power is computed for
FACTOR = 2.0  # that a share must be known within, to be taken without asking


@dataclass(frozen=True)
class Features:
    """Features of the labelled rows, (rows of the scores), and of the new ones."""

    old: pl.DataFrame
    new: pl.DataFrame
    categories: Sequence[str]


@dataclass(frozen=True)
class Shift:
    """What new rows say. `where`: what a mix of the old classes explains least, and how well."""

    readings: Readings
    natural: Floats
    test: MixtureTest
    where: str
    features: FeatureShift | None

    @property
    def label_fits(self) -> bool:
        """Whether a mix of the old classes gives rows like the new ones."""
        return not (self.test.refuted or (self.features is not None and self.features.moved))

    @property
    def moved(self) -> bool:
        """Whether the shares, were it only them, are others than those of training."""
        return self.readings.label.sure_of(self.natural, SURE)

    @property
    def close(self) -> bool:
        """Whether the label-shift reading knows each share within a factor of two."""
        label = self.readings.label
        high, prior = np.maximum(label.high, 1e-12), np.maximum(label.prior, 1e-12)
        least = np.minimum(prior / high, label.low / prior)
        return bool((least >= 1.0 / FACTOR).all())

    @property
    def conclusion(self) -> str:
        """`same`, `label`, `features` (no mix of the classes) or `undecided` (too few rows)."""
        if not self.label_fits:
            return "features"
        if not self.moved:
            return "same"
        told = self.test.power is None or self.test.power >= POWER
        return "label" if told and self.close else "undecided"

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        label, features = self.readings.label, self.readings.features
        return {
            "conclusion": self.conclusion,
            "rows": self.readings.rows,
            "label": label.to_dict()
            | {
                "fits": self.label_fits,
                "p_value": self.test.p_value,
                "where": self.where,
                "gap": self.test.gap,
                "power": self.test.power,
                "close": self.close,
            },
            # That a row's probability stayed what it was cannot be seen without labels.
            "features": features.to_dict()
            | {"fits": False if self.conclusion == "label" else None},
            "notes": list(self.readings.notes),
        }


def read_shift(
    known: LabelledScores,
    p: Floats,
    *,
    flagged: Any = None,
    positive: int = 1,
    features: Features | None = None,
    seed: int = 0,
    resamples: int = 200,
) -> Shift:
    """Both readings of new rows with probabilities `p`, tested for fit.

    Args:
        known: labelled rows as the folds' models scored them.
        p: the deployed model's probabilities of the new rows, (new rows, classes).
        flagged, positive: as in `read_unlabelled`.
        features: of both sides; without them only the scores are compared.
        seed: of all draws. resamples: of the readings' bootstrap.
    """
    rng = np.random.default_rng(seed)
    old_rows, new_rows = _taken(len(known.y), len(p), features, rng)
    names: list[str] = []
    design, ratio = np.zeros((len(old_rows) + len(new_rows), 0)), None
    if features is not None:
        old, new = features.old[old_rows], features.new[new_rows]
        design, names = shift_design(old, new, features.categories)
        ratio = np.full(len(known.y), np.nan)
        if design.shape[1]:
            ratio[old_rows] = density_ratio(design, known.weights[old_rows])
    readings = read_unlabelled(
        known, p, flagged=flagged, positive=positive, ratio=ratio, seed=seed, resamples=resamples
    )
    natural = known.natural
    test, column = _test(known, p, readings, natural, design, old_rows, new_rows, rng)
    return Shift(
        readings,
        natural,
        test,
        names[column] if column < len(names) else "scores",
        _classified(known, readings, features, seed),
    )


def _taken(
    old: int, new: int, features: Features | None, rng: np.random.Generator
) -> tuple[NDArray[Any], NDArray[Any]]:
    most = rows_to_take(1 if features is None else features.old.width)
    return tuple(np.sort(rng.permutation(size)[:most]) for size in (old, new))  # type: ignore[return-value]


def _test(
    known: LabelledScores,
    p: Floats,
    readings: Readings,
    natural: Floats,
    design: Floats,
    old_rows: NDArray[Any],
    new_rows: NDArray[Any],
    rng: np.random.Generator,
) -> tuple[MixtureTest, int]:
    """The test over the design and the scores, and the column where the gap is largest."""
    prior = np.maximum(readings.label.prior, 0.5 / len(p))
    prior = prior / prior.sum()
    calibrated = readings.calibration.apply(p)
    scores = ScoreDesign.of(known.p[0], p)
    spread = spread_between(known, known.class_weights(prior), scores.columns)
    wobble = np.zeros((DRAWS, design.shape[1] + scores.size))
    wobble[:, design.shape[1] :] = spread.draws(DRAWS, rng)
    old = np.column_stack([design[: len(old_rows)], scores.columns(known.p[0])[old_rows]])
    new = np.column_stack([design[len(old_rows) :], scores.columns(p)[new_rows]])
    outer = np.diag(prior) - np.outer(prior, prior)
    moves = label_influence(calibrated, natural, prior) @ outer / len(p)
    shares = UnsureShares(prior, moves[new_rows], _rest(readings, prior, moves, new_rows, rng))
    found = mixture_test(
        old,
        known.y[old_rows],
        new,
        shares,
        sample_weight=known.weights[old_rows],
        wobble=wobble,
        alternatives=_alternatives(known, readings, natural, prior, old, old_rows),
        seed=int(rng.integers(2**31)),
    )
    return found, found.column


def _alternatives(
    known: LabelledScores,
    readings: Readings,
    natural: Floats,
    prior: Floats,
    old: Floats,
    old_rows: NDArray[Any],
) -> list[Floats]:
    """Weights of the old rows as if one column had moved until the shares seemed to be `prior`.

    Of the columns that follow the scores most: others would have to move much farther.
    """
    if known.classes != 2:
        return []
    p = readings.calibration.apply(known.p[0])[old_rows]
    score = ScoreDesign.of(p, p[:0]).columns(p)[:, 0]
    own = old.shape[1] - ScoreDesign.size_for(2)
    columns = old[:, :own] if own else score[:, None]
    spread = columns.std(axis=0)
    follows = np.abs(score @ (columns - columns.mean(axis=0))) / np.maximum(spread, 1e-9)
    most = np.argsort(-follows)[:COLUMNS]
    found = [tilted_to(p, columns[:, one], natural, prior) for one in most]
    return [one for one in found if one is not None]


def _rest(
    readings: Readings,
    prior: Floats,
    moves: Floats,
    new_rows: NDArray[Any],
    rng: np.random.Generator,
) -> Floats:
    """Draws of the part of the shares' error that the new rows at hand do not carry."""
    drawn = np.exp(readings.label.draws)
    drawn = drawn / drawn.sum(axis=1, keepdims=True)
    carried = moves[new_rows]
    values, vectors = np.linalg.eigh(np.cov(drawn.T) - carried.T @ carried)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(rng.standard_normal((DRAWS, len(prior))) @ root.T)


def _classified(
    known: LabelledScores, readings: Readings, features: Features | None, seed: int
) -> FeatureShift | None:
    if features is None:
        return None
    return feature_shift(
        features.old,
        known.y,
        readings.label.prior,
        features.new,
        categories=features.categories,
        sample_weight=known.weight,
        seed=seed,
    )
