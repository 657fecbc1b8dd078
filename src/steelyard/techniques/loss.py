"""Second place: what a mistake costs while training.

A member says what it needs of a trainer and gives its numbers for the class counts at hand. The
common ones boil down to

    loss = weight[y] * (1 - p_y)^gamma * -log p_y,   p = softmax(logits + offset)

and the losses of the house (`loss_members.py`) bring further terms of `models.packed_losses`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np

from steelyard import weights
from steelyard.techniques.needs import CLOSED_FORM, UNKNOWN


@dataclass(frozen=True)
class LossNumbers:
    """The numbers above: `weight` and `offset` of shape (classes,), `gamma` >= 0.

    `more`: further terms by name, as `models.packed_losses` reads them.
    """

    weight: np.ndarray
    offset: np.ndarray
    gamma: float = 0.0
    more: Mapping[str, Any] = field(default_factory=dict)

    def trained_prior(self, counts: np.ndarray) -> np.ndarray | None:
        """Class shares that softmax(logits) reproduces after training on `counts` rows.

        A weight acts like copies of the rows; an offset added while training is missing from the
        bare logits afterwards. Any other term bends p itself: no closed form, hence None.
        """
        if self.gamma or self.more:
            return None
        prior = counts * self.weight * np.exp(-self.offset)
        return prior / prior.sum()


class Loss:
    """A member of the loss place. Subclasses are frozen dataclasses of plain values.

    `needs`: what a trainer must honour, of `needs.NEEDS`. `effect`: what it does to the prior.
    """

    kind: ClassVar[str] = "cross-entropy"
    needs: frozenset[str] = frozenset()
    effect: ClassVar[str] = CLOSED_FORM

    def numbers(self, counts: np.ndarray) -> LossNumbers:
        """The loss for training rows with these class counts (after sampling)."""
        return LossNumbers(np.ones(len(counts)), np.zeros(len(counts)))

    def keras(self, counts: Any) -> Any:  # noqa: ARG002
        """The same as a Keras loss of integer labels and logits (batch, classes)."""
        from steelyard._keras import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def callbacks(self, counts: np.ndarray) -> list[Any]:  # noqa: ARG002
        """Keras callbacks that the loss needs while a model trains with it."""
        return []

    def unfit(self, classes: int) -> str | None:  # noqa: ARG002
        """Why a table of so many classes cannot be treated with it, or None."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, enough to build the member again."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]
        return {"kind": self.kind} | values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The member that `to_dict` described."""
        return cls(**{name: value for name, value in values.items() if name != "kind"})


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Every mistake costs the same."""


@dataclass(frozen=True)
class ClassWeights(Loss):
    """A mistake on class k costs w_k; `rule` as in `steelyard.weights`."""

    kind: ClassVar[str] = "class-weights"
    needs = frozenset({"class weights"})
    rule: str = "balanced"
    beta: float = 0.9999

    def per_class(self, counts: np.ndarray) -> np.ndarray:
        """The weights, shape (classes,)."""
        return weights.from_counts(counts, self.rule, beta=self.beta)

    def numbers(self, counts: np.ndarray) -> LossNumbers:
        return LossNumbers(self.per_class(counts), np.zeros(len(counts)))

    def keras(self, counts: Any) -> Any:
        from steelyard import losses

        weight = self.per_class(counts).tolist()
        return losses.Reweighted(losses.LogitAdjusted(counts, tau=0.0), weight)


@dataclass(frozen=True)
class LogitAdjusted(Loss):
    """Cross-entropy on logits shifted by tau log(share): rare classes must win by a margin."""

    kind: ClassVar[str] = "logit-adjusted"
    needs = frozenset({"logit offsets"})
    tau: float = 1.0

    def numbers(self, counts: np.ndarray) -> LossNumbers:
        return LossNumbers(np.ones(len(counts)), self.tau * weights.log_prior(counts))

    def keras(self, counts: Any) -> Any:
        from steelyard import losses

        return losses.LogitAdjusted(counts, self.tau)


@dataclass(frozen=True)
class Focal(Loss):
    """Rows that are already right count less: factor (1 - p_y)^gamma."""

    kind: ClassVar[str] = "focal"
    needs = frozenset({"focal factor"})
    effect: ClassVar[str] = UNKNOWN
    gamma: float = 2.0

    def numbers(self, counts: np.ndarray) -> LossNumbers:
        return LossNumbers(np.ones(len(counts)), np.zeros(len(counts)), self.gamma)

    def keras(self, counts: Any) -> Any:  # noqa: ARG002
        from steelyard import losses

        return losses.SparseFocal(self.gamma)
