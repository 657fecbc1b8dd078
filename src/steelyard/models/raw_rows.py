"""A frame of features as what the members of a model read."""

import numpy as np
import polars as pl

from steelyard.models.encoding import Categories
from steelyard.tables import Schema
from steelyard.tables.reading import category_array


def raw_rows(frame: pl.DataFrame, schema: Schema) -> tuple[np.ndarray, Categories]:
    """Numbers less their offsets (rows, numbers) float32, and coded categories.

    `frame` as `tables.read_features` and `Table.features` have it.
    """
    numbers = np.empty((len(frame), len(schema.numbers)), "float32")
    for j, name in enumerate(schema.numbers):
        values = frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        numbers[:, j] = values - schema.column(name).offset
    if not schema.categories:
        return numbers, Categories(np.empty((len(frame), 0), "int32"), ())
    return numbers, Categories.of(category_array(frame.select(schema.categories)))
