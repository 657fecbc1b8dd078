"""Exact nearest neighbours where some columns are categories: each difference costs the same."""

from functools import partial

import numpy as np

from steelyard.neighbours.scaling import choose_scaling
from steelyard.neighbours.threads import each

_QUERIES = 256


def mixed_neighbours(numbers: np.ndarray, codes: np.ndarray, penalty: float, k: int) -> np.ndarray:
    """The k nearest other rows of each row, nearest first, shape (rows, k).

    The squared distance is that of the numbers plus `penalty ** 2` for each differing category.
    Ties go to the lower row number.
    """
    centred = np.subtract(numbers, choose_scaling(numbers).centre, dtype=np.float64)
    squares = np.einsum("ij,ij->i", centred, centred)
    blocks = [slice(a, a + _QUERIES) for a in range(0, len(numbers), _QUERIES)]
    work = partial(_block, numbers, codes, (centred, squares), cost=penalty**2, k=k)
    return np.concatenate(each(work, blocks))


def _block(
    numbers: np.ndarray,
    codes: np.ndarray,
    packed: tuple[np.ndarray, np.ndarray],
    block: slice,
    *,
    cost: float,
    k: int,
) -> np.ndarray:
    centred, squares = packed
    tile = centred[block] @ centred.T
    tile *= -2
    tile += squares
    for column in codes.T:
        tile += cost * (column[block, None] != column)
    own = np.arange(len(numbers))[block]
    tile[np.arange(len(own)), own] = np.inf
    # float64 error of the product form: see _points.py; the exact distances decide.
    columns = numbers.shape[1] + codes.shape[1]
    slack = (columns + 8) * np.finfo(np.float64).eps * (
        np.sqrt(squares[block]) + np.sqrt(squares.max())
    ) ** 2 + columns * np.finfo(np.float64).eps * cost * codes.shape[1]
    kth = np.partition(tile, k - 1, axis=1)[:, k - 1]
    hit, found = np.nonzero(tile <= (kth + 2 * slack)[:, None])
    gaps = np.subtract(numbers[own[hit]], numbers[found], dtype=np.float64)
    exact = np.square(gaps).sum(axis=1) + cost * (codes[own[hit]] != codes[found]).sum(axis=1)
    order = np.lexsort((found, exact, hit))
    hit, found = hit[order], found[order]
    rank = np.arange(hit.size) - np.searchsorted(hit, hit, side="left")
    top = rank < k
    return found[top].reshape(-1, k)
