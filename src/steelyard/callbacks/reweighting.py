"""Class weights that set in late, when the features are learned."""

from typing import Any

from steelyard.callbacks.of_keras3 import Keras3Callback
from steelyard.callbacks.start import check_reached, checked_start, first_epoch
from steelyard.errors import RequestError
from steelyard.losses.reweighted import Reweighted
from steelyard.weights.rules import Rule, from_counts


class DeferredReweighting(Keras3Callback):
    """Trains unweighted first, then with class weights: deferred re-weighting (DRW).

    The model is compiled with `losses.Reweighted`, whose weights live in a variable that the
    compiled step reads; a Python number would stay what it was when the step was traced.

    Args:
        class_counts: rows per class of the training data, in column order.
        at: share of the epochs after which the weights set in, in [0, 1), or a whole number of
            epochs to wait.
        rule: "effective" (number of rows, as published), "balanced", "sqrt", "log", or own
            weights, one per class.
        beta: of the effective number of rows.
    Raises: RequestError: when training starts, if the loss is not a `losses.Reweighted`, or if
        training would end before.
    Source: Cao et al., "Learning imbalanced datasets with label-distribution-aware margin loss",
        NeurIPS 2019, arXiv 1906.07413, section 3.3.

    >>> import keras, numpy as np
    >>> from steelyard import losses
    >>> counts = [90, 9]
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    >>> model.compile("sgd", losses.Reweighted(losses.LogitAdjusted(counts, tau=0), [1, 1]))
    >>> X, y = np.zeros((99, 2)), np.repeat([0, 1], counts)
    >>> _ = model.fit(X, y, epochs=5, verbose=0, callbacks=[DeferredReweighting(counts)])
    >>> model.loss.class_weight.numpy().round(2)
    array([0.18, 1.82], dtype=float32)
    """

    def __init__(
        self,
        class_counts: Any,
        at: float = 0.8,
        *,
        rule: Rule = "effective",
        beta: float = 0.9999,
    ) -> None:
        super().__init__()
        self.at = checked_start(at)
        self.class_weight = from_counts(class_counts, rule, beta=beta)

    def on_train_begin(self, logs: dict | None = None) -> None:  # noqa: ARG002
        loss = self.model.loss
        if not isinstance(loss, Reweighted):
            raise RequestError(
                f"the model is compiled with the loss {loss!r}; DeferredReweighting needs "
                "losses.Reweighted(loss, class_weight), whose weights can change"
            )
        self.start = first_epoch(self.at, self.params["epochs"])
        check_reached(self.start, self.params["epochs"])
        loss.assign([1.0] * len(self.class_weight))

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        if epoch >= self.start:
            self.model.loss.assign(self.class_weight)
