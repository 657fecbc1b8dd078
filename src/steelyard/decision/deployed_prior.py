"""Class shares of unlabelled rows, with an interval that counts both tables as chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from steelyard.decision.calibrator_fit import fit_affine
from steelyard.decision.calibrators import Affine
from steelyard.decision.prior import estimate_prior, likeliest_prior
from steelyard.decision.weighted_rows import Rows, grouped, sampled, thinned
from steelyard.errors import RequestError
from steelyard.stats.validation import Floats, labelled, probabilities, row_weights

FEWEST_ROWS = 100
# A class with fewer labelled rows gets no bias of its own.
FOR_BIAS = 10
# Several classes: so many rows of a class, or of the unlabelled ones, stand for all of them.
ROWS_PER_CLASS = 5000
RESAMPLES = 200


@dataclass(frozen=True)
class DeployedPrior:
    """Class shares where the model is used, and how sure they are.

    `prior`, `low`, `high` of shape (classes,), the ends at 95 %. `rows` unlabelled rows.
    `calibration`: what the probabilities went through first.
    """

    prior: Floats
    low: Floats
    high: Floats
    rows: int
    calibration: Affine
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        ends = {name: getattr(self, name).tolist() for name in ("prior", "low", "high")}
        kept = {"rows": self.rows, "calibration": self.calibration.to_dict()}
        return ends | kept | {"notes": list(self.notes)}


def estimate_deployed(
    p: ArrayLike,
    y: ArrayLike,
    unlabelled: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> DeployedPrior:
    """Class shares of unlabelled rows by EM after bias-corrected temperature scaling.

    Holds where only the class shares moved and each class still looks as it did. The interval is
    a bootstrap of the labelled rows (which say how a class is scored) and of the unlabelled ones.

    Args:
        p: probabilities of labelled rows, out of fold, shape (rows, classes).
        y: their codes, shape (rows,), at the class shares that `p` is true for.
        unlabelled: probabilities of the new rows by the same model, shape (new rows, classes).
        sample_weight: how much each labelled row counts, shape (rows,).
        seed: of the bootstrap.
        resamples: how often to draw anew.
    Raises: RequestError: fewer than 100 unlabelled rows.
    Source: Saerens et al., Neural Computation 14 (2002); Alexandari, Kundaje, Shrikumar, "Maximum
        likelihood with bias-corrected calibration is hard-to-beat at label shift adaptation",
        ICML 2020.

    >>> rng = np.random.default_rng(0)
    >>> def draw(share, n):
    ...     y = (rng.random(n) < share).astype(int)
    ...     odds = 0.1 / 0.9 * np.exp(2 * rng.normal(size=n) + 4 * y - 2)  # true where 10 % are 1
    ...     return np.column_stack([1 / (1 + odds), odds / (1 + odds)]), y
    >>> found = estimate_deployed(*draw(0.1, 5000), draw(0.3, 5000)[0])
    >>> bool(found.low[1] < 0.3 < found.high[1])
    True
    """
    values, codes = labelled(p, y)
    rows = Rows.of(values, codes, row_weights(sample_weight, len(codes)))
    new = Rows.of(probabilities(unlabelled), np.zeros(len(np.asarray(unlabelled)), dtype=np.int64))
    _check_enough(rows, new)
    total = len(new.y)
    few, few_new = _stand_ins(rows), _stand_ins(new)
    rng = np.random.default_rng(seed)
    calibration, prior = _estimate(few, few_new, Affine(1.0, (0.0,) * rows.p.shape[1]), None)
    drawn = [
        _estimate(
            _redrawn(few, rng),
            _redrawn(few_new, rng),
            calibration,
            prior,
        )[1]
        for _ in range(resamples)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return DeployedPrior(
        prior=prior,
        low=np.minimum(low, prior),
        high=np.maximum(high, prior),
        rows=total,
        calibration=calibration,
        notes=_notes(rows, prior, total),
    )


def _redrawn(rows: Rows, rng: np.random.Generator) -> Rows:
    """A bootstrap draw: rows that stand for many are drawn as those many, weighted ones by weight.

    Of weighted rows a row here is so many effective ones, each of one weight.
    """
    if rows.squares is None:
        return rows.standing_for(rng.poisson(rows.sample_weight))
    one = rows.squares / rows.sample_weight
    drawn = rng.poisson(rows.sample_weight / one)
    return Rows(rows.p, rows.y, one * drawn, one**2 * drawn)


def _check_enough(rows: Rows, new: Rows) -> None:
    rarest = float(rows.counts.min() / rows.counts.sum())
    if len(new.y) < FEWEST_ROWS:
        raise RequestError(
            f"{len(new.y)} unlabelled rows cannot show class shares: at the share of the rarest "
            f"class so far ({rarest:.2g}) they hold about {len(new.y) * rarest:.2g} of it; give at "
            f"least {max(FEWEST_ROWS, round(10 / max(rarest, 1e-6))):,} rows, or state the "
            "prevalence"
        )


def _stand_ins(rows: Rows) -> Rows:
    """Fewer rows that say nearly the same."""
    if rows.p.shape[1] == 2:
        return grouped(rows, np.zeros(len(rows.y), dtype=np.int64))[0]
    return thinned(rows, sampled(rows.y, ROWS_PER_CLASS))


def _estimate(rows: Rows, new: Rows, near: Affine, prior: Floats | None) -> tuple[Affine, Floats]:
    """Calibration of the labelled rows, and the shares that it gives the new ones."""
    classes = rows.p.shape[1]
    counts = np.where(rows.counts > 0, rows.counts, 0.5)
    enough = np.where(rows.effective >= FOR_BIAS, np.arange(classes), classes)
    calibration = fit_affine(rows, groups=enough.tolist(), start=near).calibration
    p = calibration.apply(new.p)
    if classes == 2:
        return calibration, likeliest_prior(p, counts, new.sample_weight)
    # Some way short of the last digit: the bootstrap runs through this again and again.
    start = counts / counts.sum() if prior is None else prior
    found = estimate_prior(p, counts, sample_weight=new.sample_weight, start=start, tolerance=1e-7)
    return calibration, found.prior


def _notes(rows: Rows, prior: Floats, total: int) -> tuple[str, ...]:
    notes = []
    rare = int(rows.effective.argmin())
    if rows.effective[rare] < 50:
        notes.append(
            f"only {int(rows.effective[rare])} labelled rows of the rarest class, a rough estimate"
        )
    if prior.min() * total < 10:
        notes.append(
            f"about {prior.min() * total:.2g} of the {total:,} unlabelled rows are of the class "
            "that is rarest among them: chance alone moves such a number"
        )
    return tuple(notes)
