"""Class shares of unlabelled rows where only those moved, with an interval."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from steelyard.decision.calibrators import Affine
from steelyard.decision.labelled_scores import LabelledScores
from steelyard.decision.readings import RESAMPLES, read_unlabelled
from steelyard.stats.validation import Floats


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

    Holds where only the class shares moved and each class still looks as it did; `read_unlabelled`
    sets the other reading beside it. The interval is a bootstrap of the labelled rows (which say
    how a class is scored) and of the unlabelled ones, for one model that scored them all.

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

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> def draw(share, n):
    ...     y = (rng.random(n) < share).astype(int)
    ...     odds = 0.1 / 0.9 * np.exp(2 * rng.normal(size=n) + 4 * y - 2)  # true where 10 % are 1
    ...     return np.column_stack([1 / (1 + odds), odds / (1 + odds)]), y
    >>> found = estimate_deployed(*draw(0.1, 5000), draw(0.3, 5000)[0])
    >>> bool(found.low[1] < 0.3 < found.high[1])
    True
    """
    known = LabelledScores.of(p, y, sample_weight=sample_weight)
    found = read_unlabelled(known, unlabelled, seed=seed, resamples=resamples)
    label = found.label
    return DeployedPrior(
        label.prior, label.low, label.high, found.rows, found.calibration, found.notes
    )
