"""Overlap of regions, for segmentation with rare classes: Dice, Tversky, focal Tversky."""

from typing import Any

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.losses.base import ClassLoss, Tensor, as_one_hot
from steelyard.losses.focal import powered
from steelyard.losses.positions import by_position


def tversky_index(
    y_true: Tensor, p: Tensor, weight: Tensor, alpha: float, beta: float, smooth: float
) -> Tensor:
    """`(TP + smooth) / (TP + alpha FP + beta FN + smooth)` of each class, shape (K,).

    TP, FP and FN are sums of probability over all positions of the batch.

    Args:
        y_true: one-hot or soft targets, shape (..., K).
        p: probabilities, shape (..., K).
        weight: of each position, shape (...).
        alpha, beta: what a false positive and a false negative cost, >= 0.
        smooth: >= 0, in positions.
    Source: Salehi et al., "Tversky loss function for image segmentation using 3D fully
        convolutional deep networks", MLMI 2017, arXiv 1706.05721.
    """
    weight = ops.expand_dims(weight, -1)
    axes = tuple(range(len(p.shape) - 1))
    hits = ops.sum(weight * y_true * p, axis=axes)
    alarms = ops.sum(weight * (1.0 - y_true) * p, axis=axes)
    misses = ops.sum(weight * y_true * (1.0 - p), axis=axes)
    return (hits + smooth) / (hits + alpha * alarms + beta * misses + smooth)


@keras.saving.register_keras_serializable(package="steelyard")
class Tversky(ClassLoss):
    """One minus the Tversky index, mean over classes: misses may cost more than false alarms.

    Each class counts the same however few positions it has. One value for the batch; weights of
    rows or positions count inside the sums. Often added to a cross-entropy, which is kinder to
    begin with; outputs are no calibrated probabilities. `alpha` and `beta` are the paper's; Keras'
    own `Tversky` has them the other way round (3.15).

    Args:
        alpha: cost of a false positive, >= 0.
        beta: cost of a false negative, >= 0; alpha = beta = 1/2 is Dice.
        smooth: positions added to each side, so that a class that is absent and not predicted
            costs nothing; 0 or more.
        from_logits: False if the model ends in softmax or sigmoid.
        ignore_class: a label whose positions do not count, such as 255.
    `y_true`: labels or one-hot, as for the other losses; `y_pred`: shape (n, ..., K), or
    (n, ..., 1) for one sigmoid unit, of which only class 1 is scored.
    Raises: RequestError: an argument below 0.
    Source: Salehi et al., MLMI 2017, arXiv 1706.05721 (.3 and .7 did best).

    >>> import numpy as np
    >>> loss = Tversky(from_logits=False, smooth=0)
    >>> float(loss(np.array([[1], [0]]), np.array([[0.5], [0.5]])))  # 1 - .5 / (.5 + .15 + .35)
    0.5
    """

    def __init__(
        self, alpha: float = 0.3, beta: float = 0.7, smooth: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("alpha", alpha), ("beta", beta), ("smooth", smooth)):
            if not 0 <= value < float("inf"):
                raise RequestError(f"{name} = {value!r}; give a number >= 0")
        self.alpha, self.beta, self.smooth = float(alpha), float(beta), float(smooth)

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> Tensor:
        weight = by_position(1.0 if sample_weight is None else sample_weight, y_pred)
        if self.ignore_class is not None:
            named = ~self.ignored(ops.cast(y_true, "float32"), y_pred)
            weight = weight * ops.cast(named, "float32")
        # Past `PositionLoss`: the weights go into the sums, not onto their result.
        return keras.losses.Loss.__call__(self, (y_true, weight), y_pred)

    def call(self, y_true: Any, y_pred: Tensor) -> Tensor:
        if not isinstance(y_true, tuple):
            y_true = (y_true, ops.ones(ops.shape(y_pred)[:-1]))
        target, weight = y_true
        target, logits = self.read(target, y_pred, weight != 0)
        one_hot, p = as_one_hot(target, logits), ops.softmax(logits, axis=-1)
        index = tversky_index(one_hot, p, weight, self.alpha, self.beta, self.smooth)
        # Of one sigmoid unit the first class is the background.
        return ops.mean(self.cost(index[1:] if y_pred.shape[-1] == 1 else index))

    def cost(self, index: Tensor) -> Tensor:
        """What each class costs, from its index in [0, 1]."""
        return 1.0 - index

    def get_config(self) -> dict[str, Any]:
        own = {"alpha": self.alpha, "beta": self.beta, "smooth": self.smooth}
        return super().get_config() | own


@keras.saving.register_keras_serializable(package="steelyard")
class Dice(Tversky):
    """One minus the Dice coefficient (F1 of probabilities), mean over classes.

    `Tversky` with alpha = beta = 1/2; the other arguments are the same.

    Source: Milletari et al., "V-Net", 3DV 2016, arXiv 1606.04797.

    >>> import numpy as np
    >>> loss = Dice(from_logits=False, smooth=0)
    >>> float(loss(np.array([[1], [0]]), np.array([[0.5], [0.5]])))
    0.5
    """

    def __init__(self, smooth: float = 1.0, **kwargs: Any) -> None:
        super().__init__(0.5, 0.5, smooth, **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["alpha"], config["beta"]
        return config


@keras.saving.register_keras_serializable(package="steelyard")
class FocalTversky(Tversky):
    """`(1 - index)^(1 / gamma)`, mean over classes: classes that are found badly count more.

    Args:
        gamma: >= 1; 4/3 in the paper, 1 is `Tversky`.
    The other arguments are those of `Tversky`.
    Source: Abraham & Khan, "A novel focal Tversky loss function with improved attention U-Net for
        lesion segmentation", ISBI 2019, arXiv 1810.07842.

    >>> import numpy as np
    >>> loss = FocalTversky(from_logits=False, smooth=0)
    >>> float(loss(np.array([[1], [0]]), np.array([[0.5], [0.5]])))  # .5 ^ .75
    0.59460...
    """

    def __init__(
        self,
        alpha: float = 0.3,
        beta: float = 0.7,
        smooth: float = 1.0,
        gamma: float = 4 / 3,
        **kwargs: Any,
    ) -> None:
        super().__init__(alpha, beta, smooth, **kwargs)
        if not 1 <= gamma < float("inf"):
            raise RequestError(f"gamma = {gamma!r}; give a number >= 1, 4/3 in the paper")
        self.gamma = float(gamma)

    def cost(self, index: Tensor) -> Tensor:
        return powered(1.0 - index, 1.0 / self.gamma)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"gamma": self.gamma}
