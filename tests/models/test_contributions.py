"""What a row's own values add, and which columns go together."""

import numpy as np
import polars as pl
import pytest

from steelyard.models.contributions import contributions, drawn_rows
from steelyard.models.encoding import Categories
from steelyard.models.permuted import HeldOut
from steelyard.models.raw_rows import raw_rows
from steelyard.models.together import columns_together
from steelyard.tables import read_table


def table_of(rows=200, seed=0):
    rng = np.random.default_rng(seed)
    colour = rng.integers(0, 3, rows)
    return read_table(
        pl.DataFrame(
            {
                "size": rng.normal(size=rows),
                "shop": rng.choice(["north", "south", None], rows),
                "colour_red": (colour == 0).astype(int),
                "colour_blue": (colour == 1).astype(int),
                "colour_green": (colour == 2).astype(int),
                "has_tax": rng.integers(0, 2, rows),
                "has_fee": rng.integers(0, 2, rows),
                "y": rng.integers(0, 2, rows),
            }
        ),
        "y",
    )


def test_a_category_written_as_columns_of_0_and_1_goes_as_one():
    table = table_of()
    numbers, _ = raw_rows(table.features, table.schema)
    found = {one.name: one.columns for one in columns_together(table.schema, numbers)}
    assert found == {
        "size": ("size",),
        "shop": ("shop",),
        "colour (3 columns)": ("colour_red", "colour_blue", "colour_green"),
        "has_tax": ("has_tax",),
        "has_fee": ("has_fee",),
    }


def test_an_additive_model_gives_each_column_its_own_term():
    table = table_of()
    weight = {"size": 0.2, "has_tax": -0.5}

    def predict(frame):
        return sum(w * frame[name].to_numpy() for name, w in weight.items())

    others = drawn_rows(table.features, seed=4)
    assert len(others) == 32
    rows = table.features[:5]
    p, changes = contributions(predict, rows, others, [("size",), ("has_tax",), ("shop",)])
    np.testing.assert_allclose(p, predict(rows))
    for j, name in enumerate(weight):
        wanted = weight[name] * (rows[name].to_numpy() - others[name].to_numpy().mean())
        np.testing.assert_allclose(changes[:, j], wanted, atol=1e-12)
    np.testing.assert_array_equal(changes[:, 2], 0)


def test_columns_that_go_together_are_replaced_together():
    table = table_of()
    names = ("colour_red", "colour_blue", "colour_green")
    seen = []

    def predict(frame):
        seen.append(frame.select(names).sum_horizontal().to_numpy())
        return np.zeros(len(frame))

    contributions(predict, table.features[:3], drawn_rows(table.features, 0), [names])
    assert all((sums == 1).all() for sums in seen)


def test_permuted_scores_are_those_of_one_column_at_a_time():
    table = table_of()
    numbers, categories = raw_rows(table.features, table.schema)

    def shares(numbers, categories):
        known = np.array([len(name) for name in categories.names[0]])[categories.codes[:, 0]]
        p = 1 / (1 + np.exp(-numbers[:, 0] - known + numbers[:, 1]))
        return np.column_stack([1 - p, p]).astype("float32")

    held = np.arange(0, 200, 2)
    rng = np.random.default_rng(0)
    looked = HeldOut.of(shares, held, held[:40], 3, rng)
    columns = columns_together(table.schema, numbers)
    found = looked.scores(numbers, categories, columns, 1)
    assert found.shape == (5, 3, 40)
    assert np.isin(looked.others, held).all()
    for j, column in enumerate(columns):
        for time, others in enumerate(looked.others):
            values, codes = numbers[looked.rows], categories.codes[looked.rows]
            values[:, column.numbers] = numbers[others][:, column.numbers]
            codes[:, column.codes] = categories.codes[others][:, column.codes]
            wanted = shares(values, Categories(codes, categories.names))[:, 1]
            np.testing.assert_array_equal(found[j, time], wanted)


def test_all_rows_looked_at_take_every_value_once():
    looked = HeldOut.of(None, np.arange(7), np.arange(7), 2, np.random.default_rng(0))
    assert np.sort(looked.others, axis=1).tolist() == [list(range(7))] * 2


@pytest.mark.parametrize("rows", [0, 1])
def test_no_rows_have_no_reasons(rows):
    table = table_of()
    p, changes = contributions(
        lambda frame: np.zeros(len(frame)), table.features[:rows], table.features[:8], [("size",)]
    )
    assert p.shape == (rows,)
    assert changes.shape == (rows, 1)
