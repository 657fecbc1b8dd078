"""Columns that a new goal needs, where the run did not keep them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from steelyard.errors import DataError
from steelyard.runs.new_decision import COLUMN, columns_kept
from steelyard.runs.training_table import training_table
from steelyard.tables import Table

if TYPE_CHECKING:
    from steelyard.runs.study import Study


def with_columns(study: "Study", names: Sequence[str], training: Any) -> "Study":
    """The study with these columns of its table beside its predictions; itself where they are.

    Args:
        training: the run's table, where it is no longer at its place.
    Raises: DataError: the table is gone, or a column is none of numbers.
    """
    from steelyard.runs.study import Study

    kept = columns_kept(study.predictions)
    absent = [name for name in names if name not in kept]
    if not absent:
        return study
    table = training_table(study.run, training, amounts=absent)
    if table is None:
        raise DataError(
            f"the goal needs the column {absent[0]!r}, which this run did not keep, and its table "
            "is not at its place any more; say where it is with `training=...`"
        )
    at = np.searchsorted(table.row_ids, study.predictions["row"].to_numpy())
    read = {f"{COLUMN}{n}": values[at] for n, values in table.amounts_of(absent).items()}
    return Study(
        study.run | {"data": study.run["data"] | {"schema": _schema(study, table, absent)}},
        predictions=study.predictions.with_columns(**read),
        uncorrected=study.uncorrected,
        ledger=study.ledger,
        model=lambda: study.model,
    )


def _schema(study: "Study", table: Table, names: Sequence[str]) -> dict[str, Any]:
    """The run's schema, which then says how these columns are written."""
    said = table.schema.to_dict()
    read = {column["name"]: column for column in said["columns"] if column["name"] in names}
    schema = study.run["data"]["schema"]
    return schema | {"columns": [read.get(one["name"], one) for one in schema["columns"]]}
