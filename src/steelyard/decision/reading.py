"""Figures of unlabelled rows, from the probabilities that a reading gives them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import logit

from steelyard.decision.weighted_rows import Rows
from steelyard.stats.validation import Codes, Floats


@dataclass(frozen=True)
class Share:
    """An estimate between two ends, at 95 %."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Plain values."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Reading:
    """Class shares of the new rows, and what the decision in force finds among them.

    `prior`, `low`, `high`: (classes,), the ends at 95 %. `recall`, `precision`: what counting the
    labels of these rows would show for the class of interest; None where nothing is flagged.
    `draws`: of the logarithms of the class shares, around their mean, (resamples, classes).
    """

    prior: Floats
    low: Floats
    high: Floats
    recall: Share | None
    precision: Share | None
    draws: Floats

    def to_dict(self) -> dict[str, Any]:
        """Plain values, all but the draws."""
        ends = {name: getattr(self, name).tolist() for name in ("prior", "low", "high")}
        found = {
            name: None if share is None else share.to_dict()
            for name, share in (("recall", self.recall), ("precision", self.precision))
        }
        return ends | found

    def sure_of(self, other: ArrayLike, level: float) -> bool:
        """Whether an interval of that level leaves out these other class shares, of any class.

        The interval at 95 % stretched on the logit scale: of a few hundred draws the outermost say
        little about rarer ones.
        """
        tail = (1.0 - level) / 2.0 / max(len(self.prior) - 1, 1)
        stretch = stats.norm.ppf(1.0 - tail) / stats.norm.ppf(0.975)
        at, low, high, against = (
            logit(np.clip(one, 1e-9, 1.0 - 1e-9))
            for one in (self.prior, self.low, self.high, np.asarray(other, dtype=np.float64))
        )
        below, above = at - stretch * (at - low), at + stretch * (high - at)
        return bool(((against < below) | (against > above)).any())


@dataclass(frozen=True)
class Figures:
    """What one draw gives: class shares, recall and precision."""

    share: Floats
    recall: float
    precision: float


@dataclass(frozen=True)
class NewRows:
    """From posteriors of the new rows' stand-ins to figures, and from many to intervals."""

    new: Rows
    marked: Codes
    positive: int

    def expected(self, posterior: Floats) -> tuple[float, float, float]:
        """Positives among flagged rows and among the others, and rows flagged."""
        mass = self.new.sample_weight * posterior[:, self.positive]
        on = self.marked == 1
        return (
            float(mass[on].sum()),
            float(mass[~on].sum()),
            float(self.new.sample_weight[on].sum()),
        )

    def counted(self, posterior: Floats, share: Floats, rng: np.random.Generator) -> Figures:
        """What counting the labels would show, were these the probabilities."""
        caught, missed, flagged = self.expected(posterior)
        found = rng.binomial(round(flagged), min(caught / flagged, 1.0)) if flagged else 0
        lost = rng.poisson(missed)
        return Figures(share, _ratio(found, found + lost), _ratio(found, flagged))

    def reading(self, posterior: Floats, share: Floats, drawn: list[Figures]) -> Reading:
        """Value and interval of each figure."""
        caught, missed, flagged = self.expected(posterior)
        shares = np.array([one.share for one in drawn])
        low, high = np.quantile(shares, [0.025, 0.975], axis=0)
        known = flagged > 0
        return Reading(
            prior=share,
            low=np.minimum(low, share),
            high=np.maximum(high, share),
            recall=_between(_ratio(caught, caught + missed), [d.recall for d in drawn]),
            precision=_between(caught / flagged, [d.precision for d in drawn]) if known else None,
            draws=np.log(np.maximum(shares, 1e-12)),
        )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _between(value: float, drawn: list[float]) -> Share | None:
    finite = np.array(drawn)[np.isfinite(drawn)]
    if not np.isfinite(value) or len(finite) == 0:
        return None
    low, high = np.quantile(finite, [0.025, 0.975])
    return Share(value, min(float(low), value), max(float(high), value))


def under(p: Floats, natural: Floats, prior: Floats) -> Floats:
    """`correct_prior` that bears a share of 0: the class is as good as impossible then."""
    return moved(p, np.log(np.maximum(prior, 1e-12)) - np.log(natural))


def moved(p: Floats, move: Floats) -> Floats:
    """Shares, or rows of them, with the logarithms moved."""
    lifted = p * np.exp(move - move.max())
    return np.asarray(lifted / lifted.sum(axis=-1, keepdims=True))
