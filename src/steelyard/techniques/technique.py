"""What a technique is: one value for each of the three places, and where it is published."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from steelyard.techniques.decision import Decision
from steelyard.techniques.loss import CrossEntropy, Loss
from steelyard.techniques.loss_members import MEMBERS as LOSSES
from steelyard.techniques.needs import APPROXIMATE, EFFECTS, UNKNOWN, UNWEIGHTED
from steelyard.techniques.resampled import Resampled
from steelyard.techniques.sample import Natural, RandomOver, RandomUnder, Sample, Smote

SAMPLES: dict[str, type[Sample]] = {
    member.kind: member for member in (Natural, RandomOver, RandomUnder, Smote, Resampled)
}


@dataclass(frozen=True)
class Technique:
    """A named, serialisable description; it holds no data and trains nothing itself.

    >>> from steelyard.techniques import get
    >>> get("class-weight").trained_prior(np.array([900, 100]))
    array([0.5, 0.5])
    """

    name: str
    about: str
    source: str
    sample: Sample = field(default_factory=Natural)
    loss: Loss = field(default_factory=CrossEntropy)
    decision: Decision = field(default_factory=Decision)

    @property
    def needs(self) -> frozenset[str]:
        """What a trainer must honour, of `needs.NEEDS`; one that does not refuses it by name."""
        return self.sample.needs | self.loss.needs

    @property
    def untreated(self) -> bool:
        """Whether a model trains as it would without any technique."""
        return self.sample == Natural() and self.loss == CrossEntropy()

    def trains_as(self, other: "Technique") -> bool:
        """Whether the two differ in the decision alone."""
        return self.sample == other.sample and self.loss == other.loss

    def unfit(
        self, *, numbers: int, categories: int, classes: int, weighted: bool = False
    ) -> str | None:
        """Why a table of so many columns and classes cannot be treated with it, or None.

        `weighted`: its rows have sample weights.
        """
        reason = self.sample.unfit(numbers, categories) or self.loss.unfit(classes)
        reason = reason or self.decision.unfit(classes)
        if weighted:
            reason = reason or next(
                (why for need, why in UNWEIGHTED.items() if need in self.needs), None
            )
        return None if reason is None else f"{self.name}: {reason}"

    def trained_prior(self, counts: np.ndarray) -> np.ndarray | None:
        """Class shares that the trained model reproduces, given natural (weighted) class `counts`.

        None where no formula undoes what sample or loss do to the probabilities: then they are
        calibrated on natural out-of-fold rows instead.
        """
        if self.effect == UNKNOWN:
            return None
        # Half a row for a class that is absent (a group split can do that): its prior stays finite.
        after = self.sample.totals_after(np.asarray(counts))
        after = np.where(after > 0, after, 0.5)
        return self.loss.numbers(after).trained_prior(after)

    @property
    def effect(self) -> str:
        """What training does to the prior: the less certain of sample and loss."""
        return max(self.sample.effect, self.loss.effect, key=EFFECTS.index)

    @property
    def prior_effect(self) -> str:
        """What training does to the model's class shares and what is done about it, in words."""
        if self.effect == UNKNOWN:
            return "no closed form: calibrated"
        if self.effect == APPROXIMATE:
            return "approximate: corrected, then checked"
        two = np.array([90, 10])
        trained = self.trained_prior(two)
        return "none" if np.allclose(trained, two / two.sum()) else "known: corrected"  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` builds an equal technique."""
        return {
            "name": self.name,
            "about": self.about,
            "source": self.source,
            "sample": self.sample.to_dict(),
            "loss": self.loss.to_dict(),
            "decision": self.decision.to_dict(),
            "prior_effect": self.prior_effect,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Technique":
        """The technique that `to_dict` described."""
        return cls(
            name=values["name"],
            about=values["about"],
            source=values["source"],
            sample=SAMPLES[values["sample"]["kind"]].from_dict(values["sample"]),
            loss=LOSSES[values["loss"]["kind"]].from_dict(values["loss"]),
            decision=Decision(**values["decision"]),
        )
