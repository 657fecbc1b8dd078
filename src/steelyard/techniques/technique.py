"""What a technique is: one value for each of the three places, and where it is published."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from steelyard.techniques import loss as losses
from steelyard.techniques import sample as samples
from steelyard.techniques.decision import Decision
from steelyard.techniques.loss import CrossEntropy, Loss
from steelyard.techniques.sample import Natural, Sample


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

    def trained_prior(self, counts: np.ndarray) -> np.ndarray | None:
        """Class shares that the trained model reproduces, given natural class `counts`.

        None where the loss bends probabilities in a way that no formula undoes (focal): then
        they are calibrated on natural out-of-fold rows instead.
        """
        # Half a row for a class that is absent (a group split can do that): its prior stays finite.
        after = np.maximum(self.sample.counts_after(np.asarray(counts)), 0.5)
        return self.loss.numbers(after).trained_prior(after)

    @property
    def prior_effect(self) -> str:
        """What training does to the model's class shares, in a few words."""
        two = np.array([90, 10])
        trained = self.trained_prior(two)
        if trained is None:
            return "no closed form: calibrated"
        shift = "none" if np.allclose(trained, two / two.sum()) else "known: corrected"
        return shift if self.sample.kind != "smote" else "approximate: corrected, then checked"

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
            sample=_member(samples.MEMBERS, values["sample"]),
            loss=_member(losses.MEMBERS, values["loss"]),
            decision=Decision(**values["decision"]),
        )


def _member(members: dict[str, type], values: dict[str, Any]) -> Any:
    arguments = {key: value for key, value in values.items() if key != "kind"}
    return members[values["kind"]](**arguments)
