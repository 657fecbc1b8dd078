"""A callback that finishes the model when `fit` ends."""

from typing import Any

from steelyard.callbacks.of_keras3 import Keras3Callback
from steelyard.finishing import finish


class Finish(Keras3Callback):
    """`steelyard.finish` at the end of `fit`; the result is in `finished`.

    Keras cannot hand another model out of `fit`, so the trained one stays as it is.

    Args:
        X, y, options: as in `steelyard.finish`: validation rows at natural class shares, a goal.
    Learned: `finished`, the finished model with its `report`; None until `fit` ends.

    >>> import keras
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = (np.arange(400) % 10 == 0).astype(int)
    >>> X = (rng.normal(size=(400, 1)) + 2 * y[:, None]).astype("float32")
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation="sigmoid")])
    >>> model.compile("adam", "binary_crossentropy")
    >>> ending = Finish(X[200:], y[200:])
    >>> history = model.fit(X[:200], y[:200], verbose=0, callbacks=[ending])
    >>> sorted(ending.finished(X[:2]))
    ['decision', 'probability']
    """

    def __init__(self, X: Any, y: Any = None, **options: Any) -> None:
        super().__init__()
        self.X, self.y, self.options = X, y, options
        self.finished: Any = None

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        self.finished = finish(self.model, self.X, self.y, **self.options)
