"""Scores that somebody else's models gave, as probabilities of every class."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from steelyard.errors import DataError, RequestError
from steelyard.techniques import Decision, Technique
from steelyard.techniques.loss import CrossEntropy, Loss
from steelyard.techniques.needs import UNKNOWN


@dataclass(frozen=True)
class NotProbabilities(Loss):
    """Scores of any scale: what training did to probabilities cannot be known."""

    kind: ClassVar[str] = "not probabilities"
    effect: ClassVar[str] = UNKNOWN


def score_of(name: str, given: Any, X: Any) -> np.ndarray:
    """A score as floats, (n,) or (n, K): given as it is, or by a fitted classifier from `X`."""
    for method in ("predict_proba", "decision_function"):
        if hasattr(given, method):
            if X is None:
                raise RequestError(f"{name} is a classifier; give the rows to score as X=")
            given = getattr(given, method)(X)
            break
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} holds no numbers ({error}); give one score per row") from error
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim not in (1, 2):
        raise DataError(f"{name} has shape {values.shape}; give (n,) or (n, classes)")
    unread = ~np.isfinite(values)
    if unread.any():
        raise DataError(f"{name} holds {int(unread.sum()):,} missing or infinite scores")
    return values


def as_probabilities(
    name: str, score: np.ndarray, *, rows: int, classes: int, positive: int
) -> tuple[np.ndarray, Technique]:
    """Probabilities (n, K), and how they are to be judged.

    Scores that are no probabilities become the share of rows below them, which keeps their order in
    float32 too; calibration, fitted on other folds, makes probabilities of it.
    """
    if len(score) != rows:
        raise DataError(f"{name} has {len(score):,} scores for {rows:,} labels; give one per row")
    if score.ndim == 1 and classes != 2:
        raise RequestError(
            f"{name} is one score a row, but there are {classes} classes; give one column per class"
        )
    if score.ndim == 2 and score.shape[1] != classes:
        raise DataError(f"{name} has {score.shape[1]} columns for {classes} classes")
    probable = score.min() >= 0.0 and score.max() <= 1.0
    if score.ndim == 2:
        if not (probable and np.abs(score.sum(axis=1) - 1.0).max() <= 1e-3):
            raise DataError(f"the rows of {name} are no probabilities: give some that sum to 1")
        return score, _technique(name, probable=True)
    of_interest = score if probable else _share_below(score)
    columns = [1.0 - of_interest, of_interest]
    return np.column_stack(columns if positive == 1 else columns[::-1]), _technique(
        name, probable=probable
    )


def _share_below(score: np.ndarray) -> np.ndarray:
    """Share of rows below each, half of those tied with it."""
    _, at, count = np.unique(score, return_inverse=True, return_counts=True)
    upto = np.cumsum(count)
    return ((upto - count / 2) / len(score))[at]


def _technique(name: str, *, probable: bool) -> Technique:
    about = "probabilities as given" if probable else "no probabilities: calibrated cross-fitted"
    return Technique(
        name=name,
        about=about,
        source="given",
        loss=CrossEntropy() if probable else NotProbabilities(),
        decision=Decision(correction="none", calibration="none" if probable else "checked"),
    )
