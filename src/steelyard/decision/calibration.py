"""Check probabilities on natural out-of-fold rows, and refit them where they are off."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from steelyard.decision.calibrator_fit import AffineFit, fit_affine, fit_beta, fit_isotonic
from steelyard.decision.calibrators import Affine, Beta, Calibration, Identity, Isotonic
from steelyard.decision.weighted_rows import Rows, grouped, rank_in_class, sampled, thinned
from steelyard.stats.observed_expected import holds_one, observed_expected
from steelyard.stats.validation import Codes, Floats, labelled, log_of, row_weights

__all__ = [
    "Affine",
    "Beta",
    "Calibration",
    "Identity",
    "Isotonic",
    "check_and_refit",
]

# Fewest rows: of a class for a bias of its own; outside the largest class for a scale; of the
# rarest class for a curve. The more a calibration can bend, the more rows it needs.
FOR_BIAS, FOR_SCALE, FOR_CURVE = 10, 50, 200
FOLDS = 5
# Several classes are compared on a sample of the larger ones.
ROWS_PER_CLASS = 5000
# More rows of two classes than this are fitted as groups of nearly one logit: a fit of few
# parameters moves by a hundredth of its error.
MOST_ROWS = 100_000


@dataclass(frozen=True)
class Candidate:
    """A way to calibrate, and how it is fitted to rows."""

    name: str
    fit: Callable[[Rows], Calibration]


@dataclass(frozen=True)
class Check:
    """What the rows say about the probabilities, and what they are enough for.

    `counts`: effective rows of each class. `bias_groups`: a number per class, classes of one number
    share a bias. `slope`: the scale that an affine calibration would take, with its interval; None
    where rows are too few to say.
    """

    counts: Floats
    ratios: list[dict[str, float | None]]
    affine: AffineFit | None
    bias_groups: tuple[int, ...]
    slope: dict[str, float] | None

    @property
    def off(self) -> bool:
        """Whether a class is seen more or less often than promised."""
        return not all(holds_one(ratio) for ratio in self.ratios)

    @property
    def tilted(self) -> bool:
        """Whether the probabilities are too sure of themselves, or not sure enough."""
        return self.slope is not None and not self.slope["low"] <= 1.0 <= self.slope["high"]

    @property
    def can_shift(self) -> bool:
        """Whether two classes have rows enough for a bias."""
        return int((self.counts >= FOR_BIAS).sum()) >= 2


def check_and_refit(
    p: ArrayLike,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    closed_form: bool = True,
    stratified: bool = False,
) -> tuple[Calibration, dict[str, Any]]:
    """The calibration that natural out-of-fold rows ask for.

    Observed/expected of each class and the slope are checked first; where their intervals hold 1
    nothing is changed. Otherwise a bias per class is fitted, shrunk towards none where the class
    has few rows; where the slope is off too, the kinds that the rows can bear are compared by
    cross-fitted log loss, and of those within one standard error of the best the simplest is
    taken. With stratified folds the bias is always fitted: how many rows a class has is no chance
    there, so what the probabilities lack is known far better than chance would allow, and models
    of few positives promise some percent too little or too much.

    Args:
        p: shape (rows, classes), out of fold, after `correct_prior`.
        y: codes, shape (rows,), at natural prevalence. Never resampled rows.
        sample_weight: how much each row counts, shape (rows,): 1 / its chance of being drawn.
        closed_form: False where no formula undoes what training did to the probabilities (focal
            loss): then at least scale and bias are fitted.
        stratified: `p` comes from models of folds that hold every class in equal shares.
    Returns: the calibration, and a report of plain values: what was checked, tried, chosen, why.

    >>> rng = np.random.default_rng(0)
    >>> positive = rng.beta(1, 9, 5000)
    >>> y = (rng.random(5000) < positive).astype(int)
    >>> check_and_refit(np.column_stack([1 - positive, positive]), y)[0]
    Identity()
    """
    values, codes = labelled(p, y)
    rows = Rows.of(values, codes, row_weights(sample_weight, len(codes)))
    fold = rank_in_class(rows.y) % FOLDS
    few, few_fold = _stand_ins(rows, fold)
    fitted_on = few if rows.p.shape[1] == 2 and len(rows.y) > MOST_ROWS else rows
    check = _examine(rows, few, fitted_on, always_affine=not closed_form, stratified=stratified)
    candidates = _candidates(check, closed_form=closed_form, always_bias=stratified)
    tried: list[dict[str, Any]] = []
    chosen = candidates[0]
    if len(candidates) > 1:
        chosen, tried = _simplest_of_the_best(candidates, few, few_fold)
    calibration = chosen.fit(fitted_on)
    report = {
        "rows": len(rows.y),
        "counts": np.bincount(rows.y, minlength=len(check.counts)).tolist(),
        "closed_form": closed_form,
        "observed_expected": check.ratios,
        "slope": check.slope,
        "tried": tried,
        "chosen": chosen.name,
        "reason": _reason(check, chosen, closed_form=closed_form),
        "calibration": calibration.to_dict(),
    }
    return calibration, report


def _stand_ins(rows: Rows, fold: Codes) -> tuple[Rows, Codes]:
    """Fewer rows that say nearly the same, to compare calibrations on, and their folds."""
    if rows.p.shape[1] == 2:
        return grouped(rows, fold)
    kept = sampled(rows.y, ROWS_PER_CLASS)
    return thinned(rows, kept), fold[kept]


def _examine(
    rows: Rows, few: Rows, fitted_on: Rows, *, always_affine: bool, stratified: bool
) -> Check:
    counts = rows.effective
    classes = len(counts)
    groups = tuple(np.where(counts >= FOR_BIAS, np.arange(classes), classes).tolist())
    # Two classes share one ratio, seen from both sides; K classes are K - 1 chances of an alarm.
    level = 1.0 - 0.05 / (classes - 1)
    ratios = observed_expected(
        rows.y, rows.p, weight=rows.sample_weight, stratified=stratified, level=level
    )
    bends = counts.sum() - counts.max() >= FOR_SCALE
    affine, slope = None, None
    if bends or always_affine:
        near = fit_affine(few, groups=groups).calibration
        affine = fit_affine(fitted_on, groups=groups, start=near)
    if bends and affine is not None:
        scale, reach = affine.calibration.scale, 1.96 * affine.scale_error
        slope = {"value": scale, "low": scale - reach, "high": scale + reach}
    return Check(counts, ratios, affine, groups, slope)


def _candidates(check: Check, *, closed_form: bool, always_bias: bool) -> list[Candidate]:
    """The kinds worth comparing, simplest first."""
    groups, two = check.bias_groups, len(check.counts) == 2
    start = check.affine.calibration if check.affine else None

    def affine(name: str, **free: bool) -> Candidate:
        return Candidate(
            name, lambda rows: fit_affine(rows, groups=groups, start=start, **free).calibration
        )

    identity = Candidate("identity", lambda _: Identity())
    intercept = affine("intercept", scale=False)
    shifts = (check.off or always_bias) and check.can_shift
    if closed_form and not check.tilted:
        return [intercept if shifts else identity]
    candidates = []
    if closed_form and not (check.off or shifts):
        candidates += [identity, affine("temperature", bias=False)]
    if closed_form and check.can_shift:
        candidates.append(intercept)
    candidates.append(affine("platt" if two else "bias-corrected temperature"))
    if two and check.counts.min() >= FOR_CURVE:
        candidates += [Candidate("beta", fit_beta), Candidate("isotonic", fit_isotonic)]
    return candidates


def _simplest_of_the_best(
    candidates: list[Candidate], rows: Rows, fold: Codes
) -> tuple[Candidate, list[dict[str, Any]]]:
    """The first candidate whose cross-fitted log loss is within one standard error of the best."""
    losses = np.stack([_cross_fitted_losses(one, rows, fold) for one in candidates])
    total = rows.sample_weight.sum()
    means = losses @ rows.sample_weight / total
    excess = losses - losses[int(means.argmin())]
    distance = excess @ rows.sample_weight / total
    squares = rows.sample_weight if rows.squares is None else rows.squares
    errors = np.sqrt((excess - distance[:, None]) ** 2 @ squares) / total
    close = distance <= errors
    tried = [
        {"name": one.name, "log_loss": float(mean), "within_one_error": bool(tied)}
        for one, mean, tied in zip(candidates, means, close, strict=True)
    ]
    return candidates[int(close.argmax())], tried


def _cross_fitted_losses(candidate: Candidate, rows: Rows, fold: Codes) -> Floats:
    """-log of the probability given to the true class, each row by a fit without its fold."""
    losses = np.empty(len(rows.y))
    for k in range(FOLDS):
        held = fold == k
        if held.any():
            mine = rows.at(held)
            p = candidate.fit(rows.at(~held)).apply(mine.p)
            losses[held] = -log_of(p[np.arange(len(p)), mine.y])
    return losses


def _reason(check: Check, chosen: Candidate, *, closed_form: bool) -> str:
    seen = "observed/expected " + ("excludes 1" if check.off else "holds 1")
    slope = {None: "too few rows to judge the slope", False: "slope holds 1", True: "slope off"}
    found = f"{seen}, {slope[check.tilted if check.slope else None]}"
    if not closed_form:
        found = f"training has no closed-form prior effect; {found}"
    elif chosen.name == "identity" and check.off and not check.tilted:
        found += f"; a class with fewer than {FOR_BIAS} rows leaves nothing to refit with"
    return f"{found}: {chosen.name}"
