"""Batches that move from the natural class shares to balanced ones while a model trains."""

from typing import Any

from steelyard._tensorflow import tf
from steelyard.callbacks.of_keras3 import Keras3Callback
from steelyard.callbacks.start import check_reached, checked_start, first_epoch
from steelyard.errors import RequestError


class Resampling(Keras3Callback):
    """Base: a dataset that mixes batches of two feeds, and the share of the second by epoch.

    `dataset` goes to `fit`, the object itself into `callbacks`. The share lives in a variable
    that the input pipeline reads when an epoch begins.
    """

    def __init__(self, natural: Any, balanced: Any, steps_per_epoch: int | None = None) -> None:
        super().__init__()
        if natural.element_spec != balanced.element_spec:
            raise RequestError(
                f"the feeds give different batches, {natural.element_spec} and "
                f"{balanced.element_spec}; make both from the same data and batch size"
            )
        self.share = tf.Variable(0.0, trainable=False, dtype=tf.float64)
        steps = steps_per_epoch or len(natural)

        def choice(step: Any) -> Any:
            # As evenly as the share allows: of n steps floor(n * share) are balanced.
            at = tf.cast(step, tf.float64)
            taken = tf.floor((at + 1) * self.share) - tf.floor(at * self.share)
            return tf.cast(taken, tf.int64)

        chosen = tf.data.Dataset.range(steps).map(choice)
        mixed = tf.data.Dataset.choose_from_datasets(
            [natural.repeat(), balanced.repeat()], chosen, stop_on_empty_dataset=False
        )
        self.dataset = mixed.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2)
        self.trained_on = getattr(balanced, "trained_on", None)

    def share_at(self, epoch: int, epochs: int) -> float:
        """Share of balanced batches in an epoch, counted from 0."""
        raise NotImplementedError

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        self.share.assign(self.share_at(epoch, self.params["epochs"]))


class DeferredResampling(Resampling):
    """Natural batches first, balanced ones late, when the features are learned.

    Args:
        natural, balanced: feeds over the same data, `feeds.natural(...)` and
            `feeds.balanced(...)`, or any two datasets of equal batches.
        at: share of the epochs after which balanced batches set in, in [0, 1), or a whole number
            of epochs to wait.
        steps_per_epoch: batches of an epoch; by default those of `natural`.
    Raises: RequestError: feeds that differ, or training that would end before.
    Source: Cao et al., NeurIPS 2019, arXiv 1906.07413 (deferred), with sampling for weights.

    >>> import numpy as np
    >>> from steelyard import feeds
    >>> X, y = np.zeros((90, 2), "float32"), np.arange(90) % 9 == 0
    >>> late = DeferredResampling(feeds.natural(X, y, 30), feeds.balanced(X, y, 30), at=0.5)
    >>> len(late.dataset), late.trained_on
    (3, (0.5, 0.5))

    Then `model.fit(late.dataset, epochs=10, shuffle=False, callbacks=[late])`.
    """

    def __init__(
        self, natural: Any, balanced: Any, at: float = 0.8, *, steps_per_epoch: int | None = None
    ) -> None:
        super().__init__(natural, balanced, steps_per_epoch)
        self.at = checked_start(at)

    def on_train_begin(self, logs: dict | None = None) -> None:  # noqa: ARG002
        check_reached(first_epoch(self.at, self.params["epochs"]), self.params["epochs"])

    def share_at(self, epoch: int, epochs: int) -> float:
        return float(epoch >= first_epoch(self.at, epochs))


class ProgressiveResampling(Resampling):
    """From natural to balanced batches, a little more with every epoch.

    In epoch t of T (from 0) the share t / (T - 1) of the batches is balanced, so the class shares
    seen are (1 - t / (T - 1)) natural + t / (T - 1) balanced.

    Args:
        natural, balanced: feeds over the same data, as for `DeferredResampling`.
        steps_per_epoch: batches of an epoch; by default those of `natural`.
    Source: Kang et al., "Decoupling representation and classifier for long-tailed recognition",
        ICLR 2020, arXiv 1910.09217 (progressively-balanced sampling).

    >>> import numpy as np
    >>> from steelyard import feeds
    >>> X, y = np.zeros((90, 2), "float32"), np.arange(90) % 9 == 0
    >>> slow = ProgressiveResampling(feeds.natural(X, y, 30), feeds.balanced(X, y, 30))
    >>> [slow.share_at(epoch, 5) for epoch in range(5)]
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """

    def share_at(self, epoch: int, epochs: int) -> float:
        return epoch / max(1, epochs - 1)
