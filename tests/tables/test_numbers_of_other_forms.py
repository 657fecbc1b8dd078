"""Digits in forms of their own: read where they are known, told of where they are not."""

import numpy as np
import polars as pl
import pytest

from steelyard.tables import read_table

ROWS = 200
WHOLE = np.random.default_rng(0).integers(100_000, 9_999_999, ROWS)


def indian(number):
    head, tail = divmod(number, 1000)
    groups = []
    while head:
        head, last = divmod(head, 100)
        groups.insert(0, f"{last:02d}" if head else str(last))
    return ",".join([*groups, f"{tail:03d}"])


def read(values, separator, tmp_path, kind=None):
    frame = pl.DataFrame({"a": WHOLE / 7, "c": values, "y": np.arange(ROWS) % 5 == 0})
    if kind is not None:
        return read_table(frame.with_columns(pl.col("c").cast(kind)), "y")
    path = tmp_path / ("t.tsv" if separator == "\t" else "t.csv")
    frame.write_csv(path, separator=separator)
    return read_table(path, "y")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("written", "number"),
    [(indian, float), (lambda n: f"{n / 1e6:.4f}D+06", lambda n: round(n / 1e6, 4) * 1e6)],
    ids=["lakh and crore", "Fortran"],
)
def test_known_forms_are_numbers(written, number, separator, tmp_path):
    table = read([written(n) for n in WHOLE.tolist()], separator, tmp_path)
    assert table.schema.column("c").kind == "number"
    np.testing.assert_allclose(table.features["c"], [number(n) for n in WHOLE.tolist()])


@pytest.mark.parametrize(
    "written",
    [
        lambda n: f"{n % 24:02d}:{n % 60:02d}",
        lambda n: hex(n),
        lambda n: f"{n % 100}/100",
        lambda n: str(n).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
        lambda n: f'"{n / 100:.2f}"',
    ],
    ids=["time of day", "hexadecimal", "fraction", "Arabic digits", "quoted twice"],
)
def test_other_forms_are_told_of(written, tmp_path):
    column = read([written(n) for n in WHOLE.tolist()], ",", tmp_path).schema.column("c")
    assert column.kind == "category"
    assert "digits such as" in column.doubt


@pytest.mark.parametrize(
    "levels",
    [["18-24", "25-34", "35+"], ["A1", "B2", "C3"], ["+", "-", "0"], ["1st", "2nd", "3rd"]],
)
def test_a_few_levels_are_a_category_without_a_word(levels, tmp_path):
    values = [levels[i % len(levels)] for i in range(ROWS)]
    assert read(values, ",", tmp_path).schema.column("c").doubt == ""


@pytest.mark.parametrize("kind", [pl.Categorical, pl.String])
def test_numbers_given_as_categories_are_told_of(kind, tmp_path):
    money = [f"${n:,.2f}" for n in WHOLE.tolist()]
    column = read(money, ",", tmp_path, kind).schema.column("c")
    assert (column.kind == "number") != bool(column.doubt)
    codes = [str(n % 9) for n in WHOLE.tolist()]
    assert read(codes, ",", tmp_path, pl.Categorical).schema.column("c").doubt == ""
