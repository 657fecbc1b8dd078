"""Bagged members grown by LightGBM."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_softmax

from steelyard.layers.forest import Forest
from steelyard.layers.forest_lightgbm import from_lightgbm
from steelyard.models.boosting import (
    LEAF_PENALTY,
    LEAVES,
    PATIENCE,
    RATE,
    ROUNDS,
    UNSTOPPED,
    Rows,
    forest_per_class,
    per_class,
)
from steelyard.models.honours import LIGHTGBM, Honours

BINNING = {"num_threads": 1, "verbose": -1}
# LightGBM's own 100 is more than a rare class has rows.
LEVEL_GROUP = 20
HONOURS = Honours("boosted trees", LIGHTGBM, "train it with model='tabular'")


@dataclass(frozen=True)
class LightGBM:
    """Grows with `lightgbm.train`, one thread a member: members run side by side."""

    name: str = "lightgbm"
    honours: Honours = HONOURS
    reads_bins: bool = True

    def bins(self, X: np.ndarray, categorical: list[int]) -> Any:
        """Finding them takes as long as growing: half of the time on columns without ties."""
        import lightgbm

        # A label is asked for and read by nothing.
        found = lightgbm.Dataset(
            X, np.zeros(len(X)), categorical_feature=categorical, params=BINNING
        )
        return found.construct()

    def grow(self, rows: Rows, bins: Any) -> "GrownByLightGBM":
        import lightgbm

        goal: dict[str, Any] = {"objective": "binary", "metric": "binary_logloss"}
        if rows.classes > 2:
            goal = {"objective": "multiclass", "metric": "multi_logloss"}
            goal |= {"num_class": rows.classes}
        settings = (
            goal
            | BINNING
            | {
                "num_leaves": LEAVES,
                "learning_rate": RATE,
                "lambda_l2": LEAF_PENALTY,
                "cat_l2": LEAF_PENALTY,
                "min_data_per_group": LEVEL_GROUP,
                "seed": rows.seed,
                "deterministic": True,
                "force_row_wise": True,
            }
        )
        if rows.binned is None:
            data = lightgbm.Dataset(rows.X, rows.y, weight=rows.weight, reference=bins)
        else:
            data = _part(bins, rows.binned, rows.y, rows.weight)
        start = np.zeros(rows.classes)
        metric = None
        if rows.gamma:
            start = _best_constant(rows)
            data.set_init_score(_laid_out(np.tile(start, (len(rows.y), 1))))
            settings["objective"] = _Focal(rows)
            settings["metric"], metric = "none", _FocalLoss(rows)
        callbacks: list[Any] = []
        held, rounds = [], UNSTOPPED
        if len(rows.y_validation):
            rounds = ROUNDS
            shift = np.tile(rows.held_shift + start, (len(rows.y_validation), 1))
            if rows.binned_validation is None:
                looked_at = data.create_valid(rows.X_validation, rows.y_validation)
                looked_at.set_weight(rows.weight_validation)
            else:
                told = rows.y_validation, rows.weight_validation
                looked_at = _part(bins, rows.binned_validation, *told)
            # Given as a start, the prior correction is part of the held-out loss.
            looked_at.set_init_score(_laid_out(shift))
            held = [looked_at]
            callbacks = [lightgbm.early_stopping(PATIENCE, verbose=False)]
        booster = lightgbm.train(
            settings, data, rounds, valid_sets=held, feval=metric, callbacks=callbacks
        )
        return GrownByLightGBM(booster, rows.classes, start)


@dataclass(frozen=True)
class GrownByLightGBM:
    """A booster and the logits it started from."""

    booster: Any
    classes: int
    start: np.ndarray

    def logits(self, X: np.ndarray) -> np.ndarray:
        raw = self.booster.predict(X, raw_score=True, num_threads=1)
        return per_class(raw, np.arange(self.classes), self.classes) + self.start

    def forest(self) -> Forest:
        plain = forest_per_class(from_lightgbm(self.booster), np.arange(self.classes), self.classes)
        return replace(plain, start=plain.start + self.start)


def _part(bins: Any, rows: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> Any:
    """Some of the rows that were binned, as a data set: finding their bins again would take a
    quarter of the time of growing.
    """
    part = bins.subset(rows).construct()
    part.set_label(y)
    part.set_weight(weight)
    return part


def _best_constant(rows: Rows) -> np.ndarray:
    """Logits of the constant with the least focal loss, shape (classes,).

    An own objective has no start of its own, and from the class shares, where the loss of the
    large class is next to nothing, the first steps would overshoot.
    """
    shares = np.maximum(np.bincount(rows.y, rows.weight, minlength=rows.classes), 0.5)
    shares /= shares.sum()

    def loss(logits: np.ndarray) -> float:
        log_p = log_softmax(logits)
        return float((shares * (1 - np.exp(log_p)) ** rows.gamma * -log_p).sum())

    return minimize(loss, np.log(shares)).x


def _laid_out(logits: np.ndarray) -> np.ndarray:
    """(rows, classes) as LightGBM takes scores: log-odds of two classes, else class by class."""
    if logits.shape[1] == 2:
        return logits[:, 1] - logits[:, 0]
    return logits.ravel(order="F")


class _Focal:
    """Gradient and a positive curvature of weight (1 - p_y)^gamma (-log p_y).

    The gradient is cross-entropy's times a(p_y) = (1 - p)^gamma - gamma p (1 - p)^(gamma - 1)
    log p; the curvature keeps the same factor on cross-entropy's, which is never negative.
    """

    def __init__(self, rows: Rows) -> None:
        self.gamma, self.weight = rows.gamma, rows.weight[:, None]
        self.is_mine = np.arange(rows.classes) == rows.y[:, None]

    def __call__(self, scores: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:  # noqa: ARG002
        p = _probabilities(scores)
        mine = np.clip(p[self.is_mine], 1e-12, 1 - 1e-12)[:, None]
        gamma, miss = self.gamma, 1 - mine
        power = miss ** (gamma - 1)
        factor = self.weight * power * (miss - gamma * mine * np.log(mine))
        gradient = factor * (p - self.is_mine)
        curvature = np.maximum(factor * p * (1 - p), 1e-9)
        if scores.ndim == 1:
            return gradient[:, 1], curvature[:, 1]
        # As LightGBM itself scales the curvature of a softmax.
        return gradient, curvature * p.shape[1] / (p.shape[1] - 1)


class _FocalLoss:
    """The loss itself on held-out rows, for stopping."""

    def __init__(self, rows: Rows) -> None:
        self.gamma, self.weight = rows.gamma, rows.weight_validation
        self.is_mine = np.arange(rows.classes) == rows.y_validation[:, None]

    def __call__(self, scores: np.ndarray, data: Any) -> tuple[str, float, bool]:  # noqa: ARG002
        mine = np.clip(_probabilities(scores)[self.is_mine], 1e-12, 1)
        losses = (1 - mine) ** self.gamma * -np.log(mine)
        return "focal", float(np.average(losses, weights=self.weight)), False


def _probabilities(scores: np.ndarray) -> np.ndarray:
    if scores.ndim == 1:
        p = expit(scores)
        return np.stack([1 - p, p], axis=1)
    # SciPy's softmax takes three times as long on few columns.
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)
