"""The column that says how much each row counts: 1 over its chance of being drawn."""

import numpy as np
import polars as pl

from steelyard.errors import DataError, WeightError
from steelyard.tables.column_types import infer_type

NUMBERS = ("number", "boolean")


def weights_of(column: pl.Series, decimal_hint: str = ".") -> np.ndarray:
    """The numbers of a weight column as they stand, float64, shape (n,).

    Raises: DataError: text, dates, a row without a weight. WeightError: a negative or infinite
        weight, or none above 0.
    """
    name = column.name
    typed = infer_type(column, typed=False, decimal_hint=decimal_hint)
    if typed.kind not in NUMBERS or typed.values is None:
        shown = column.drop_nulls()[:1].to_list()
        such = f" such as {shown[0]!r}" if shown else ""
        raise DataError(
            f"weight column {name!r} holds no numbers but {typed.kind} values{such}; give how much "
            "each row counts as a number >= 0"
        )
    missing = typed.values.is_null()
    if missing.any():
        row = missing.arg_max() or 0
        written = column[row]
        word = "" if written is None else f" ({written!r})"
        raise DataError(
            f"weight column {name!r} has no value in {missing.sum():,} rows (first: data row "
            f"{row + 1:,}{word}); fill them, or give 0 to rows that do not count"
        )
    weights = typed.values.to_numpy()
    wrong = np.flatnonzero(~np.isfinite(weights) | (weights < 0.0))
    if len(wrong):
        raise WeightError(
            f"weight column {name!r} has {len(wrong):,} negative or infinite values (first: "
            f"{weights[wrong[0]]:g} in data row {wrong[0] + 1:,}); give numbers >= 0"
        )
    if not weights.any():
        raise WeightError(f"every value of the weight column {name!r} is 0; no row would count")
    return weights


def drawing_weights(y: np.ndarray, population: np.ndarray) -> np.ndarray:
    """Of how many rows of the population each row drawn from it by class is one, shape (n,).

    >>> drawing_weights(np.array([0, 0, 1]), np.array([10, 1])).tolist()
    [5.0, 5.0, 1.0]
    """
    return (population / np.maximum(np.bincount(y, minlength=len(population)), 1))[y]


def before_drawing(
    weights: np.ndarray | None, y: np.ndarray, population: np.ndarray
) -> np.ndarray | None:
    """The weights that rows had before they were drawn by class, of mean 1; None: all alike."""
    own = (1.0 if weights is None else weights) / drawing_weights(y, population)
    return None if np.allclose(own, own[0]) else own / own.mean()
