"""What drives the model: run.json's `importance`, columns and single rows."""

from collections.abc import Sequence
from typing import Any

from steelyard.comparison.importance import importance, tried_columns
from steelyard.comparison.judging import Judged
from steelyard.comparison.profiles import COLUMNS, profiles
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.row_reasons import RowReasons
from steelyard.jobs.job import Fitted
from steelyard.tables import Table


def drivers(
    table: Table,
    protocol: Protocol,
    judged: Judged,
    fitted: Sequence[tuple[str, Fitted]],
    *,
    keep_rows: bool,
) -> dict[str, Any] | None:
    """Importance by column, rates by value of the first ones, reasons of the worst rows.

    Args:
        judged: the deployed technique. fitted: it and the reference, trained on all rows, by name.
        keep_rows: single rows are written down, too.
    Returns: plain values; None where no row of the class of interest was held out.
    """
    columns = tried_columns(table, protocol)
    found = importance(table, protocol, fitted, columns)
    if found is None:
        return None
    by_name = {one.name: one for one in columns}
    first = [by_name[one["column"]] for one in found["techniques"][0]["columns"]]
    shown = [one.columns for one in first[:COLUMNS]]
    found["profiles"] = profiles(table, protocol, judged, shown)
    if keep_rows:
        found |= RowReasons(table, protocol, judged, fitted[0][1], first).worst()
    return found
