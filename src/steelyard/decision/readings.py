"""What unlabelled rows say of class shares, recall and precision, read in two ways.

Label shift: only the class shares moved, and each class looks as it did. Features only: rows of
other kinds come more or less often, and what a row's probability is has not changed. No unlabelled
row can tell which is true, but rows that no mix of the old classes gives refute the first.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from steelyard.decision.between_models import Spread, spread_between
from steelyard.decision.calibrator_fit import fit_affine
from steelyard.decision.calibrators import Affine
from steelyard.decision.labelled_scores import LabelledScores
from steelyard.decision.prior import estimate_prior, likeliest_prior
from steelyard.decision.reading import Figures, NewRows, Reading, moved, under
from steelyard.decision.weighted_rows import Rows, grouped, sampled, thinned
from steelyard.errors import RequestError
from steelyard.stats.validation import Codes, Floats, probabilities

FEWEST_ROWS = 100
# A class with fewer labelled rows gets no bias of its own.
FOR_BIAS = 10
# Several classes: so many rows of a class, or of the unlabelled ones, stand for all of them.
ROWS_PER_CLASS = 5000
RESAMPLES = 200


@dataclass(frozen=True)
class Readings:
    """Both readings of `rows` new rows, and the calibration that the labelled rows ask for."""

    label: Reading
    features: Reading
    rows: int
    calibration: Affine
    notes: tuple[str, ...] = ()


def read_unlabelled(
    known: LabelledScores,
    new: ArrayLike,
    *,
    flagged: ArrayLike | None = None,
    positive: int = 1,
    ratio: Floats | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Readings:
    """Class shares, recall and precision among unlabelled rows under both readings.

    Label shift: EM after bias-corrected temperature scaling. Features only: the mean of the
    calibrated probabilities. The intervals are a bootstrap of the labelled rows (which say how a
    class is scored) and of the new ones, widened by how far one more model is from those that the
    labelled rows were scored by.

    Args:
        known: labelled rows, scored out of fold, at the class shares that `p` is true for.
        new: probabilities of the new rows by the deployed model, (new rows, classes).
        flagged: which of them the decision in force flags, (new rows,).
        positive: code of the class that is flagged.
        ratio: how much more often rows like each labelled one come among the new, (rows,), NaN
            where that is not known; then what the probabilities missed on such rows is added to
            the features-only reading (doubly robust), which otherwise takes the model's word.
        seed: of the bootstrap. resamples: how often to draw anew.
    Raises: RequestError: fewer than 100 unlabelled rows.
    Source: Saerens et al., Neural Computation 14 (2002); Alexandari, Kundaje, Shrikumar, ICML 2020.
    """
    rows = known.rows()
    p = probabilities(new)
    fresh = Rows.of(p, np.zeros(len(p), dtype=np.int64))
    check_enough(rows, len(p))
    marked = np.zeros(len(p), dtype=np.int64) if flagged is None else np.asarray(flagged, int)
    few, few_new, few_marked = *_stand_ins(rows)[:1], *_stand_ins(fresh, marked)
    start = Affine(1.0, (0.0,) * known.classes)
    calibration, prior = estimate(few, few_new, start, None)
    spread = _spread(known, calibration, np.maximum(prior, 0.5 / len(p)))
    once = NewRows(few_new, few_marked, positive)
    rng = np.random.default_rng(seed)
    of_shares, levels = (one.draws(resamples, rng) for one in spread)
    of_shares = of_shares * _not_by_level(of_shares, levels, few, few_new, calibration, prior)
    missed = _missed(known, calibration, ratio, calibration.apply(p), rng, resamples)
    redraw = _redrawing(known, few, rng)
    drawn: list[list[Figures]] = [[], []]
    for index in range(resamples):
        labelled_rows, weight = redraw(), _redrawn(few_new, rng)
        bent, share = estimate(labelled_rows, weight, calibration, prior, levels[index])
        posterior, natural = moved(bent.apply(few_new.p), levels[index]), _natural(labelled_rows)
        share = moved(share, of_shares[index])
        drawn[0].append(once.counted(under(posterior, natural, share), share, rng))
        posterior = moved(posterior, missed[1][index])
        share = weight.sample_weight @ posterior / weight.sample_weight.sum()
        drawn[1].append(once.counted(posterior, share, rng))
    at = [under(calibration.apply(few_new.p), _natural(few), prior)]
    at.append(moved(calibration.apply(few_new.p), missed[0]))
    shares = [prior, few_new.sample_weight @ at[1] / len(p)]
    label, features = (once.reading(*pair) for pair in zip(at, shares, drawn, strict=True))
    return Readings(label, features, len(p), calibration, _notes(rows, label, len(p)))


def check_enough(rows: Rows, new: int) -> None:
    """RequestError where so few new rows can show nothing."""
    rarest = float(rows.counts.min() / rows.counts.sum())
    if new < FEWEST_ROWS:
        raise RequestError(
            f"{new} unlabelled rows cannot show class shares: at the share of the rarest "
            f"class so far ({rarest:.2g}) they hold about {new * rarest:.2g} of it; give at "
            f"least {max(FEWEST_ROWS, round(10 / max(rarest, 1e-6))):,} rows, or state the "
            "prevalence"
        )


def estimate(
    rows: Rows, new: Rows, near: Affine, prior: Floats | None, level: Floats | None = None
) -> tuple[Affine, Floats]:
    """Calibration of the labelled rows, and the shares that it gives the new ones.

    `level`: how far the new ones' probabilities are off, on the logarithms, (classes,).
    """
    classes = rows.p.shape[1]
    enough = np.where(rows.effective >= FOR_BIAS, np.arange(classes), classes)
    calibration = fit_affine(rows, groups=enough.tolist(), start=near).calibration
    p = calibration.apply(new.p)
    p = p if level is None else moved(p, level)
    natural = _natural(rows)
    if classes == 2:
        return calibration, likeliest_prior(p, natural, new.sample_weight)
    # Some way short of the last digit: the bootstrap runs through this again and again.
    start = natural if prior is None else prior
    found = estimate_prior(p, natural, sample_weight=new.sample_weight, start=start, tolerance=1e-7)
    return calibration, found.prior


def label_influence(p: Floats, natural: Floats, prior: Floats) -> Floats:
    """How much each row moves the logarithms of the estimated class shares, (rows, classes).

    One step of Newton's method from `prior`; the mean over rows is the step.
    """
    gap = under(p, natural, prior) - prior
    outer = np.diag(prior) - np.outer(prior, prior)
    posterior = gap + prior
    within = np.diag(posterior.mean(axis=0)) - posterior.T @ posterior / len(posterior)
    return np.asarray(gap @ np.linalg.pinv(outer - within, rcond=1e-9))


def _spread(known: LabelledScores, calibration: Affine, prior: Floats) -> tuple[Spread, Spread]:
    """Of the label-shift estimate, and of the level of the probabilities, between models."""
    natural, prior = known.natural, prior / prior.sum()
    weight = known.class_weights(prior)
    # The information is that of rows with the new class shares, wherever an influence is taken.
    inverse = _inverse_information(calibration.apply(known.p[0]), weight, natural, prior)

    def of_shares(p: Floats) -> Floats:
        posterior = under(calibration.apply(p), natural, prior)
        return np.asarray((posterior - prior) @ inverse)

    def of_level(p: Floats) -> Floats:
        level = calibration.apply(p)
        slope = np.diag(level.mean(axis=0)) - level.T @ level / len(level)
        return np.asarray((level - natural) @ np.linalg.pinv(slope, rcond=1e-9))

    even = known.weights / known.weights.sum()
    return spread_between(known, weight, of_shares), spread_between(known, even, of_level)


def _not_by_level(
    of_shares: Floats, levels: Floats, rows: Rows, new: Rows, near: Affine, prior: Floats
) -> float:
    """Which part of the models' spread in class shares the spread in their levels leaves over.

    A share of standard deviations: each draw moves the level and estimates the shares by that.
    """
    total = float(of_shares.var(axis=0).sum())
    if total == 0.0:
        return 1.0
    step, slopes = 0.1, []
    for k in range(len(prior)):
        level = np.where(np.arange(len(prior)) == k, step, 0.0)
        found = np.log(np.maximum(estimate(rows, new, near, prior, level)[1], 1e-9))
        slope = (found - np.log(np.maximum(prior, 1e-9))) / step
        slopes.append(slope - slope.mean())
    explained = float((levels @ np.array(slopes)).var(axis=0).sum())
    return float(np.sqrt(max(1.0 - explained / total, 0.0)))


def _inverse_information(p: Floats, weight: Floats, natural: Floats, prior: Floats) -> Floats:
    """Of the logarithms of the class shares, from rows with these weights (summing to 1)."""
    posterior = under(p, natural, prior)
    within = np.diag(weight @ posterior) - (posterior * weight[:, None]).T @ posterior
    return np.linalg.pinv(np.diag(prior) - np.outer(prior, prior) - within, rcond=1e-9)


def _missed(
    known: LabelledScores,
    calibration: Affine,
    ratio: Floats | None,
    new: Floats,
    rng: np.random.Generator,
    size: int,
) -> tuple[Floats, Floats]:
    """How far probabilities of rows like the new ones are off, as logarithms: value and draws."""
    if ratio is None:
        return np.zeros(known.classes), np.zeros((size, known.classes))
    told = np.isfinite(ratio)
    weight = (ratio * known.weights)[told]
    weight = weight / weight.sum()
    gap = np.eye(known.classes)[known.y[told]] - calibration.apply(known.p[0][told])
    mean = weight @ gap
    drawn = rng.standard_normal((size, len(weight))) @ (weight[:, None] * (gap - mean))
    slope = np.diag(new.mean(axis=0)) - new.T @ new / len(new)
    inverse = np.linalg.pinv(slope, rcond=1e-9)
    return mean @ inverse, (mean + drawn) @ inverse


def _natural(rows: Rows) -> Floats:
    counts = np.where(rows.counts > 0.0, rows.counts, 0.5)
    return np.asarray(counts / counts.sum())


def _redrawing(known: LabelledScores, few: Rows, rng: np.random.Generator) -> Any:
    """A function that draws the labelled rows anew, whole groups where there are any."""
    if known.group is None:
        return lambda: _redrawn(few, rng)
    counted = known.weights > 0.0
    whole, owner = known.rows(), known.group[counted]
    kept = sampled(whole.y, ROWS_PER_CLASS)
    rows, owner = thinned(whole, kept), owner[kept]
    groups = int(owner.max()) + 1
    return lambda: rows.standing_for(rows.sample_weight * rng.poisson(1.0, groups)[owner])


def _redrawn(rows: Rows, rng: np.random.Generator) -> Rows:
    """A bootstrap draw: rows that stand for many are drawn as those many, weighted ones by weight.

    Of weighted rows a row here is so many effective ones, each of one weight.
    """
    if rows.squares is None:
        return rows.standing_for(rng.poisson(rows.sample_weight))
    one = rows.squares / rows.sample_weight
    drawn = rng.poisson(rows.sample_weight / one)
    return Rows(rows.p, rows.y, one * drawn, one**2 * drawn)


def _stand_ins(rows: Rows, marked: Codes | None = None) -> tuple[Rows, Codes]:
    """Fewer rows that say nearly the same, and which of them are flagged."""
    codes = np.zeros(len(rows.y), dtype=np.int64) if marked is None else marked
    if rows.p.shape[1] == 2:
        return grouped(rows, codes)
    kept = sampled(rows.y, ROWS_PER_CLASS)
    return thinned(rows, kept), codes[kept]


def _notes(rows: Rows, label: Reading, total: int) -> tuple[str, ...]:
    notes = []
    rare = int(rows.effective.argmin())
    if rows.effective[rare] < 50:
        notes.append(
            f"only {int(rows.effective[rare])} labelled rows of the rarest class, a rough estimate"
        )
    seen = int(label.prior.argmin())
    few = label.prior[seen] * total
    # Where the shares may be anything a number of rows says nothing.
    if few < 10 and label.high[seen] < 0.5:
        notes.append(
            f"about {few:.2g} of the {total:,} unlabelled rows are of the class "
            "that is rarest among them: chance alone moves such a number"
        )
    return tuple(notes)
