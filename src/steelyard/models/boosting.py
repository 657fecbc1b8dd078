"""What growing one bagged member of boosted trees takes and gives, whatever library grows it."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from steelyard.layers.forest import Forest
from steelyard.models.honours import Honours
from steelyard.models.members import Member
from steelyard.techniques.sample import SampleIndices

ROUNDS = 300
RATE = 0.1
LEAVES = 15
LEAF_PENALTY = 1.0  # without it the leaf of a rare class divides by a curvature near 0
PATIENCE = 10  # rounds without a better held-out loss
UNSTOPPED = 50  # rounds where nothing could be held out to stop on


@dataclass(frozen=True)
class Rows:
    """The rows that a member trains on, each once with a weight, and those it stops on.

    X: (rows, columns) float32, category columns (`categorical`, indexes) as codes. `held_shift`:
    what to add to the logits of held-out rows before their log loss counts, shape (classes,).
    `binned`, `binned_validation`: where the rows are among those that the bins were found of,
    increasing, and then X and `X_validation` hold none of them; None where they are not among
    those, as rows that were made.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    X_validation: np.ndarray
    y_validation: np.ndarray
    held_shift: np.ndarray
    gamma: float
    classes: int
    categorical: list[int]
    seed: int
    weight_validation: np.ndarray | None = None
    binned: np.ndarray | None = None
    binned_validation: np.ndarray | None = None


class BoostedTrees(Protocol):
    """A grown member."""

    def logits(self, X: np.ndarray) -> np.ndarray:
        """(rows, classes)."""

    def forest(self) -> Forest:
        """The same as arrays, one raw score a class."""


class Booster(Protocol):
    """A library that grows trees."""

    name: str
    honours: Honours
    reads_bins: bool  # of the rows that `bins` were found of, so that they are not copied

    def bins(self, X: np.ndarray, categorical: list[int]) -> Any:
        """Where numbers are cut: found once of a fold's training rows, for all that grows there."""

    def grow(self, rows: Rows, bins: Any) -> BoostedTrees:
        """Boost until the held-out loss has not fallen for a while; keep the best round."""


def rows_of(
    member: Member,
    X: np.ndarray,
    y: np.ndarray,
    numbers: int,
    classes: int,
    seed: int,
    binned: np.ndarray | None = None,
) -> Rows:
    """A member's draw as weighted rows: copies add up to weights, synthetic rows are made.

    `binned`: the rows of X that bins were found of, increasing, for a booster that reads those.
    A synthetic row lies between two rows in its numbers (the first row's where the second has a
    gap) and takes its categories from the first.
    """
    sampled = member.sampled
    made = sampled.share > 0
    own = np.ones(len(sampled.rows)) if member.weight is None else member.weight
    distinct, at = np.unique(sampled.rows[~made], return_inverse=True)
    labels = np.concatenate([y[distinct], y[sampled.rows[made]]])
    times = np.concatenate([np.bincount(at, own[~made], minlength=len(distinct)), own[made]])
    shift = member.validation_loss.offset - member.loss.offset
    places: list[np.ndarray | None] = [None, None]
    if binned is None or made.any():
        rows = np.empty((len(labels), X.shape[1]), X.dtype)
        rows[: len(distinct)] = X[distinct]
        _put_between(rows[len(distinct) :], X, sampled.part(made), numbers)
        held = X[member.validation]
    else:
        places = [np.searchsorted(binned, part) for part in (distinct, member.validation)]
        rows = held = X[:0]
    return Rows(
        X=rows,
        y=labels,
        weight=times * member.loss.weight[labels],
        X_validation=held,
        y_validation=y[member.validation],
        held_shift=shift,
        gamma=member.loss.gamma,
        classes=classes,
        categorical=list(range(numbers, X.shape[1])),
        seed=seed,
        weight_validation=member.validation_weight,
        binned=places[0],
        binned_validation=places[1],
    )


def _put_between(out: np.ndarray, X: np.ndarray, lines: SampleIndices, numbers: int) -> None:
    """Fill `out` with the rows of X on these lines; in place, as they may outnumber all of X."""
    np.take(X, lines.partners, axis=0, out=out, mode="clip")  # "raise" would take a buffer
    first = X[lines.rows]
    out -= first
    out *= lines.share[:, None]
    out[:, numbers:] = 0
    out[~np.isfinite(out)] = 0
    out += first


def per_class(raw: np.ndarray, seen: np.ndarray, classes: int) -> np.ndarray:
    """Raw scores of a library -> logits (rows, classes).

    One score for two classes is the second's log-odds. `seen`: codes that training had; the others
    get a logit that leaves them no chance.
    """
    raw = raw.reshape(len(raw), -1)
    if raw.shape[1] == 1:
        raw = np.hstack([np.zeros_like(raw), raw])
    logits = np.full((len(raw), classes), ABSENT)
    logits[:, seen] = raw
    return logits


def forest_per_class(forest: Forest, seen: np.ndarray, classes: int) -> Forest:
    """`per_class` for the arrays."""
    start = per_class(forest.start[None], seen, classes)[0]
    to = seen[1:] if len(forest.start) == 1 else seen
    return replace(forest, start=start, output=to[forest.output].astype("int32"))


ABSENT = -20.0


def log_loss(logits: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Mean over (weighted) rows, in nats."""
    from scipy.special import log_softmax

    losses = -log_softmax(logits, axis=1)[np.arange(len(y)), y]
    return float(np.average(losses, weights=weight))


def best_booster() -> Any:
    """LightGBM where it loads, else scikit-learn's."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError):  # on macOS it is installed, but does not load without libomp
        from steelyard.models.boosting_sklearn import HistGradientBoosting

        return HistGradientBoosting()
    from steelyard.models.boosting_lightgbm import LightGBM

    return LightGBM()
