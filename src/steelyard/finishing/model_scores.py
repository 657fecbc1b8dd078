"""What a Keras classifier says of validation rows, and the labels that belong to them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard._keras import keras, refuse_legacy
from steelyard.errors import DataError, RequestError, TargetError


@dataclass(frozen=True)
class Scores:
    """Probabilities (n, K), K >= 2, of validation rows, as the model gives them.

    `y`: labels as given, shape (n,) or (n, K). `from_logits`: whether the model's output was
    logits. `example`: the first batch of inputs, for its structure and shapes.
    """

    p: np.ndarray
    y: np.ndarray
    from_logits: bool
    example: Any


def predicted(model: Any, X: Any, y: Any, *, from_logits: bool | None, batch_size: int) -> Scores:
    """Predict arrays, or a dataset of (inputs, labels); each row once, in order."""
    refuse_legacy(model, "finish")
    if y is None:
        output, labels, example = _of_dataset(model, X)
    else:
        output = _one_output(model.predict(X, batch_size=batch_size, verbose=0))
        labels = np.asarray(y)
        example = keras.tree.map_structure(lambda part: np.asarray(part)[:1], X)
    if len(labels) != len(output):
        raise DataError(f"{len(output):,} rows of inputs but {len(labels):,} labels; give as many")
    if not np.isfinite(output).all():
        raise DataError(
            f"the model gives NaN or infinite values for {_bad_rows(output):,} of {len(output):,} "
            "validation rows; look at its inputs for gaps"
        )
    logits = _is_logits(model, output) if from_logits is None else from_logits
    return Scores(_probabilities(output, logits), labels, logits, example)


def labels_in(y: np.ndarray, classes: list[Any], columns: int) -> np.ndarray:
    """Labels as codes of `classes`, shape (n,); TargetError names what is not among them."""
    if len(classes) != columns:
        raise TargetError(f"{len(classes)} classes for {columns} columns; name each output column")
    if y.ndim == 2 and y.shape[1] == columns and columns > 1:
        if not (np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()):
            raise TargetError("labels of shape (n, K) are one-hot here: one 1 a row, 0 elsewhere")
        return y.argmax(axis=1)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise TargetError(f"labels have shape {y.shape}; give (n,), or one-hot (n, {columns})")
    code_of = {label: code for code, label in enumerate(classes)}
    distinct, where = np.unique(y, return_inverse=True)
    unknown = [label for label in distinct.tolist() if label not in code_of]
    if unknown:
        raise TargetError(
            f"labels hold {unknown[:3]}, the output's columns are {classes}; "
            "give the label of each column as classes="
        )
    return np.array([code_of[label] for label in distinct.tolist()])[where]


def _of_dataset(model: Any, batches: Any) -> tuple[np.ndarray, np.ndarray, Any]:
    outputs, labels, example = [], [], None
    # Inputs and labels from the same pass: a shuffled dataset has another order each time.
    for batch in batches:
        if not isinstance(batch, tuple) or len(batch) < 2:
            raise RequestError(
                "the dataset yields no (inputs, labels); give such batches, or labels as y="
            )
        example = batch[0] if example is None else example
        outputs.append(_one_output(model.predict_on_batch(batch[0])))
        labels.append(np.asarray(batch[1]))
    if not outputs:
        raise DataError("the dataset is empty; give validation rows")
    return np.concatenate(outputs), np.concatenate(labels), example


def _one_output(output: Any) -> np.ndarray:
    if not hasattr(output, "shape"):
        kind = f"outputs {sorted(output)}" if isinstance(output, dict) else f"{len(output)} outputs"
        raise RequestError(f"the model has {kind}; finish takes a classifier with one output")
    values = np.asarray(output, dtype=np.float64)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2:
        raise RequestError(
            f"the model's output has shape {values.shape}; finish takes (n, 1) or (n, classes)"
        )
    return values


def _is_logits(model: Any, output: np.ndarray) -> bool:
    """By the last layer's activation where it has one, else by whether values can be shares."""
    shares = output.min() >= 0.0 and output.max() <= 1.0
    if output.shape[1] > 1:
        sums = np.abs(output.sum(axis=1) - 1.0).max() <= 1e-3
        if shares and not sums:
            raise RequestError(
                "each column lies in [0, 1] but rows do not sum to 1, as for several labels a row; "
                "use decision.decide_labels for those"
            )
        return not shares
    activation = getattr(getattr(model, "layers", [None])[-1], "activation", None)
    return not shares or getattr(activation, "__name__", "") == "linear"


def _probabilities(output: np.ndarray, logits: bool) -> np.ndarray:
    """Both columns of a sigmoid unit, softmax of logits."""
    if output.shape[1] == 1:
        positive = 1.0 / (1.0 + np.exp(-np.clip(output, -709, 709))) if logits else output
        p = np.concatenate([1.0 - positive, positive], axis=1)
    elif logits:
        shifted = np.exp(output - output.max(axis=1, keepdims=True))
        p = shifted / shifted.sum(axis=1, keepdims=True)
    else:
        p = output
    if p.min() < 0.0 or p.max() > 1.0:
        raise RequestError(
            f"outputs run from {output.min():.3g} to {output.max():.3g}, which are no "
            "probabilities; give from_logits=True where they are logits"
        )
    return p


def _bad_rows(output: np.ndarray) -> int:
    return int((~np.isfinite(output).all(axis=1)).sum())
