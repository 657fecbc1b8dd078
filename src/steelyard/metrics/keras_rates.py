"""Precision, recall and their kin for Keras, of one class or the mean over classes; exact."""

from typing import Any

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.metrics._decisions import ClassMetric
from steelyard.metrics._rows import Tensor


@keras.saving.register_keras_serializable(package="steelyard")
class Precision(ClassMetric):
    """Share of the rows decided for a class that are of it; 0 where none was; exact.

    Falls with the prevalence at the same threshold.

    Args:
        class_id: this class (or label); None is the second of two, or the macro mean.
        threshold: on the probability: of the second of two classes (0.5 by default), of `class_id`
            against the rest, or of each label with `multi_label`. Without one, the greatest of
            several classes decides.
        from_logits: outputs are logits, not probabilities.
        multi_label: each column is a label of its own, and a row has any number of them.
        ignore_class: a label whose rows do not count, such as 255.
        name: as in Keras.
        dtype: of the result.

    NaN for a class neither true nor decided so far, and when a row could not be read
    (`unreadable()`).

    >>> metric = Precision(class_id=2, threshold=0.2)
    >>> metric.update_state([0, 1, 2], [[0.7, 0.1, 0.2], [0.2, 0.7, 0.1], [0.5, 0.2, 0.3]])
    >>> float(metric.result())
    0.5
    """

    default_name = "precision"
    _direction = "up"

    def of_class(self, true: Tensor, decided: Tensor, right: Tensor) -> Tensor:
        value = right / decided
        return ops.where((decided == 0) & (true > 0), ops.zeros_like(value), value)


@keras.saving.register_keras_serializable(package="steelyard")
class Recall(ClassMetric):
    """Share of the rows of a class that were decided right (sensitivity); exact.

    Arguments as for `Precision`; NaN until a row of the class has been seen.

    >>> metric = Recall(threshold=0.3)
    >>> metric.update_state([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.2])
    >>> float(metric.result())
    0.5
    """

    default_name = "recall"
    _direction = "up"

    def of_class(self, true: Tensor, decided: Tensor, right: Tensor) -> Tensor:  # noqa: ARG002
        return right / true


@keras.saving.register_keras_serializable(package="steelyard")
class Specificity(ClassMetric):
    """Share of the rows of other classes that were not decided for a class; exact.

    Near one for any rare class, as nearly all rows are of others: read it beside `Recall`.
    Arguments as for `Precision`; NaN until a row of another class has been seen.

    >>> metric = Specificity()
    >>> metric.update_state([0, 0, 0, 1], [0.1, 0.6, 0.35, 0.2])
    >>> round(float(metric.result()), 6)
    0.666667
    """

    default_name = "specificity"
    _direction = "up"

    def of_class(self, true: Tensor, decided: Tensor, right: Tensor) -> Tensor:
        others = ops.sum(true, axis=1, keepdims=True) - true
        return (others - (decided - right)) / others


@keras.saving.register_keras_serializable(package="steelyard")
class FBeta(ClassMetric):
    """Harmonic mean of precision and recall, recall weighing `beta` times as much; exact.

    Moves with prevalence and threshold: judge decisions by it, do not choose between models.

    Args:
        beta: > 0; 1 weighs both alike, 2 favours recall.
    The other arguments and NaN are those of `Precision`.

    >>> metric = FBeta(beta=2.0)
    >>> metric.update_state([0, 0, 0, 1], [0.1, 0.2, 0.9, 0.8])
    >>> round(float(metric.result()), 6)
    0.833333
    """

    default_name = "fbeta"
    _direction = "up"

    def __init__(self, beta: float = 1.0, **settings: Any) -> None:
        super().__init__(**settings)
        if not 0 < beta < float("inf"):
            raise RequestError(f"beta is {beta!r}; it takes a number > 0, such as 1 or 2")
        self.beta = float(beta)

    def of_class(self, true: Tensor, decided: Tensor, right: Tensor) -> Tensor:
        square = self.beta * self.beta
        return (1 + square) * right / (square * true + decided)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"beta": self.beta}


@keras.saving.register_keras_serializable(package="steelyard")
class F1(FBeta):
    """Harmonic mean of precision and recall at a threshold (the Dice coefficient); exact.

    Moves with prevalence and threshold: judge decisions by it, do not choose between models.
    Arguments and NaN as for `Precision`.

    >>> metric = F1()
    >>> metric.update_state([0, 0, 1, 1], [[0.1], [0.6], [0.4], [0.9]])
    >>> round(float(metric.result()), 6)
    0.5
    """

    default_name = "f1"

    def __init__(self, **settings: Any) -> None:
        super().__init__(1.0, **settings)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["beta"]
        return config


@keras.saving.register_keras_serializable(package="steelyard")
class IoU(ClassMetric):
    """Intersection over union of what is of a class and what was decided for it; exact.

    `F1 / (2 - F1)`, usual for masks; `ignore_class` leaves out pixels without a label.
    Arguments and NaN as for `Precision`.

    >>> metric = IoU(ignore_class=255)
    >>> metric.update_state([0, 0, 1, 1, 255], [[0.1], [0.6], [0.4], [0.9], [0.9]])
    >>> round(float(metric.result()), 6)
    0.333333
    """

    default_name = "iou"
    _direction = "up"

    def of_class(self, true: Tensor, decided: Tensor, right: Tensor) -> Tensor:
        return right / (true + decided - right)
