"""Second place: what a mistake costs while training.

Every member boils down to the same few numbers per class, so that one trainer serves them all:

    loss = weight[y] * (1 - p_y)^gamma * -log p_y,   p = softmax(logits + offset)
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from steelyard import weights


@dataclass(frozen=True)
class LossNumbers:
    """The numbers above: `weight` and `offset` of shape (classes,), `gamma` >= 0."""

    weight: np.ndarray
    offset: np.ndarray
    gamma: float = 0.0

    def trained_prior(self, counts: np.ndarray) -> np.ndarray | None:
        """Class shares that softmax(logits) reproduces after training on `counts` rows.

        A weight acts like copies of the rows; an offset added while training is missing from the
        bare logits afterwards. A focal factor bends p itself: no closed form, hence None.
        """
        if self.gamma:
            return None
        prior = counts * self.weight * np.exp(-self.offset)
        return prior / prior.sum()


class Loss:
    """A member of the loss place. Subclasses are frozen dataclasses of plain values."""

    kind: ClassVar[str] = "cross-entropy"

    def numbers(self, counts: np.ndarray) -> LossNumbers:
        """The loss for training rows with these class counts (after sampling)."""
        return LossNumbers(np.ones(len(counts)), np.zeros(len(counts)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, enough to build the member again."""
        return {"kind": self.kind} | asdict(self)  # type: ignore[call-overload]


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Every mistake costs the same."""


@dataclass(frozen=True)
class ClassWeights(Loss):
    """A mistake on class k costs w_k; `rule` as in `steelyard.weights`."""

    kind: ClassVar[str] = "class-weights"
    rule: str = "balanced"
    beta: float = 0.9999

    def numbers(self, counts: np.ndarray) -> LossNumbers:
        return LossNumbers(
            weights.from_counts(counts, self.rule, beta=self.beta), np.zeros(len(counts))
        )


@dataclass(frozen=True)
class LogitAdjusted(Loss):
    """Cross-entropy on logits shifted by tau log(share): rare classes must win by a margin."""

    kind: ClassVar[str] = "logit-adjusted"
    tau: float = 1.0

    def numbers(self, counts: np.ndarray) -> LossNumbers:
        return LossNumbers(np.ones(len(counts)), self.tau * np.log(counts / counts.sum()))


@dataclass(frozen=True)
class Focal(Loss):
    """Rows that are already right count less: factor (1 - p_y)^gamma."""

    kind: ClassVar[str] = "focal"
    gamma: float = 2.0

    def numbers(self, counts: np.ndarray) -> LossNumbers:
        return LossNumbers(np.ones(len(counts)), np.zeros(len(counts)), self.gamma)


MEMBERS: dict[str, type[Loss]] = {
    member.kind: member for member in (CrossEntropy, ClassWeights, LogitAdjusted, Focal)
}
