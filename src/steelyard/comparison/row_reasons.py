"""Why these rows: the worst misses and false alarms, and the columns that made them so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from steelyard.comparison.final import as_deployed
from steelyard.comparison.judging import Judged
from steelyard.comparison.protocol import Protocol
from steelyard.jobs.job import Fitted
from steelyard.models.contributions import contributions, drawn_rows
from steelyard.models.raw_rows import raw_rows
from steelyard.models.together import Together
from steelyard.tables import Table
from steelyard.tables.value_text import value_text

ROWS, COLUMNS = 10, 3


@dataclass(frozen=True)
class RowReasons:
    """Told of a technique as it was judged, by the members of the same trained on all rows."""

    table: Table
    protocol: Protocol
    judged: Judged
    fitted: Fitted
    columns: Sequence[Together]

    def worst(self) -> dict[str, list[dict[str, Any]]]:
        """`missed` cases of the lowest and `false_alarms` of the highest out-of-fold scores.

        Among the rows that a member of the final model held out; that member says which columns
        move the probability (`models.contributions`).
        """
        k = self.protocol.positive
        held = np.concatenate([member.held_out for member in self.fitted.members])
        rows = np.intersect1d(self.protocol.scored, held)
        p = self.judged.deployed[0, rows]
        flagged = self.judged.rule.decide(p, self.protocol.columns_of(rows)) == k
        hits = self.protocol.y[rows] == k
        missed, alarms = hits & ~flagged, ~hits & flagged
        worst = {
            "missed": _first(rows[missed], p[missed, k]),
            "false_alarms": _first(rows[alarms], -p[alarms, k]),
        }
        every = np.concatenate(list(worst.values()))
        told = [self._told(*one) for one in zip(every.tolist(), self._changes(every), strict=True)]
        cut = len(worst["missed"])
        return {"missed": told[:cut], "false_alarms": told[cut:]}

    def _changes(self, rows: np.ndarray) -> np.ndarray:
        """What each column changes, (rows, columns), by the first member that held a row out."""
        changes = np.zeros((len(rows), len(self.columns)))
        names = [one.columns for one in self.columns]
        others = drawn_rows(self.table.features, self.protocol.seed)
        by_member = np.full(len(self.table.y), -1)
        for number in reversed(range(len(self.fitted.members))):
            by_member[self.fitted.members[number].held_out] = number
        for number in np.unique(by_member[rows]):
            mine = by_member[rows] == number
            frame = self.table.features[rows[mine]]
            changes[mine] = contributions(self._predict(number), frame, others, names)[1]
        return changes

    def _predict(self, number: int) -> Any:
        deployed = as_deployed(self.table, self.judged, self.fitted)
        shares, k = self.fitted.members[number].shares, self.protocol.positive

        def predict(frame: pl.DataFrame) -> np.ndarray:
            return deployed(shares(*raw_rows(frame, self.table.schema)))[:, k]

        return predict

    def _told(self, row: int, changes: np.ndarray) -> dict[str, Any]:
        values = self.table.features.row(row, named=True)
        most = np.argsort(-np.abs(changes), kind="stable")[:COLUMNS]
        return {
            "row": int(self.table.row_ids[row]),
            "probability": float(self.judged.deployed[0, row, self.protocol.positive]),
            "columns": [
                {
                    "column": self.columns[j].name,
                    "value": _value(self.table, self.columns[j].columns, values),
                    "change": float(changes[j]),
                }
                for j in most.tolist()
            ],
        }


def _first(rows: np.ndarray, by: np.ndarray) -> np.ndarray:
    return rows[np.argsort(by, kind="stable")[:ROWS]]


def _value(table: Table, names: Sequence[str], values: dict[str, Any]) -> str:
    if len(names) > 1:
        return next((name for name in names if values[name] == 1), "none")
    return value_text(table.schema.column(names[0]).kind, values[names[0]])
