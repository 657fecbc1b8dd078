"""How the deployed threshold does in parts of the rows, out of fold."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from steelyard.comparison.judging import Judged
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.request import Request
from steelyard.stats.segment_measures import DecidedRows
from steelyard.stats.segments import segments
from steelyard.tables import Table
from steelyard.tables.column_parts import Parts, segment_parts


def parts_of(data: Any, request: Request, table: Table) -> list[Parts]:
    """The segment columns that were asked for, cut, for the rows of the table."""
    cut = segment_parts(data, request.segments, table.schema.target)
    if isinstance(data, Table):
        return cut
    return [replace(one, codes=one.codes[table.row_ids]) for one in cut]


def segmented(protocol: Protocol, judged: Judged, cut: Sequence[Parts]) -> dict[str, Any] | None:
    """run.json's `segments`: the deployed rule on out-of-fold probabilities; None without any."""
    if not cut:
        return None
    rows, k = protocol.scored, protocol.positive
    p = judged.deployed[:, rows]
    columns = protocol.columns_of(rows)
    flagged = np.stack([judged.rule.decide(repeat, columns) for repeat in p]) == k
    decided = DecidedRows(
        protocol.y[rows] == k,
        flagged.mean(axis=0),
        p[:, :, k].mean(axis=0, dtype="float64"),
        None if protocol.groups is None else protocol.groups[rows],
        protocol.of_rows(rows),
    )
    return segments(decided, [replace(one, codes=one.codes[rows]) for one in cut])
