"""Rows that come again, as copies or nearly so, and columns whose values name such rows."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.inspection.space import Space
from steelyard.neighbours import neighbours_of

Codes = NDArray[np.integer]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

NEIGHBOURS = 20
MOST_ASKED = 1000  # rows of the class, whose neighbours are looked at
WORK = 2_000_000_000  # of that search: rows asked x rows x columns
TIGHT = 0.35  # of the distance to the 20th neighbour
SHARE = 0.1  # of the rows of the class that have a twin
TIMES = 2.0  # as often of the class as farther neighbours
DOUBT = 4.0  # standard errors
FEWEST = 10
FEWEST_VALUES, MOST_PER_VALUE = 20, 30.0


def copies(features: pl.DataFrame, positive: Bools) -> Codes | None:
    """Groups of equal rows, where many rows of the class have one; else None."""
    if not features.width:
        return None
    keys = features.hash_rows(seed=0).to_numpy()
    group = np.unique(keys, return_inverse=True)[1]
    again = np.bincount(group)[group] > 1
    many = again[positive].sum() >= max(FEWEST, SHARE * positive.sum())
    return group if many else None


def twins(space: Space, positive: Bools, seed: int = 0) -> Codes | None:
    """Groups of rows that are much nearer than others and share the class; None without many."""
    rows = len(positive)
    if not space.columns or rows <= 2 * NEIGHBOURS:
        return None
    most = min(MOST_ASKED, WORK // (rows * len(space.columns)))
    asked = np.flatnonzero(positive)
    if most < FEWEST or len(asked) < FEWEST:
        return None
    asked = np.sort(np.random.default_rng(seed).permutation(asked)[:most])
    near = neighbours_of(space.packed(), asked, NEIGHBOURS)
    axes = list(zip(space.columns, space.scales, strict=True))
    others = np.stack([values[near] * scale for values, scale in axes], axis=-1)
    points = np.stack([values[asked] * scale for values, scale in axes], axis=-1)
    distance = np.sqrt(((others - points[:, None]) ** 2).sum(axis=2))
    tight = distance < TIGHT * distance[:, -1:]
    hit = positive[near]
    far = hit[:, NEIGHBOURS // 2 :][~tight[:, NEIGHBOURS // 2 :]]
    usual = far.mean() if len(far) else 1.0
    have = tight.any(axis=1)
    among = hit[tight].mean() if have.any() else 0.0
    if have.sum() < max(FEWEST, SHARE * len(asked)) or among < TIMES * usual:
        return None
    return _linked(rows, np.repeat(asked, tight.sum(axis=1)), near[tight])


def names_groups(values: pl.Series, positive: Bools, seed: int = 0) -> Codes | None:
    """Codes of a column whose equal values share the class far more than neighbouring ones do.

    Values must come again, few rows each, as the number of a patient does; else None.
    """
    distinct, rows = values.n_unique(), len(values)
    if not max(FEWEST_VALUES, rows / MOST_PER_VALUE) <= distinct <= rows / 1.25:
        return None
    codes = values.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    order = np.lexsort((np.random.default_rng(seed).random(rows), codes))
    code, hit = codes[order], positive[order]
    same = code[1:] == code[:-1]
    mates = same & hit[:-1]
    if mates.sum() < FEWEST:
        return None
    shared = hit[1:][mates].mean()
    usual = positive.mean()
    if values.dtype.is_numeric():
        beside = ~same & hit[:-1]
        usual = max(usual, hit[1:][beside].mean() if beside.sum() >= FEWEST else usual)
    error = np.sqrt(max(usual * (1 - usual), 1e-9) / mates.sum())
    if shared < TIMES * usual or shared - usual < DOUBT * error:
        return None
    alone = codes == 0  # missing: each row its own
    codes[alone] = codes.max() + 1 + np.arange(alone.sum())
    return np.unique(codes, return_inverse=True)[1]


def _linked(rows: int, start: Codes, end: Codes) -> Codes:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    links = coo_matrix((np.ones(len(start)), (start, end)), shape=(rows, rows))
    return np.asarray(connected_components(links, directed=False)[1])
