"""Fits of the calibrations, each by its log loss on natural-prevalence rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from steelyard.decision.calibrators import Affine, Beta, Isotonic
from steelyard.decision.weighted_rows import Rows
from steelyard.stats.newton import Derivatives, logistic, minimise, scaled_softmax
from steelyard.stats.validation import Floats, softmax

# A scale at or below 0 would turn the order of the rows around.
SMALLEST_SCALE = 0.01


@dataclass(frozen=True)
class AffineFit:
    """An affine calibration and the standard error of its scale (0 where it was not free)."""

    calibration: Affine
    scale_error: float = 0.0


def smoothed(rows: Rows) -> Floats:
    """Targets of shape (rows, classes): the label, moved a little towards what the model says.

    Platt's idea (a label counts for (n + 1)/(n + 2), n effective rows of its class) with the
    model's own probability as the other part: all the pulls together weigh about one row per class,
    keep separable rows finite, and leave true probabilities where they are.
    """
    pull = (1.0 / (rows.effective + 2.0))[rows.y]
    targets = rows.p * pull[:, None]
    targets[np.arange(len(rows.y)), rows.y] += 1.0 - pull
    return targets


def fit_affine(
    rows: Rows,
    *,
    scale: bool = True,
    bias: bool = True,
    groups: Sequence[int] | None = None,
    start: Affine | None = None,
) -> AffineFit:
    """softmax(scale * log p + bias), by Newton's method.

    Args:
        rows: at natural prevalence.
        scale, bias: which of them to free; the other stays at 1 or 0.
        groups: one number per class; classes of the same number share one bias.
        start: where to begin, such as the fit to nearly the same rows.
    """
    classes = rows.p.shape[1]
    design = _design(groups if groups is not None else range(classes), free=bias)
    start = start or Affine(1.0, (0.0,) * classes)
    # The last class of the design has no column of its own, so biases count from it.
    beta = np.linalg.lstsq(design, np.array(start.bias) - start.bias[-1], rcond=None)[0]
    if not scale:
        return AffineFit(_affine(1.0, design, _fit(rows, design, beta, 1.0)[0]))
    theta, variance = _fit(rows, design, np.append(beta, start.scale), None)
    if theta[-1] < SMALLEST_SCALE:
        theta, _ = _fit(rows, design, theta[:-1], SMALLEST_SCALE)
        theta = np.append(theta, SMALLEST_SCALE)
    error = float(np.sqrt(max(variance[-1, -1], 0.0)))
    return AffineFit(_affine(float(theta[-1]), design, theta[:-1]), error)


def fit_beta(rows: Rows) -> Beta:
    """Beta calibration of two classes; a coefficient that would be negative is 0."""
    targets = smoothed(rows)[:, 1]
    features = np.column_stack([rows.log_p[:, 1], -rows.log_p[:, 0], np.ones(len(rows.y))])
    kept = [0, 1, 2]
    identity = np.array([1.0, 1.0, 0.0])
    while True:
        theta = np.zeros(3)
        objective = logistic(features[:, kept], targets, rows.sample_weight)
        theta[kept] = minimise(objective, identity[kept])[0]
        negative = [k for k in kept if k < 2 and theta[k] < 0.0]
        if not negative:
            return Beta(*theta.tolist())
        kept.remove(min(negative, key=lambda k: theta[k]))


def fit_isotonic(rows: Rows) -> Isotonic:
    """A curve for two classes that stays as far from 0 and 1 as Platt's targets do."""
    from sklearn.isotonic import IsotonicRegression

    (negatives, positives), (no, yes) = rows.counts, rows.one_row
    curve = IsotonicRegression(
        y_min=yes / (negatives + no + yes), y_max=(positives + yes) / (positives + yes + no)
    ).fit(rows.p[:, 1], rows.y.astype(np.float64), sample_weight=rows.sample_weight)
    return Isotonic((tuple(curve.X_thresholds_),), (tuple(curve.y_thresholds_),))


def _fit(rows: Rows, design: Floats, start: Floats, scale: float | None) -> tuple[Floats, Floats]:
    """(*beta, scale) of the least log loss, or beta alone where `scale` is given; its variance."""
    theta, variance = minimise(_log_loss(rows, design, scale), start)
    if rows.squares is not None:
        scores = _scores(rows, design, theta, scale)
        variance = variance @ np.einsum("ik,i,il->kl", scores, rows.squares, scores) @ variance
    return theta, variance


def _log_loss(rows: Rows, design: Floats, scale: float | None) -> Callable[[Floats], Derivatives]:
    targets, weight = smoothed(rows), rows.sample_weight
    if rows.p.shape[1] > 2:
        return scaled_softmax(rows.log_p, design, targets, weight, scale)
    # Two classes: half the work with one logit a row, for class 0 against class 1.
    logit = rows.log_p[:, 0] - rows.log_p[:, 1]
    features = np.repeat(design[:1] - design[1:], len(rows.y), axis=0)
    if scale is None:
        return logistic(np.column_stack([features, logit]), targets[:, 0], weight)
    return logistic(features, targets[:, 0], weight, scale * logit)


def _scores(rows: Rows, design: Floats, theta: Floats, scale: float | None) -> Floats:
    """What a row of weight 1 adds to the gradient, (rows, len(theta)), for White's sandwich.

    Rows drawn by their class do not err by p (1 - p), so the errors themselves are taken.
    """
    factor = theta[-1] if scale is None else scale
    off = softmax(factor * rows.log_p + design @ theta[: design.shape[1]])
    off[np.arange(len(off)), rows.y] -= 1.0
    scores = off @ design
    if scale is not None:
        return scores
    return np.column_stack([scores, np.einsum("ik,ik->i", off, rows.log_p)])


def _design(groups: Sequence[int] | range, *, free: bool) -> Floats:
    """Which bias each class has: shape (classes, free biases); the last class's group has 0."""
    names = np.asarray(groups)
    if not free:
        return np.zeros((len(names), 0))
    free_groups = [name for name in np.unique(names) if name != names[-1]]
    return (names[:, None] == np.array(free_groups, dtype=names.dtype)).astype(np.float64)


def _affine(scale: float, design: Floats, beta: Floats) -> Affine:
    bias = design @ beta
    return Affine(scale, tuple((bias - bias.mean()).tolist()))
