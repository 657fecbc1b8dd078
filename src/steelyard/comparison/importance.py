"""What drives the model: permutation importance on rows that its members did not train on.

Every member of the final model holds out some rows (`models.members`), so what each says of those
with a column permuted is out of bag: an importance that costs no training of its own, and the same
in a run that was resumed. Members differ from the mean of all of them, which ranks a little better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard.comparison.protocol import Protocol
from steelyard.inspection.separation import contrasts, separation
from steelyard.jobs.job import Fitted
from steelyard.models.members import raw_columns
from steelyard.models.permuted import HeldOut
from steelyard.models.together import Together, columns_together
from steelyard.stats.importance import RankedRows
from steelyard.tables import Table

WORK = 600_000  # predictions of one member for one row, by technique
MOST_ROWS, LEAST_ROWS = 10_000, 1_000
MOST_COLUMNS = 200  # tried; of more, those that separate the classes best on their own
KEPT = 30  # columns that are written down
ONE_HOT_ROWS = 20_000  # rows that columns are checked on for being one category


@dataclass(frozen=True)
class Looked:
    """Rows, columns and permutations that importance is measured on."""

    rows: np.ndarray
    weight: np.ndarray
    columns: list[Together]
    permutations: int


def importance(
    table: Table,
    protocol: Protocol,
    fitted: Sequence[tuple[str, Fitted]],
    columns: list[Together],
) -> dict[str, Any] | None:
    """Average precision lost by permuting each column, for run.json.

    Args:
        fitted: techniques trained on all rows, by name: the deployed one first.
        columns: as `tried_columns` gives them.
    Returns: plain values; None where no row of the class of interest was held out.
    """
    looked = _looked(protocol, fitted[0][1], columns)
    if looked is None:
        return None
    measured = [(name, *_measured(table, protocol, one, looked)) for name, one in fitted]
    lost = measured[0][2]
    order = sorted(range(len(lost)), key=lambda j: -lost[j]["value"])[:KEPT]
    hits = protocol.y[looked.rows] == protocol.positive
    return {
        "metric": "average_precision",
        "rows": len(looked.rows),
        "positives": int(hits.sum()),
        "members": len(fitted[0][1].members),
        "permutations": looked.permutations,
        "columns": len(table.schema.features),
        "columns_tried": len(looked.columns),
        "techniques": [
            {
                "name": name,
                "value": value,
                "columns": [{"column": looked.columns[j].name, "loss": lost[j]} for j in order],
            }
            for name, value, lost in measured
        ],
    }


def _looked(protocol: Protocol, fitted: Fitted, columns: list[Together]) -> Looked | None:
    held = np.unique(np.concatenate([member.held_out for member in fitted.members]))
    hits = protocol.y[held] == protocol.positive
    if not hits.any() or hits.all():
        return None
    permutations = 5 if len(columns) <= 20 else 2
    most = int(np.clip(WORK // (max(1, len(columns)) * permutations), LEAST_ROWS, MOST_ROWS))
    rng = np.random.default_rng([protocol.seed, 7])
    rare = _some(held[hits], max(most // 2, most - int((~hits).sum())), rng)
    rest = _some(held[~hits], most - len(rare), rng)
    rows = np.sort(np.concatenate([rare, rest]))
    stands_for = (hits.sum() / len(rare), (~hits).sum() / len(rest))
    weight = np.where(protocol.y[rows] == protocol.positive, *stands_for)
    counted = protocol.of_rows(rows)
    weight = weight if counted is None else weight * counted
    return Looked(rows, weight, columns, permutations)


def tried_columns(table: Table, protocol: Protocol) -> list[Together]:
    """The columns to permute; of very many, those that separate the classes best on their own."""
    numbers, _ = raw_columns(table)
    together = columns_together(table.schema, numbers[:ONE_HOT_ROWS])
    if len(together) <= MOST_COLUMNS:
        return together
    strong = set(_strongest(table, protocol, len(together)))
    return [one for one in together if strong & set(one.columns)]


def _strongest(table: Table, protocol: Protocol, columns: int) -> list[str]:
    numbers, categories = raw_columns(table)
    drawn, _ = contrasts(protocol.y, [protocol.positive], columns, protocol.seed)
    coded = {
        name: (categories.codes[:, j], int(np.searchsorted(categories.names[j], "")))
        for j, name in enumerate(table.schema.categories)
    }
    by_name = {name: numbers[:, j] for j, name in enumerate(table.schema.numbers)}
    return [one.column for one in separation(by_name, coded, drawn)[:MOST_COLUMNS]]


def _some(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= most else rng.choice(rows, most, replace=False)


def _measured(
    table: Table, protocol: Protocol, fitted: Fitted, looked: Looked
) -> tuple[float, list[dict[str, float]]]:
    """Average precision of the members as they are, and what is lost of it by column."""
    numbers, categories = raw_columns(table)
    parts, before, after = [], [], []
    for member, trained in enumerate(fitted.members):
        inside = np.isin(looked.rows, trained.held_out)
        # The same permutations for every technique: what differs between them is the model.
        rng = np.random.default_rng([protocol.seed, 8, member])
        mine = HeldOut.of(
            trained.shares, trained.held_out, looked.rows[inside], looked.permutations, rng
        )
        if inside.any():
            parts.append(np.flatnonzero(inside))
            before.append(mine.as_they_are(numbers, categories, protocol.positive))
            after.append(mine.scores(numbers, categories, looked.columns, protocol.positive))
    at = np.concatenate(parts)
    rows = looked.rows[at]
    groups = protocol.groups
    if groups is not None:
        groups = np.unique(groups[rows], return_inverse=True)[1]
    ranked = RankedRows(
        protocol.y[rows] == protocol.positive,
        looked.weight[at],
        np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        groups,
    )
    base = ranked.average_precision(np.concatenate(before))
    permuted = np.concatenate(after, axis=2)
    return base.value, [ranked.lost(base, one) for one in permuted]
