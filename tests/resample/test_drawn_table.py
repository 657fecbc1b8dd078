"""Rows drawn from a larger table: those of the plan, at their places, and the counts of all."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from steelyard.resample.drawn import drawn_table, rows_by_class
from steelyard.sampling_plan import row_hash
from steelyard.tables import read_table

N = 5_000
RNG = np.random.default_rng(0)
TABLE = pl.DataFrame(
    {
        "x": RNG.normal(size=N),
        "job": RNG.choice(["a", "b"], N),
        "y": RNG.choice(["no", "yes", None], N, p=[0.94, 0.05, 0.01]),
    }
)
COUNTS = dict(TABLE.drop_nulls()["y"].value_counts().iter_rows())


def source(kind, folder):
    if kind == "pandas":
        return TABLE.to_pandas()
    if kind == "polars":
        return TABLE
    path = folder / f"t{kind}"
    TABLE.write_csv(path) if kind == ".csv" else TABLE.write_parquet(path)
    return str(path)


@pytest.mark.parametrize("kind", [".parquet", ".csv", "pandas", "polars"])
def test_every_rare_row_and_those_of_the_others_with_the_smallest_hashes(kind, tmp_path):
    data = source(kind, tmp_path)
    table = drawn_table(data, "y", lambda counts: rows_by_class(counts, 1_000), seed=7)
    no = TABLE.with_row_index().filter(y="no")["index"].to_numpy()
    kept = no[np.argsort(row_hash(no, 7))[: 1_000 - COUNTS["yes"]]]
    yes = TABLE.with_row_index().filter(y="yes")["index"].to_numpy()
    assert table.row_ids.tolist() == sorted([*kept, *yes])
    assert table.features["x"].to_list() == TABLE["x"].gather(table.row_ids).to_list()
    assert table.population.tolist() == [COUNTS["no"], COUNTS["yes"]]
    assert table.class_counts.tolist() == [len(kept), len(yes)]
    assert table.dropped_rows == TABLE["y"].null_count()
    whole = read_table(data, "y")
    assert (table.source, table.schema.classes) == (whole.source, whole.schema.classes)


def test_arrays_are_drawn_from_as_tables_are():
    X, y = (
        TABLE.select("x").to_numpy(),
        pd.Series((TABLE["y"] == "yes").fill_null(False)).to_numpy(),
    )
    table = drawn_table((X, y), "target", lambda counts: rows_by_class(counts, 600))
    assert len(table.y) == 600
    np.testing.assert_array_equal(table.features["x0"].to_numpy(), X[table.row_ids, 0])


@pytest.mark.parametrize("rows", [3, 10, 999])
def test_classes_are_as_even_as_can_be(rows):
    counts = np.array([500, 3, 0, 200, 450])
    drawn = np.array(list(rows_by_class(counts, rows).values()))
    assert drawn.sum() == rows
    assert (drawn <= counts).all()
    cut = drawn < counts
    assert np.ptp(drawn[cut]) <= 1
    assert (drawn[~cut] <= drawn[cut].max()).all()
