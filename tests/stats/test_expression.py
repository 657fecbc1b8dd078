"""Costs as arithmetic over columns: what is read, what is refused."""

import math
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.errors import GoalError
from steelyard.stats.expression import Expression, in_quotes

OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul}
COLUMNS = {"Amount": 3.5, "x1": -2.0, "days late": 7.0, "Betrag_€": 0.25, "sum": 11.0}


def texts_with_values():
    """Text of an expression beside what it is worth, built up together."""
    numbers = st.integers(0, 99).map(lambda n: (str(n), float(n)))
    names = st.sampled_from(list(COLUMNS)).map(lambda name: (f"`{name}`", COLUMNS[name]))

    def grown(parts):
        both = st.tuples(parts, st.sampled_from(list(OPERATORS)), parts).map(
            lambda x: (f"({x[0][0]} {x[1]}{x[2][0]})", OPERATORS[x[1]](x[0][1], x[2][1]))
        )
        return both | parts.map(lambda x: (f"-({x[0]})", -x[1]))

    return st.recursive(numbers | names, grown, max_leaves=8)


@given(texts_with_values())
def test_it_computes_what_python_computes(pair):
    text, value = pair
    assert Expression(text).of(COLUMNS) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2+3*4", 14.0),
        ("2*3+4", 10.0),
        ("10-4-3", 3.0),
        ("24/4/2", 3.0),
        ("--3", 3.0),
        ("-2*-3", 6.0),
        ("1e3 + .5", 1000.5),
        ("Amount*2", 7.0),
        ('"days late"/7', 1.0),
        ("'days late' + `days late`", 14.0),
        ("sum", 11.0),
    ],
)
def test_precedence_signs_and_names(text, value):
    assert Expression(text).of(COLUMNS) == value


@pytest.mark.parametrize(
    "text",
    ["", "1+", "(a", "a)", "a b", "2 a", "a**2", "a;b", "a.__class__()", "f(a)", "__import__('os')",
     "a[0]", "a if b else c", "3..2", "1x", "`a", "a = 2", "lambda: 1", "(" * 41 + "a" + ")" * 41,
     "a+" * 300 + "a"],
)  # fmt: skip
def test_everything_else_is_refused_in_one_line(text):
    with pytest.raises(GoalError, match=r"is no cost: .*write numbers, column names") as refused:
        Expression(text)
    assert "\n" not in str(refused.value)


@given(st.text(min_size=1, max_size=12).filter(lambda name: not {"`", '"'} <= set(name)))
def test_any_name_can_be_quoted(name):
    assert Expression(in_quotes(name)).columns == (name,)


def test_arrays_go_through_and_columns_are_named_once():
    cost = Expression("0.9*Amount + 2 - Amount/4")
    amount = np.array([0.0, 8.0, math.inf])
    assert cost.columns == ("Amount",)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(cost.of({"Amount": amount}), 0.9 * amount + 2 - amount / 4)
