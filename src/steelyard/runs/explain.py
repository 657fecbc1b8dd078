"""Why a row is predicted what it is: which of its columns move the probability."""

from typing import Any

import numpy as np
import polars as pl

from steelyard.errors import RequestError, RunError
from steelyard.models.contributions import contributions, drawn_rows
from steelyard.runs.training_table import training_table
from steelyard.tables import Schema, read_features
from steelyard.tables.value_text import value_text

MOST_ROWS = 1_000


def explained(
    study: Any, data: Any, *, top: int = 3, training: Any = None, seed: int = 0
) -> pl.DataFrame:
    """The columns that move each row's probability of the class of interest most.

    See `Study.explain`.
    """
    if top < 1:
        raise RequestError(f"top is {top}; give how many columns to name for each row, 1 or more")
    table = training_table(study.run, training)
    if table is None:
        raise RunError(
            f"the table of this run is not at {study.run['data']['path']} any more, and values of "
            "other rows are taken from it; say where it is with `training`"
        )
    schema = study.schema
    rows = read_features(data, schema)
    if len(rows) > MOST_ROWS:
        raise RequestError(
            f"{len(rows):,} rows are too many to explain one by one; give {MOST_ROWS:,} or fewer"
        )
    k = study.classes.index(study.run["data"]["positive"])
    others = drawn_rows(table.features, seed)
    names = [(name,) for name in schema.features]
    # Probabilities need no columns of costs; the decisions that come with them are not looked at.
    gaps = [pl.lit(None, pl.Float64).alias(name) for name in study.scored.besides]
    p, changes = contributions(
        lambda frame: study.scored(frame.with_columns(gaps))[0][:, k], rows, others, names
    )
    most = np.argsort(-np.abs(changes), axis=1, kind="stable")[:, :top]
    told = [
        {
            "row": row,
            "probability": float(p[row]),
            "column": schema.features[j],
            "value": _text(schema, rows, row, j),
            "change": float(changes[row, j]),
        }
        for row in range(len(rows))
        for j in most[row].tolist()
    ]
    types = {"row": pl.Int64, "probability": pl.Float64, "column": pl.String}
    return pl.DataFrame(told, schema=types | {"value": pl.String, "change": pl.Float64})


def _text(schema: Schema, rows: pl.DataFrame, row: int, j: int) -> str:
    name = schema.features[j]
    return value_text(schema.column(name).kind, rows[row, name])
