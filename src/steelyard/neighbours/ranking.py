"""Candidate pairs put in order: by distance in float64, then by row number."""

import numpy as np


def best_of(
    squared: np.ndarray, hit: np.ndarray, found: np.ndarray, *, queries: int, k: int, sign: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest (`sign` 1) or farthest (-1) rows of each query among its candidates.

    Args:
        squared, hit, found: squared distance, number of the query, and row number of each pair.
        queries: how many there are, at most 2 ** 16.
    Returns: squared distances and row numbers, shape (queries, k), best first; infinity and -1
        where there are too few candidates.
    """
    order = _ranked(hit, sign * squared, found)
    hit, found, squared = hit[order], found[order], squared[order]
    counts = np.bincount(hit, minlength=queries)
    first = np.cumsum(counts) - counts
    if counts.min() >= k:
        places = first[:, None] + np.arange(k)
        return squared[places], found[places]
    rank = np.arange(hit.size) - first[hit]
    top = rank < k
    out_squared, out_rows = np.full((queries, k), np.inf), np.full((queries, k), -1)
    out_squared[hit[top], rank[top]] = squared[top]
    out_rows[hit[top], rank[top]] = found[top]
    return out_squared, out_rows


def _ranked(hit: np.ndarray, distance: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The order by query, then distance, then row number: `lexsort`, in a fifth of its time."""
    order = np.argsort(distance)
    # Numbers of 16 bits are sorted by their digits.
    order = order[np.argsort(hit[order].astype(np.uint16), kind="stable")]
    same = (np.diff(hit[order]) == 0) & (np.diff(distance[order]) == 0)
    return np.lexsort((found, distance, hit)) if same.any() else order
