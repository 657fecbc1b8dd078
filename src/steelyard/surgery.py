"""Operations on a trained classifier's last layer: retrain it, or rescale its weights."""

from typing import Any

import numpy as np

from steelyard._keras import keras, ops, refuse_legacy
from steelyard.errors import RequestError, TargetError

Model = Any


def tau_normalize(model: Model, tau: float = 1.0) -> Model:
    """A copy whose class weights are divided by their norm to the power `tau`, without biases.

    Classes with many rows grow long weight vectors; without them the rare classes are called
    more often. `tau` 0 keeps the weights, 1 makes all of them unit vectors; choose it on
    validation rows. The outputs are no probabilities any more.

    Args:
        model: Sequential or functional, its last layer `Dense` with a column per class.
        tau: in [0, 1] as a rule; any number >= 0.
    Returns: a new model; the one given stays as it was.
    Raises: RequestError: another last layer, or a tau below 0.
    Source: Kang et al., "Decoupling representation and classifier for long-tailed recognition",
        ICLR 2020, arXiv 1910.09217, section 4.2.

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    >>> model.layers[-1].set_weights([np.array([[3.0, 1.0, 0.0], [4.0, 0.0, 0.5]]), np.ones(3)])
    >>> tau_normalize(model).layers[-1].get_weights()[0].tolist()
    [[0.6..., 1.0, 0.0], [0.8..., 0.0, 1.0]]
    """
    if not tau >= 0:
        raise RequestError(f"tau = {tau!r}; give a number >= 0, 0 keeps the weights as they are")
    copy, head = _copy(model)
    kernel, *bias = head.get_weights()
    norms = np.linalg.norm(kernel, axis=0)
    scaled = kernel / np.where(norms > 0, norms, 1.0) ** tau
    head.set_weights([scaled, *(np.zeros_like(b) for b in bias)])
    return copy


def retrain_head(
    model: Model,
    X: Any,
    y: Any,
    *,
    epochs: int = 10,
    batch_size: int = 256,
    learning_rate: float = 1e-3,
    loss: Any = None,
    seed: int = 0,
) -> Model:
    """A copy whose last layer is trained anew on balanced batches, all others as they are (cRT).

    The last layer starts from its initializers. Its inputs are computed once, with normalisation
    and dropout as in prediction, so an epoch costs what the last layer costs.

    Args:
        model: Sequential or functional; the last layer may be `Dense` or `NormalizedDense`.
        X: inputs of the training rows, as for `model.predict`.
        y: integer labels, shape (rows,), in column order.
        epochs: passes of the balanced feed.
        batch_size: rows of a batch; every class has the same share of each.
        learning_rate: of Adam.
        loss: by default cross-entropy on the kind of output the last layer has.
        seed: of the initial weights and the batches.
    Returns: a new model, its prior that of balanced classes; the one given stays as it was.
    Raises: RequestError: a last layer without weights. TargetError: labels without a column.
    Source: Kang et al., ICLR 2020, arXiv 1910.09217, section 4.1 (classifier re-training).

    >>> from sklearn.datasets import make_classification
    >>> X, y = make_classification(300, weights=[0.9], random_state=0)
    >>> model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(8), keras.layers.Dense(2)])
    >>> head = retrain_head(model, X.astype("float32"), y, epochs=2).layers[-1]
    >>> np.allclose(head.get_weights()[0], model.layers[-1].get_weights()[0])
    False
    """
    from steelyard import feeds

    copy, head = _copy(model)
    labels = _checked_labels(y, max(2, int(head.weights[0].shape[1])))
    features = keras.Model(copy.inputs, head.input).predict(X, batch_size=8192, verbose=0)
    fresh = _with_seed(head, seed)
    trained = keras.Sequential([keras.Input(features.shape[1:]), fresh])
    trained.compile(keras.optimizers.Adam(learning_rate), loss or _crossentropy(head))
    feed = feeds.balanced(features, labels, batch_size, seed=seed)
    trained.fit(feed, epochs=epochs, verbose=0, shuffle=False)
    head.set_weights(fresh.get_weights())
    return copy


def _copy(model: Model) -> tuple[Model, Any]:
    """A copy with weights of its own, and its last layer."""
    refuse_legacy(model, "steelyard.surgery")
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    head = copy.layers[-1]
    if not head.weights or len(head.weights[0].shape) != 2:
        raise RequestError(
            f"the last layer is {type(head).__name__} {head.name!r}; it must be the classifier, "
            "a Dense layer with a column per class (its activation inside it)"
        )
    return copy, head


def _checked_labels(y: Any, columns: int) -> Any:
    """Whole numbers from 0 to columns - 1, shape (rows,)."""
    labels = np.asarray(y).reshape(-1)
    unknown = np.setdiff1d(labels, np.arange(columns))
    if unknown.size:
        raise TargetError(
            f"y holds {unknown[:4].tolist()}, but the last layer has the columns 0 ... "
            f"{columns - 1}; give labels as integers in column order, such as "
            "weights.class_weight(y).encode(y)"
        )
    return labels


def _with_seed(head: Any, seed: int) -> Any:
    """An untrained layer of the same kind, whose random start depends on `seed` alone."""
    config = head.get_config()
    start = config["kernel_initializer"]["config"]
    if "seed" in start:
        start["seed"] = seed
    return type(head).from_config(config)


def _crossentropy(head: Any) -> Any:
    """Cross-entropy that reads logits unless the layer ends in an activation."""
    activation = getattr(getattr(head, "activation", None), "__name__", "linear")
    if int(ops.shape(head.weights[0])[1]) == 1:
        return keras.losses.BinaryCrossentropy(from_logits=activation != "sigmoid")
    return keras.losses.SparseCategoricalCrossentropy(from_logits=activation != "softmax")
