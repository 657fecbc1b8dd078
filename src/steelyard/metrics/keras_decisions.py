"""Metrics of decisions over all classes for Keras; exact, from a few sums per class."""

from steelyard._keras import keras, ops
from steelyard.metrics._decisions import DecisionMetric
from steelyard.metrics._rows import Tensor


@keras.saving.register_keras_serializable(package="steelyard")
class BalancedAccuracy(DecisionMetric):
    """Mean over classes of the share decided right; exact.

    1/K for any constant decision. Best at a threshold equal to the prevalence, so with the usual
    .5 on a rare class it mostly says that the threshold is wrong.

    Args:
        threshold: on the probability, for two classes (0.5 by default) or by label with
            `multi_label`; with more classes the greatest decides.
        from_logits: outputs are logits, not probabilities.
        multi_label: each column is a label of its own, and a row has any number of them; the
            metric is the mean over labels.
        ignore_class: a label whose rows do not count, such as 255.
        name: as in Keras.
        dtype: of the result.

    NaN until every class has been seen, and when a row could not be read (`unreadable()`).

    >>> metric = BalancedAccuracy()
    >>> metric.update_state([0, 0, 0, 1], [0.1, 0.2, 0.7, 0.8])
    >>> round(float(metric.result()), 6)
    0.833333
    """

    default_name = "balanced_accuracy"
    _direction = "up"

    def of_question(self, true: Tensor, decided: Tensor, right: Tensor) -> Tensor:  # noqa: ARG002
        return ops.mean(right / true, axis=1)


@keras.saving.register_keras_serializable(package="steelyard")
class GMean(DecisionMetric):
    """Geometric mean of the shares decided right: 0 as soon as one class is never found; exact.

    Arguments and NaN as for `BalancedAccuracy`.

    >>> metric = GMean()
    >>> metric.update_state([0, 0, 1, 1], [[0.1], [0.6], [0.4], [0.9]])
    >>> round(float(metric.result()), 6)
    0.5
    """

    default_name = "gmean"
    _direction = "up"

    def of_question(self, true: Tensor, decided: Tensor, right: Tensor) -> Tensor:  # noqa: ARG002
        return ops.exp(ops.mean(ops.log(right / true), axis=1))


@keras.saving.register_keras_serializable(package="steelyard")
class MCC(DecisionMetric):
    """Matthews correlation of truth and decision, for more classes Gorodkin's R_K; exact.

    0 for a constant decision. Moves with prevalence and threshold: judge decisions by it, do not
    choose between models. Arguments as for `BalancedAccuracy`; NaN until two classes were seen.

    >>> metric = MCC()
    >>> metric.update_state([0, 0, 1, 1], [[0.1], [0.6], [0.4], [0.9]])
    >>> round(float(metric.result()), 6)
    0.0
    """

    default_name = "mcc"
    _direction = "up"

    def of_question(self, true: Tensor, decided: Tensor, right: Tensor) -> Tensor:
        n = ops.sum(true, axis=1, keepdims=True)
        # Divided by n first: n^2 of a long run leaves the whole numbers of float64.
        true, decided, right = true / n, decided / n, ops.sum(right / n, axis=1)
        of_truth = 1 - ops.sum(true * true, axis=1)
        spread = of_truth * (1 - ops.sum(decided * decided, axis=1))
        constant = ops.max(decided, axis=1) >= 1
        value = (right - ops.sum(true * decided, axis=1)) / ops.sqrt(spread)
        several = ops.max(true, axis=1) < 1
        return ops.where(constant & several, ops.zeros_like(value), value)
