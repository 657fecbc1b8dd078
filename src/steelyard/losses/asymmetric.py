"""Several labels at once: absent labels, nearly all of them, count less the easier they are."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._batch_checks import check_no_activation, require
from steelyard._keras import keras, ops
from steelyard.errors import ClassCountError, RequestError, WeightError
from steelyard.losses.base import Tensor, checked_smoothing
from steelyard.losses.checks import check_probabilities
from steelyard.losses.focal import checked_gamma, powered
from steelyard.losses.positions import PositionLoss, apart, only


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
class Asymmetric(PositionLoss):
    """Asymmetric loss for several labels at once, summed over the labels of a row.

    With `gamma_neg=0, gamma_pos=0, clip=0` it is binary cross-entropy, and with weights the
    class-weighted one, which row weights cannot express; `weights.label_weights(Y)` gives them.

    Args:
        gamma_neg: focusing on hard absent labels, >= 0.
        gamma_pos: focusing on hard present labels, >= 0, usually less.
        clip: absent labels with a probability below this cost nothing, in [0, 1).
        positive_weight: weight of each label where it is present, >= 0; None for ones.
        negative_weight: weight of each label where it is absent, >= 0; None for ones.
        from_logits: False if the model ends in sigmoid.
        label_smoothing: targets move this share of the way to 1/2, in [0, 1).
        ignore_class: a mark such as -1 in place of 0 or 1, for a label that is not known.
    `y_true`, `y_pred`: shape (n, ..., labels); `y_true` 0 or 1. Returns one value per row.
    Raises: RequestError: an argument outside its range. WeightError: a negative weight.
        ClassCountError: weights that do not fit the columns.
    Source: Ridnik et al., "Asymmetric loss for multi-label classification", ICCV 2021, arXiv
        2009.14119.

    >>> loss = Asymmetric()
    >>> float(loss(np.array([[1, 0, 0, 0]]), np.array([[2.0, -1.0, 0.5, -4.0]])))  # noqa: E501
    0.10695...
    """

    scales_means = False  # labels are left out of the sum over a row, no row out of the mean

    def __init__(
        self,
        gamma_neg: float = 4.0,
        gamma_pos: float = 1.0,
        clip: float = 0.05,
        positive_weight: Sequence[float] | None = None,
        negative_weight: Sequence[float] | None = None,
        *,
        from_logits: bool = True,
        label_smoothing: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 <= clip < 1:
            raise RequestError(f"clip = {clip!r}; it is a probability below 1, 0.05 in the paper")
        self.gamma_neg, self.gamma_pos = checked_gamma(gamma_neg), checked_gamma(gamma_pos)
        self.clip, self.from_logits = float(clip), bool(from_logits)
        self.label_smoothing = checked_smoothing(label_smoothing)
        self.positive_weight = checked("positive_weight", positive_weight)
        self.negative_weight = checked("negative_weight", negative_weight)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        y_true, keep = apart(y_true)
        if len(y_true.shape) != len(y_pred.shape) or y_true.shape[-1] != y_pred.shape[-1]:
            raise RequestError(
                f"targets have shape {tuple(y_true.shape)} but the model's output "
                f"{tuple(y_pred.shape)}; give 0 or 1 for every label"
            )
        targets = only(keep, ops.cast(y_true, "float32"), 0.0)
        known = None if self.ignore_class is None else targets != self.ignore_class
        targets = only(known, targets, 0.0)
        message = "targets are outside [0, 1]; give 0 or 1 for every label."
        off = ops.max(ops.abs(targets - 0.5))
        require(off <= 0.5, RequestError, message, off + 0.5)
        if self.label_smoothing:
            targets = targets * (1.0 - self.label_smoothing) + self.label_smoothing / 2
        strengths = self.gamma_neg, self.gamma_pos, self.clip
        losses = asymmetric_crossentropy(targets, self.logits(y_pred, keep), *strengths)
        losses = only(known, losses * self.weights_of(targets), 0.0)
        return only(keep, ops.sum(losses, axis=-1), 0.0)

    def logits(self, y_pred: Tensor, keep: Tensor | None) -> Tensor:
        """Checked float32 logits."""
        if self.from_logits:
            check_no_activation(y_pred)
            self.outputs.look(y_pred)
        scores = only(keep, ops.cast(y_pred, "float32"), 0.5)
        if self.from_logits:
            return scores
        check_probabilities(scores)
        edge = keras.config.epsilon()
        scores = ops.clip(scores, edge, 1.0 - edge)
        return ops.log(scores) - ops.log1p(-scores)

    def ignored(self, y_true: Tensor, y_pred: Tensor) -> Tensor:  # noqa: ARG002 - by label
        """No whole row: labels are left out one by one."""
        return ops.zeros(ops.shape(y_pred)[:-1], "bool")

    def weights_of(self, targets: Tensor) -> Tensor:
        """The weight of each label, present or absent; of both in part for a share."""
        present, absent = (
            np.float32(1.0) if weight is None else np.array(weight, "float32")
            for weight in (self.positive_weight, self.negative_weight)
        )
        for name, weight in (("positive_weight", present), ("negative_weight", absent)):
            if weight.ndim and weight.size != targets.shape[-1]:
                raise ClassCountError(
                    f"{name} has {weight.size} entries for {targets.shape[-1]} labels"
                )
        return absent + targets * (present - absent)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "gamma_neg": self.gamma_neg,
            "gamma_pos": self.gamma_pos,
            "clip": self.clip,
            "positive_weight": self.positive_weight,
            "negative_weight": self.negative_weight,
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
        }


def checked(name: str, weights: Sequence[float] | None) -> list[float] | None:
    """Finite weights >= 0 as a plain list, or None."""
    if weights is None:
        return None
    weight = np.asarray(weights, dtype=np.float64)
    if weight.ndim != 1 or not np.isfinite(weight).all() or (weight < 0).any():
        raise WeightError(f"{name} = {weights!r}; give one finite weight >= 0 per label")
    return weight.tolist()
