"""Predicted and observed rate by value of a column, out of fold."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from steelyard.comparison.judging import Judged, Protocol
from steelyard.stats.intervals import wilson
from steelyard.tables import Table
from steelyard.tables.value_text import value_text

BINS = 8  # of a number, of equal mass; levels of a category, the rest together
COLUMNS = 4


def profiles(
    table: Table, protocol: Protocol, judged: Judged, columns: Sequence[Sequence[str]]
) -> list[dict[str, Any]]:
    """By column: its bins, each with the mean predicted probability and the share that happened.

    Args:
        columns: names; several that are one category, written 0/1, come together.
    """
    rows = protocol.scored
    hits = protocol.y[rows] == protocol.positive
    p = judged.deployed[:, rows, protocol.positive].mean(axis=0)
    found = []
    for names in columns:
        parts = _parts(table, names, rows)
        bins = [
            {"label": label, **_rates(hits[inside], p[inside])}
            for label, inside in parts
            if inside.any()
        ]
        found.append({"columns": list(names), "bins": bins})
    return found


def _rates(hits: np.ndarray, p: np.ndarray) -> dict[str, Any]:
    share = wilson(int(hits.sum()), len(hits))
    observed = {"value": float(hits.mean()), "low": share.low, "high": share.high}
    return {"rows": len(hits), "predicted": float(p.mean()), "observed": observed}


def _parts(table: Table, names: Sequence[str], rows: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Labels, and which of the rows lie in each part."""
    if len(names) > 1:
        flags = table.features.select(names)[rows]
        return [(name, flags[name].fill_null(0).to_numpy() == 1) for name in names][:BINS]
    (name,) = names
    values = table.features[name][rows]
    missing = [("missing", values.is_null().to_numpy())]
    if values.dtype == pl.String:
        return _levels(values) + missing
    return _ranges(values, lambda value: value_text(table.schema, name, value)) + missing


def _levels(values: pl.Series) -> list[tuple[str, np.ndarray]]:
    counts = values.drop_nulls().value_counts(sort=True)
    most = counts[values.name].to_list()
    found = [(level, (values == level).fill_null(value=False).to_numpy()) for level in most[:BINS]]
    if len(most) > BINS:
        rest = values.is_in(most[:BINS]).not_().fill_null(value=False).to_numpy()
        found.append((f"{len(most) - BINS} others", rest))
    return found


def _ranges(values: pl.Series, text: Callable[[float], str]) -> list[tuple[str, np.ndarray]]:
    numbers = values.to_numpy().astype(np.float64)
    known = numbers[np.isfinite(numbers)]
    distinct = np.unique(known)
    if len(distinct) <= BINS:
        return [(text(value), numbers == value) for value in distinct.tolist()]
    inner = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
    places = np.where(np.isfinite(numbers), np.searchsorted(inner, numbers, side="left"), -1)
    return [
        (_label(numbers[places == k], text), places == k) for k in np.unique(places[places >= 0])
    ]


def _label(values: np.ndarray, text: Callable[[float], str]) -> str:
    low, high = text(float(values.min())), text(float(values.max()))
    return low if low == high else f"{low} to {high}"
