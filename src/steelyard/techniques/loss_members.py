"""The losses of `steelyard.losses` as members of the loss place.

Each is built with the class counts of the rows that a model trains on. Its numbers are those that
the Keras class itself computed, so a formula has one home; `models.packed_losses` applies them.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from steelyard.techniques.loss import ClassWeights, CrossEntropy, Focal, LogitAdjusted, Loss
from steelyard.techniques.loss import LossNumbers as Numbers
from steelyard.techniques.needs import UNKNOWN


def _numbers(counts: np.ndarray, offset: Any = None, **more: Any) -> Numbers:
    classes = len(counts)
    return Numbers(np.ones(classes), np.zeros(classes) if offset is None else offset, more=more)


@dataclass(frozen=True)
class Bent(Loss):
    """A loss that bends probabilities in a way that no formula undoes."""

    effect: ClassVar[str] = UNKNOWN


@dataclass(frozen=True)
class VectorScaling(Bent):
    """A factor and an offset per class on the logits."""

    kind: ClassVar[str] = "vector-scaling"
    needs = frozenset({"logit factors", "logit offsets"})
    gamma: float = 0.3
    tau: float = 1.0

    def keras(self, counts: Any) -> Any:
        from steelyard import losses

        return losses.VectorScaling(counts, self.gamma, self.tau)

    def numbers(self, counts: np.ndarray) -> Numbers:
        loss = self.keras(counts)
        return _numbers(counts, loss.shift, factor=loss.factor)


@dataclass(frozen=True)
class ClassDependentTemperature(Bent):
    """A factor per class on the logits."""

    kind: ClassVar[str] = "class-dependent-temperature"
    needs = frozenset({"logit factors"})
    gamma: float = 0.3

    def keras(self, counts: Any) -> Any:
        from steelyard import losses

        return losses.ClassDependentTemperature(counts, self.gamma)

    def numbers(self, counts: np.ndarray) -> Numbers:
        return _numbers(counts, factor=self.keras(counts).factor)


@dataclass(frozen=True)
class Ldam(Bent):
    """Margins that grow as classes get rarer, on cosines."""

    kind: ClassVar[str] = "ldam"
    needs = frozenset({"cosines", "pair offsets"})
    max_margin: float = 0.5
    scale: float = 30.0

    def keras(self, counts: Any) -> Any:
        from steelyard import losses

        return losses.LDAM(counts, self.max_margin, self.scale)

    def numbers(self, counts: np.ndarray) -> Numbers:
        loss = self.keras(counts)
        return _numbers(counts, cosine=loss.scale, pair=-np.diag(loss.scale * loss.margin))


@dataclass(frozen=True)
class GaussianClouded(Bent):
    """Cosines lowered by noise that grows as classes get rarer."""

    kind: ClassVar[str] = "gaussian-clouded"
    needs = frozenset({"cosines", "noise"})
    scale: float = 30.0
    deviation: float = 1 / 3

    def keras(self, counts: Any) -> Any:
        from steelyard import losses

        return losses.GaussianClouded(counts, self.scale, self.deviation)

    def numbers(self, counts: np.ndarray) -> Numbers:
        loss = self.keras(counts)
        return _numbers(
            counts, cosine=loss.scale, noise=loss.scale * loss.size, deviation=loss.deviation
        )


@dataclass(frozen=True)
class Seesaw(Bent):
    """Rarer classes are pushed down less, unless they are what the model got wrong."""

    kind: ClassVar[str] = "seesaw"
    needs = frozenset({"pair offsets", "compensation"})
    p: float = 0.8
    q: float = 2.0

    def keras(self, counts: Any) -> Any:
        from steelyard import losses

        return losses.Seesaw(counts, self.p, self.q)

    def numbers(self, counts: np.ndarray) -> Numbers:
        loss = self.keras(counts)
        return _numbers(counts, pair=loss.mitigation, compensation=loss.q)


@dataclass(frozen=True)
class Equalization(Bent):
    """A class below an even share is left out of other rows' softmax with chance `gamma`."""

    kind: ClassVar[str] = "equalization"
    needs = frozenset({"spared classes"})
    gamma: float = 0.9

    def keras(self, counts: Any) -> Any:
        from steelyard import losses

        # The threshold must make a class rare and leave one that is not; an even share does,
        # but for classes that are all of one size, where there is nothing to treat.
        if len(set(np.asarray(counts).tolist())) == 1:
            return losses.LogitAdjusted(counts, tau=0.0)
        return losses.Equalization(counts, 1 / len(counts), self.gamma)

    def numbers(self, counts: np.ndarray) -> Numbers:
        rare = getattr(self.keras(counts), "rare", np.zeros(len(counts)))
        return _numbers(counts, spared=self.gamma * rare)


@dataclass(frozen=True)
class LabelAwareSmoothing(Bent):
    """Label smoothing that is stronger for frequent classes."""

    kind: ClassVar[str] = "label-aware-smoothing"
    needs = frozenset({"smoothed targets"})
    head: float = 0.4
    tail: float = 0.1

    def keras(self, counts: Any) -> Any:
        from steelyard import losses

        return losses.LabelAwareSmoothing(counts, self.head, self.tail)

    def numbers(self, counts: np.ndarray) -> Numbers:
        epsilon = self.keras(counts).epsilon
        classes = len(counts)
        spread = np.diag(1 - epsilon) + epsilon[:, None] / classes
        return _numbers(counts, targets=spread)


@dataclass(frozen=True)
class ClassBalancedFocal(Bent):
    """One focal sigmoid per class, rows weighted by the effective number of rows."""

    kind: ClassVar[str] = "class-balanced-focal"
    needs = frozenset({"class weights", "one sigmoid per class"})
    beta: float = 0.9999
    gamma: float = 2.0

    def keras(self, counts: Any) -> Any:
        from steelyard import losses

        return losses.ClassBalanced(counts, self.beta, base="focal", gamma=self.gamma)

    def numbers(self, counts: np.ndarray) -> Numbers:
        loss = self.keras(counts)
        sigmoid = (1.0, loss.gamma, loss.gamma, 0.0)
        return Numbers(loss.class_weight, np.zeros(len(counts)), more={"sigmoid": sigmoid})


@dataclass(frozen=True)
class Asymmetric(Bent):
    """One sigmoid per class, of which the absent ones count less the easier they are."""

    kind: ClassVar[str] = "asymmetric"
    needs = frozenset({"one sigmoid per class"})
    gamma_neg: float = 4.0
    gamma_pos: float = 1.0
    clip: float = 0.05

    def keras(self, counts: Any) -> Any:
        from steelyard import losses
        from steelyard.techniques.keras_targets import OneHot

        return OneHot(losses.Asymmetric(self.gamma_neg, self.gamma_pos, self.clip), len(counts))

    def numbers(self, counts: np.ndarray) -> Numbers:
        return _numbers(counts, sigmoid=(1.0, self.gamma_pos, self.gamma_neg, self.clip))


@dataclass(frozen=True)
class PairsOfRows(Bent):
    """A loss on the order of scores; two classes only."""

    needs = frozenset({"pairs of rows"})
    margin: float = 1.0

    def unfit(self, classes: int) -> str | None:
        if classes == 2:
            return None
        return f"{self.kind} orders the rows of two classes, and the table has {classes}"


@dataclass(frozen=True)
class AucMargin(PairsOfRows):
    """The margin form of the area under the ROC curve."""

    kind: ClassVar[str] = "auc-margin"

    def keras(self, counts: Any) -> Any:  # noqa: ARG002
        from steelyard import losses
        from steelyard.techniques.keras_targets import LogOdds

        return LogOdds(losses.AUCMargin(self.margin, one_class="zero"))


@dataclass(frozen=True)
class PairwiseSquaredHinge(PairsOfRows):
    """Every positive should stand above every negative by a margin."""

    kind: ClassVar[str] = "pairwise-squared-hinge"

    def keras(self, counts: Any) -> Any:  # noqa: ARG002
        from steelyard import losses
        from steelyard.techniques.keras_targets import LogOdds

        return LogOdds(losses.PairwiseSquaredHinge(self.margin, one_class="zero"))


@dataclass(frozen=True)
class Deferred(Bent):
    """Another loss, to which class weights come after a share `start` of the training."""

    kind: ClassVar[str] = "deferred"
    loss: Loss = field(default_factory=CrossEntropy)
    weights: ClassWeights = field(default_factory=lambda: ClassWeights("effective"))
    start: float = 0.8

    @property
    def needs(self) -> frozenset[str]:  # type: ignore[override]
        """Those of the loss, and class weights that change."""
        return self.loss.needs | self.weights.needs | {"deferral"}

    def keras(self, counts: Any) -> Any:
        from steelyard import losses

        # Keras' own cross-entropy takes no class weights that change.
        untreated = self.loss == CrossEntropy()
        base = LogitAdjusted(tau=0.0) if untreated else self.loss
        return losses.Reweighted(base.keras(counts), [1.0] * len(counts))

    def numbers(self, counts: np.ndarray) -> Numbers:
        first = self.loss.numbers(counts)
        late = first.weight * self.weights.per_class(counts)
        more = dict(first.more) | {"late_weight": late, "late_from": self.start}
        return Numbers(first.weight, first.offset, first.gamma, more)

    def callbacks(self, counts: np.ndarray) -> list[Any]:
        from steelyard.callbacks import DeferredReweighting

        rule, beta = self.weights.rule, self.weights.beta
        return [DeferredReweighting(counts, self.start, rule=rule, beta=beta)]

    def unfit(self, classes: int) -> str | None:
        return self.loss.unfit(classes)

    def to_dict(self) -> dict[str, Any]:
        parts = {"loss": self.loss.to_dict(), "weights": self.weights.to_dict()}
        return {"kind": self.kind} | parts | {"start": self.start}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Deferred":
        loss = MEMBERS[values["loss"]["kind"]].from_dict(values["loss"])
        return cls(loss, ClassWeights.from_dict(values["weights"]), values["start"])


MEMBERS: dict[str, type[Loss]] = {
    member.kind: member
    for member in (
        CrossEntropy,
        ClassWeights,
        LogitAdjusted,
        Focal,
        VectorScaling,
        ClassDependentTemperature,
        Ldam,
        GaussianClouded,
        Seesaw,
        Equalization,
        LabelAwareSmoothing,
        ClassBalancedFocal,
        Asymmetric,
        AucMargin,
        PairwiseSquaredHinge,
        Deferred,
    )
}
