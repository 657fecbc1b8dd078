"""What every function of this folder asks of its probabilities, labels and class shares."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import GoalError, RequestError, WeightError

# float64 and int64; numpy's stubs are too vague about what its functions return to say so.
Floats = NDArray[Any]
Codes = NDArray[Any]

# Where a logarithm of a probability is taken, 0 is read as this, here and in the Keras layers:
# float32 models do say 0, and a certainty that turns out wrong must cost much, not infinitely much.
LOG_FLOOR = float(np.finfo(np.float32).tiny)


def probabilities(p: ArrayLike) -> Floats:
    """`p` as float64 of shape (rows, classes), from one column as well.

    Raises: RequestError: where it is not that.
    """
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 2 or not values.shape[1]:
        raise RequestError(
            f"probabilities have shape {values.shape}; give (rows, classes), a column per class, "
            "or (rows, 1) of class 1 of two"
        )
    if values.shape[1] == 1:  # as a Keras model with one sigmoid unit gives them
        values = np.concatenate([1.0 - values, values], axis=1)
    # NaN is neither.
    if not (values.min(initial=0.0) >= 0.0 and values.max(initial=0.0) < np.inf):
        raise RequestError(
            "probabilities hold negative, infinite or missing values; "
            "give the output of softmax or predict_proba"
        )
    totals: Floats = sum(
        values.T, np.zeros(len(values))
    )  # column by column: several times faster than along rows
    off = np.abs(totals - 1.0)
    if off.max(initial=0.0) > 1e-3:
        row = int(off.argmax())
        raise RequestError(
            f"row {row} of the probabilities sums to {totals[row]:.4g}, not 1; "
            "give the output of softmax or predict_proba"
        )
    return values


def labelled(p: ArrayLike, y: ArrayLike) -> tuple[Floats, Codes]:
    """`probabilities(p)` and the class codes that belong to its rows."""
    values = probabilities(p)
    codes = np.asarray(y)
    rows, classes = values.shape
    if codes.shape != (rows,):
        raise RequestError(f"{rows:,} rows of probabilities but labels of shape {codes.shape}")
    if codes.dtype.kind not in "iub":
        raise RequestError(f"labels are {codes.dtype}; give class codes 0 to {classes - 1}")
    if rows == 0:
        raise RequestError("no rows to learn from; give labelled rows with natural class shares")
    codes = codes.astype(np.int64, copy=False)
    if codes.min() < 0 or codes.max() >= classes:
        raise RequestError(
            f"labels run from {codes.min()} to {codes.max()}; codes of {classes} classes run "
            f"from 0 to {classes - 1}"
        )
    return values, codes


def row_weights(sample_weight: ArrayLike | None, rows: int) -> Floats | None:
    """Weights, shape (rows,), those above 0 of mean 1: their scale says nothing. None stays None.

    Raises: WeightError: another shape, a weight that is negative, infinite or missing, all zero.
    """
    if sample_weight is None:
        return None
    try:
        values = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise WeightError("sample weights must be numbers, one >= 0 per row") from error
    if values.shape != (rows,):
        raise WeightError(f"sample weights have shape {values.shape}; give one per row, ({rows},)")
    wrong = ~(np.isfinite(values) & (values >= 0.0))
    if wrong.any():
        first = int(wrong.argmax())
        raise WeightError(
            f"{int(wrong.sum()):,} sample weights are negative, infinite or missing (first: "
            f"{values[first]:g} in row {first + 1:,}); give numbers >= 0, 0 for rows that do not "
            "count"
        )
    if not values.any():
        raise WeightError("all sample weights are zero; give at least one row a weight above 0")
    largest = values.max()  # divided by first: the sum of huge ones must not overflow
    scaled = values / largest
    return scaled / scaled[scaled > 0.0].mean()


def shares(prior: ArrayLike, classes: int, name: str) -> Floats:
    """Class shares summing to 1 from shares or counts, each above 0."""
    values = np.asarray(prior, dtype=np.float64)
    if values.shape != (classes,):
        raise RequestError(
            f"{name} has shape {values.shape}; give one share or count for each of "
            f"{classes} classes"
        )
    if not np.isfinite(values).all() or values.min() <= 0.0:
        raise RequestError(
            f"{name} is {values.tolist()}; every class needs a share above 0 (and below 1)"
        )
    return values / values.sum()


def log_of(p: Floats) -> Floats:
    """Log p with the floor."""
    return np.log(np.maximum(p, LOG_FLOOR))


def softmax(logits: Floats) -> Floats:
    """Row-wise softmax; -inf becomes 0 exactly."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def class_weights(weights: ArrayLike) -> tuple[float, ...]:
    """Factors of a decision rule, one finite number >= 0 per class, not all of them 0."""
    values = np.asarray(weights, dtype=np.float64)
    if values.ndim != 1 or not np.isfinite(values).all() or (values < 0).any() or not values.any():
        raise GoalError(
            f"weights = {values.tolist()}; give one finite factor >= 0 per class, not all zero"
        )
    return tuple(values.tolist())
