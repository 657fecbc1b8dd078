"""Predicted and observed rate by value of a column, out of fold."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard.comparison.judging import Judged
from steelyard.comparison.protocol import Protocol
from steelyard.stats.intervals import wilson
from steelyard.stats.predictions import effective_rows
from steelyard.tables import Table
from steelyard.tables.column_parts import cut_column

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
    counted = protocol.of_rows(rows)
    weight = np.ones(len(rows)) if counted is None else counted
    p = judged.deployed[:, rows, protocol.positive].mean(axis=0)
    found = []
    for names in columns:
        parts = _parts(table, names, rows)
        bins = [
            {"label": label, **_rates(hits[inside], p[inside], weight[inside])}
            for label, inside in parts
            if inside.any()
        ]
        found.append({"columns": list(names), "bins": bins})
    return found


def _rates(hits: np.ndarray, p: np.ndarray, weight: np.ndarray) -> dict[str, Any]:
    share = float(np.average(hits, weights=weight))
    enough = effective_rows(weight)
    found = wilson(min(share * enough, enough), enough)
    observed = {"value": share, "low": found.low, "high": found.high}
    predicted = float(np.average(p, weights=weight))
    return {"rows": len(hits), "predicted": predicted, "observed": observed}


def _parts(table: Table, names: Sequence[str], rows: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Labels, and which of the rows lie in each part."""
    if len(names) > 1:
        flags = table.features.select(names)[rows]
        return [(name, flags[name].fill_null(0).to_numpy() == 1) for name in names][:BINS]
    (name,) = names
    kind = table.schema.column(name).kind
    cut = cut_column(table.features[name][rows], name, kind, ranges=BINS, levels=BINS)
    return [(label, cut.codes == code) for code, label in enumerate(cut.labels)]
