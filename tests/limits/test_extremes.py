"""The extremes of docs/limits.md: each is worked with, or refused in one line that says why."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

ROWS = 240
RNG = np.random.default_rng(0)
RARE = np.arange(ROWS) % 6 == 0
SIGNAL = RNG.normal(size=ROWS) + 1.5 * RARE
NOISE = RNG.normal(size=ROWS)


def table(b=None, **columns):
    b = NOISE if b is None else b
    return pl.DataFrame({"a": SIGNAL, "b": b, "y": RARE.astype(int)} | columns)


def with_one(value):
    return np.where(np.arange(ROWS) == 3, value, NOISE)


FAR = [dt.date(1, 1, 1) if i % 2 else dt.date(9999, 12, 31) for i in range(ROWS)]
CENTURY_26 = [dt.datetime(2500, 1, 1) + dt.timedelta(days=i) for i in range(ROWS)]  # noqa: DTZ001

# Table, what `inspect` finds, what `train` says (None: it trains).
EXTREMES = {
    "infinities": (table(with_one(np.inf)), "SY024", "infinite values"),
    "1e308": (table(with_one(1e308)), "SY024", "beyond 3.4e+38"),
    "1e39": (table(with_one(1e39)), "SY024", "beyond 3.4e+38"),
    "denormals": (table(NOISE * 1e-310), None, None),
    "whole numbers beyond 2^53": (table(2**60 + np.arange(ROWS) % 97), None, None),
    "unsigned to 2^64": (
        table(np.full(ROWS, 2**64 - 1, "uint64") - np.arange(ROWS, dtype="uint64") % 97),
        None,
        None,
    ),
    "a constant column": (table(np.ones(ROWS)), "SY025", None),
    "an empty column": (table(pl.Series([None] * ROWS, dtype=pl.Float64)), "SY025", "no value"),
    "all rows equal": (
        table(np.ones(ROWS)).with_columns(a=pl.lit(1.0)),
        "SY028",
        "no column is left to learn from",
    ),
    "seconds since 1970": (table(1_700_000_000 + 50 * RARE + np.arange(ROWS) % 9), "SY021", None),
    "dates of years 1 and 9999": (table(pl.Series(FAR)), None, None),
    "times beyond nanoseconds": (table(pl.Series(CENTURY_26)), None, None),
    "one positive": (
        table().with_columns(y=(pl.int_range(pl.len()) == 5).cast(pl.Int64)),
        "SY002",
        "has 1 row, fewer than the 5 folds",
    ),
    "1,000 classes": (
        pl.DataFrame(
            {"a": np.arange(6000) % 1000 + RNG.normal(size=6000), "y": np.arange(6000) % 1000}
        ),
        "SY003",
        ...,
    ),
    "100,000 levels": (
        pl.DataFrame(
            {
                "a": RNG.normal(size=120_000),
                "b": [f"level {i % 100_000}" for i in range(120_000)],
                "y": np.arange(120_000) % 10 == 0,
            }
        ),
        "SY031",
        ...,
    ),
    "10,000 columns": (
        table().with_columns(pl.DataFrame(RNG.normal(size=(ROWS, 10_000)))),
        "SY029",
        ...,
    ),
    "a million to one": (
        pl.DataFrame({"a": RNG.normal(size=1_000_001), "y": np.arange(1_000_001) == 7}),
        "SY002",
        "has 1 row, fewer than the 5 folds",
    ),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_what_each_extreme_gives(name, run, tmp_path):
    frame, code, refusal = EXTREMES[name]
    frame.write_parquet(tmp_path / "t.parquet")
    asked = (tmp_path / "t.parquet", "--target", "y", "--quiet")
    result = run("inspect", *asked)
    assert result.exit_code == 0, result.stderr
    assert code is None or code in result.stdout
    if refusal is ...:
        return  # too long a training for a test
    result = run("train", *asked, "--model", "trees", "--out", tmp_path / "run")
    if refusal is None:
        assert result.exit_code == 0, result.stderr
    else:
        assert result.exit_code == 1
        (line,) = result.stderr.splitlines()
        assert refusal in line
