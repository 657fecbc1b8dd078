"""Columns of categories as numbers; a missing cell is a level of its own, the last one."""

import numpy as np

from steelyard.resample._table import Table


def encode_columns(table: Table, positions: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """The levels of each column in order, and every cell as the number of its level."""
    levels = []
    codes = np.empty((table.shape[0], len(positions)), dtype=np.int32)
    for number, position in enumerate(positions):
        known, codes[:, number] = _levels(table.column(position))
        levels.append(known)
    return levels, codes


def is_missing(values: np.ndarray) -> np.ndarray:
    """Which entries are missing: None, NaN, and what pandas puts there."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype != object:
        return np.zeros(len(values), dtype=bool)
    return np.array([_is_nothing(value) for value in values])


def _is_nothing(value: object) -> bool:
    # pandas' NA answers every comparison with itself, so it is known by its type.
    return value is None or type(value).__name__ == "NAType" or bool(value != value)  # noqa: PLR0124


def _levels(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    missing = is_missing(values)
    known, codes = np.unique(values[~missing], return_inverse=True)
    all_codes = np.full(len(values), len(known), dtype=np.int64)
    all_codes[~missing] = codes
    if missing.any():
        known = np.append(known, np.array([values[missing][0]], dtype=values.dtype))
    return known, all_codes
