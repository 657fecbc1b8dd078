"""Several labels at once: absent labels, nearly all of them, count less the easier they are."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.errors import ClassCountError, RequestError, WeightError
from steelyard.losses.base import Tensor
from steelyard.losses.checks import check_probabilities, require
from steelyard.losses.focal import checked_gamma, powered


def asymmetric_crossentropy(
    y_true: Tensor, logits: Tensor, gamma_neg: float, gamma_pos: float, clip: float
) -> Tensor:
    """Loss of every label, shape of `logits`, float32.

    `-(1 - p)^gamma_pos log p` where the label is present, else `-q^gamma_neg log(1 - q)` with
    `q = max(p - clip, 0)`.

    Args:
        y_true: 0 or 1, or a share, shape (..., labels).
        logits: shape (..., labels), float32.
    Source: Ridnik et al., "Asymmetric loss for multi-label classification", ICCV 2021, arXiv
        2009.14119.
    """
    p = ops.sigmoid(logits)
    present, absent_p = -ops.log_sigmoid(logits), p
    if clip:
        absent_p = ops.relu(p - clip)
        absent = -ops.log(1.0 - absent_p)  # at least `clip`, so no need for a costly log1p
    else:
        absent = -ops.log_sigmoid(-logits)
    if gamma_pos:
        present = present * powered(1.0 - p, gamma_pos)
    if gamma_neg:
        absent = absent * powered(absent_p, gamma_neg)
    return absent + y_true * (present - absent)


@keras.saving.register_keras_serializable(package="steelyard")
class Asymmetric(keras.losses.Loss):
    """Asymmetric loss for several labels at once, summed over the labels of a row.

    With `gamma_neg=0, gamma_pos=0, clip=0` it is binary cross-entropy, and with `positive_weight`
    the class-weighted one, which row weights cannot express.

    Args:
        gamma_neg: focusing on hard absent labels, >= 0.
        gamma_pos: focusing on hard present labels, >= 0, usually less.
        clip: absent labels with a probability below this cost nothing, in [0, 1).
        positive_weight: weight of each label where it is present, >= 0; None for ones.
        from_logits: False if the model ends in sigmoid.
    `y_true`, `y_pred`: shape (n, ..., labels); `y_true` 0 or 1. Returns one value per row.
    Raises: RequestError: an argument outside its range. WeightError: a negative weight.
        ClassCountError: weights that do not fit the columns.
    Source: Ridnik et al., "Asymmetric loss for multi-label classification", ICCV 2021, arXiv
        2009.14119.

    >>> loss = Asymmetric()
    >>> float(loss(np.array([[1, 0, 0, 0]]), np.array([[2.0, -1.0, 0.5, -4.0]])))  # noqa: E501
    0.10695...
    """

    def __init__(
        self,
        gamma_neg: float = 4.0,
        gamma_pos: float = 1.0,
        clip: float = 0.05,
        positive_weight: Sequence[float] | None = None,
        *,
        from_logits: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 <= clip < 1:
            raise RequestError(f"clip = {clip!r}; it is a probability below 1, 0.05 in the paper")
        self.gamma_neg, self.gamma_pos = checked_gamma(gamma_neg), checked_gamma(gamma_pos)
        self.clip, self.from_logits = float(clip), bool(from_logits)
        self.positive_weight = None if positive_weight is None else checked(positive_weight)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        scores, targets = ops.cast(y_pred, "float32"), ops.cast(y_true, "float32")
        if len(targets.shape) != len(scores.shape) or targets.shape[-1] != scores.shape[-1]:
            raise RequestError(
                f"targets have shape {tuple(targets.shape)} but the model's output "
                f"{tuple(scores.shape)}; give 0 or 1 for every label"
            )
        message = "targets are outside [0, 1]; give 0 or 1 for every label."
        off = ops.max(ops.abs(targets - 0.5))
        require(off <= 0.5, RequestError, message, off + 0.5)
        if not self.from_logits:
            check_probabilities(scores)
            edge = keras.config.epsilon()
            scores = ops.clip(scores, edge, 1.0 - edge)
            scores = ops.log(scores) - ops.log1p(-scores)
        strengths = self.gamma_neg, self.gamma_pos, self.clip
        losses = asymmetric_crossentropy(targets, scores, *strengths)
        if self.positive_weight is not None:
            losses = losses * self.weights_of(targets)
        return ops.sum(losses, axis=-1)

    def weights_of(self, targets: Tensor) -> Tensor:
        """The weight of a label where it is present, 1 where it is absent."""
        weight = np.array(self.positive_weight, "float32")
        if weight.size != targets.shape[-1]:
            raise ClassCountError(
                f"positive_weight has {weight.size} entries for {targets.shape[-1]} labels"
            )
        return 1.0 + targets * (weight - 1.0)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "gamma_neg": self.gamma_neg,
            "gamma_pos": self.gamma_pos,
            "clip": self.clip,
            "positive_weight": self.positive_weight,
            "from_logits": self.from_logits,
        }


def checked(positive_weight: Sequence[float]) -> list[float]:
    """Finite weights >= 0 as a plain list."""
    weight = np.asarray(positive_weight, dtype=np.float64)
    if weight.ndim != 1 or not np.isfinite(weight).all() or (weight < 0).any():
        raise WeightError(
            f"positive_weight = {positive_weight!r}; give one finite weight >= 0 per label"
        )
    return weight.tolist()
