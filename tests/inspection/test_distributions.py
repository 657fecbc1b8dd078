"""How columns are spread by class: counts of NumPy and polars, whatever the values."""

import numpy as np
import polars as pl
import pytest

import steelyard


def spread_of(frame, name, target="y"):
    columns = steelyard.inspect(frame, target).to_dict()["columns"]
    return next(column["distribution"] for column in columns if column["name"] == name)


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    y = rng.random(2000) < 0.1
    return pl.DataFrame(
        {
            "x": np.where(y, rng.normal(2, 1, 2000), rng.normal(0, 1, 2000)),
            "job": rng.choice(["a", "b", "c"], 2000, p=[0.6, 0.3, 0.1]),
            "y": np.where(y, "rare", "usual"),
        }
    )


def test_numbers_are_binned_as_numpy_does(frame):
    found = spread_of(frame, "x")
    edges = np.linspace(found["low"], found["high"], len(found["positives"]) + 1)
    for kind, label in (("positives", "rare"), ("others", "usual")):
        values = frame.filter(pl.col("y") == label)["x"].to_numpy()
        theirs, _ = np.histogram(np.clip(values, found["low"], found["high"]), edges)
        assert found[kind] == theirs.tolist()


def test_levels_are_counted_as_polars_does(frame):
    found = spread_of(frame, "job")
    assert found["levels"] == ["a", "b", "c"]
    for kind, label in (("positives", "rare"), ("others", "usual")):
        theirs = dict(frame.filter(pl.col("y") == label)["job"].value_counts().iter_rows())
        assert found[kind] == [theirs[level] for level in found["levels"]]


def test_gaps_infinities_and_huge_values_do_no_harm(frame):
    odd = frame.with_columns(
        x=pl.when(pl.int_range(pl.len()) % 7 == 0).then(None).otherwise(pl.col("x") * 1e30),
        z=pl.Series([np.inf, -np.inf, 1.0, None] * 500),
    )
    found = spread_of(odd, "z")
    assert sum(found["positives"]) + sum(found["others"]) == 500
    assert sum(spread_of(odd, "x")["others"]) == odd.filter(y="usual")["x"].drop_nulls().len()
