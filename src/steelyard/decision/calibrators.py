"""The kinds of calibration: frozen descriptions that a Keras layer can carry out as well.

None of them holds more than a few numbers or a piecewise-linear curve. Where a kind takes a
logarithm, a probability below `stats.validation.LOG_FLOOR` counts as that.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from steelyard.errors import RequestError
from steelyard.stats.validation import Floats, log_of, probabilities, softmax


class Calibration:
    """From probabilities of shape (rows, classes) to truer ones of the same shape."""

    kind: ClassVar[str]

    def apply(self, p: ArrayLike) -> Floats:
        """Calibrated probabilities; rows sum to 1."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `Calibration.from_dict` builds an equal calibration."""
        return {"kind": self.kind} | asdict(self)  # type: ignore[call-overload]

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "Calibration":
        """The calibration that `to_dict` described."""
        if values.get("kind") not in KINDS:
            raise RequestError(
                f"no calibration is called {values.get('kind')!r}; there are: {', '.join(KINDS)}"
            )
        return KINDS[values["kind"]](**{k: v for k, v in values.items() if k != "kind"})


@dataclass(frozen=True)
class Identity(Calibration):
    """The probabilities are true already."""

    kind: ClassVar[str] = "identity"

    def apply(self, p: ArrayLike) -> Floats:
        return probabilities(p)


@dataclass(frozen=True)
class Affine(Calibration):
    """softmax(scale * log p + bias).

    With scale 1 a new intercept; with a bias, Platt's sigmoid on the logit for two classes and
    bias-corrected temperature scaling for more; without one, temperature scaling.

    >>> Affine(scale=1.0, bias=(0.0, 0.0)).apply([[0.9, 0.1]])
    array([[0.9, 0.1]])
    """

    kind: ClassVar[str] = "affine"
    scale: float
    bias: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "bias", _floats(self.bias))

    def apply(self, p: ArrayLike) -> Floats:
        values = _with_classes(p, len(self.bias), self.kind)
        return softmax(self.scale * log_of(values) + np.array(self.bias))


@dataclass(frozen=True)
class Beta(Calibration):
    """For two classes: logit of class 1 becomes a log p_1 - b log p_0 + c, with a, b >= 0.

    Source: Kull, Silva Filho, Flach, "Beta calibration", AISTATS 2017.
    """

    kind: ClassVar[str] = "beta"
    a: float
    b: float
    c: float

    def apply(self, p: ArrayLike) -> Floats:
        logs = log_of(_with_classes(p, 2, self.kind))
        logit = self.a * logs[:, 1] - self.b * logs[:, 0] + self.c
        return softmax(np.column_stack([np.zeros_like(logit), logit]))


@dataclass(frozen=True)
class Isotonic(Calibration):
    """Non-decreasing lines through knots, flat outside them.

    `x` and `y` hold one curve for class 1 of two, or one for each class; those are divided by
    their sum. Knots `x` rise and `y` do not fall; both in [0, 1].
    """

    kind: ClassVar[str] = "isotonic"
    x: tuple[tuple[float, ...], ...]
    y: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", tuple(_floats(curve) for curve in self.x))
        object.__setattr__(self, "y", tuple(_floats(curve) for curve in self.y))

    def apply(self, p: ArrayLike) -> Floats:
        values = _with_classes(p, max(len(self.x), 2), self.kind)
        if len(self.x) == 1:
            positive = np.interp(values[:, 1], self.x[0], self.y[0])
            return np.column_stack([1.0 - positive, positive])
        curves = zip(self.x, self.y, strict=True)
        each = np.column_stack([np.interp(values[:, k], x, y) for k, (x, y) in enumerate(curves)])
        total = each.sum(1, keepdims=True)
        return np.where(total > 0, each / np.where(total > 0, total, 1.0), 1 / each.shape[1])


KINDS: dict[str, type[Calibration]] = {
    kind.kind: kind for kind in (Identity, Affine, Beta, Isotonic)
}


def _floats(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _with_classes(p: ArrayLike, classes: int, kind: str) -> Floats:
    values = probabilities(p)
    if values.shape[1] != classes:
        raise RequestError(
            f"an {kind} calibration of {classes} classes met probabilities of {values.shape[1]}"
        )
    return values
