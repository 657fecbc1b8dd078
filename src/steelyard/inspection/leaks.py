"""What flatters every figure of a table: rows on both sides of a fold, columns made from labels.

Suspicions are cheap and come first. Only where there is one a quick model is trained twice, with
the leak and without, and a leak is reported where that makes a difference beyond chance.

Rows drawn by class from a larger table are looked at as they are: of a rare class all are there,
and so are their copies and visits. What repeats among rows of which few were drawn is not seen.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.inspection.encoded_columns import made_from_labels
from steelyard.inspection.leak_free import LeakFree, QuickTable, by_groups, without_column
from steelyard.inspection.rows_again import copies, names_groups, twins
from steelyard.inspection.space import Space
from steelyard.tables import Table

Codes = NDArray[np.integer]

FEWEST = 20  # rows of the class
MOST_TESTED = 3  # suspicions of one kind


def leaks(
    table: Table,
    numbers: dict[str, np.ndarray],
    categories: dict[str, tuple[np.ndarray, int]],
    space: Space,
    positive: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Each leak: its kind, the column it is in, and average precision with it and without."""
    hit = table.y == positive
    if hit.sum() < FEWEST or not table.features.width:
        return []
    quick: QuickTable | None = None
    found: list[dict[str, Any]] = []
    tested: dict[str, int] = {}
    for kind, column, groups in _suspicions(table, numbers, space, hit, seed):
        if tested.get(kind, 0) >= MOST_TESTED or _known(kind, found):
            continue
        tested[kind] = tested.get(kind, 0) + 1
        quick = quick or _quick(table, numbers, categories, hit)
        if groups is None:
            tried = without_column(quick, [*numbers, *categories].index(str(column)), seed)
        else:
            tried = by_groups(quick, groups, seed)
        if tried is not None and tried.found:
            found.append(_entry(kind, column, groups, hit, tried))
    return found


def _suspicions(
    table: Table, numbers: dict[str, np.ndarray], space: Space, hit: NDArray[np.bool_], seed: int
) -> Iterator[tuple[str, str | None, Codes | None]]:
    for name, values in numbers.items():
        if made_from_labels(values, hit, seed):
            yield "encoded", name, None
    group = copies(table.features, hit)
    if group is not None:
        yield "copies", None, group
    for name in table.features.columns:
        group = names_groups(table.features[name], hit, seed)
        if group is not None:
            yield "group", name, group
    group = twins(space, hit, seed)
    if group is not None:
        yield "twins", None, group


def _known(kind: str, found: list[dict[str, Any]]) -> bool:
    """What copies explain already, or for near-duplicates a column."""
    explained = {"twins": ("copies", "group"), "group": ("copies",)}.get(kind, ())
    return any(one["kind"] in explained for one in found)


def quick_table(table: Table, positive: int) -> QuickTable:
    """A table as quick trees take it: numbers, and codes of the frequent levels of categories."""
    hit = table.y == positive
    numbers = {name: _numbers(table.features[name]) for name in table.schema.numbers}
    categories = {name: _codes(table.features[name]) for name in table.schema.categories}
    return _quick(table, numbers, categories, hit)


def _numbers(column: pl.Series) -> NDArray[np.float64]:
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _codes(column: pl.Series) -> tuple[NDArray[np.integer], int]:
    levels = column.drop_nulls().unique(maintain_order=True)
    codes = column.cast(pl.Enum(levels)).to_physical().cast(pl.Int64).fill_null(len(levels))
    return codes.to_numpy(), len(levels)


def _quick(
    table: Table,
    numbers: dict[str, np.ndarray],
    categories: dict[str, tuple[np.ndarray, int]],
    hit: NDArray[np.bool_],
) -> QuickTable:
    most = 200  # levels; scikit-learn's trees take up to 255
    columns = [
        np.where(np.isinf(values), np.nan, values) if np.isinf(values).any() else values
        for values in numbers.values()
    ]
    for codes, missing in categories.values():
        size = np.bincount(codes)
        rank = np.empty(len(size), dtype=np.float64)
        rank[np.argsort(-size, kind="stable")] = np.arange(len(size))
        value = np.where(rank[codes] < most, rank[codes], np.nan)
        columns.append(np.where(codes == missing, np.nan, value))
    flags = (False,) * len(numbers) + (True,) * len(categories)
    owner = np.arange(len(hit)) if table.groups is None else table.groups
    weight = np.ones(len(hit)) if table.weights is None else table.weights
    return QuickTable(tuple(columns), flags, hit, owner, weight)


def _entry(
    kind: str, column: str | None, groups: Codes | None, hit: NDArray[np.bool_], tried: LeakFree
) -> dict[str, Any]:
    rows = None
    if groups is not None:
        rows = int((np.bincount(groups)[groups] > 1)[hit].sum())
    return {
        "kind": kind,
        "column": column,
        "rows": rows,
        "average_precision": tried.flattered,
        "without": tried.free,
        "error": tried.error,
    }
