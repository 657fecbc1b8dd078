"""Exact nearest neighbours where some columns are categories: each difference costs the same."""

import numpy as np

from steelyard.neighbours.every_pair import Categories, best_rows


def mixed_neighbours(numbers: np.ndarray, codes: np.ndarray, penalty: float, k: int) -> np.ndarray:
    """The k nearest other rows of each row, nearest first, shape (rows, k).

    The squared distance is that of the numbers plus `penalty ** 2` for each differing category.
    Ties go to the lower row number.
    """
    rows = np.arange(len(numbers))
    categories = Categories(codes, penalty**2)
    found = best_rows(numbers, rows, rows, k, categories=categories)
    if found is None:
        found = best_rows(
            numbers, rows, rows, k, categories=categories, dtype=np.float64, patient=True
        )
    if found is None:
        raise OverflowError("squares of the numbers are larger than any number of 64 bits")
    return found[1]
