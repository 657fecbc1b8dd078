"""Costs that differ by row on the page, and every goal as the flags that name it."""

import re

import numpy as np
import pytest

import steelyard as sy
from steelyard.cli.goal import NAMES, goal_of
from steelyard.report.commands import goal_words
from steelyard.report.money_section import section

RNG = np.random.default_rng(0)
ROWS = 5000
P = RNG.beta(0.4, 9.6, ROWS)
Y = (RNG.random(ROWS) < P).astype(int)
AMOUNT = RNG.lognormal(3, 1, ROWS)


@pytest.fixture(scope="module")
def found():
    return sy.judge(Y, {"p": P}, goal=sy.Costs(5, "Amount"), amounts={"Amount": AMOUNT})


def test_the_section_says_what_run_json_says(found):
    money = found.run["techniques"][0]["money"]
    told = section(found.run)
    flagged = P >= 5 / (5 + AMOUNT)
    paid = np.where(Y == 1, AMOUNT, 5.0)[flagged != (Y == 1)].sum() / ROWS
    assert money["cost_per_row"]["value"] == pytest.approx(paid, rel=1e-6)
    assert told["rows"][0][1] == f"{1000 * paid:,.0f}"
    assert ("a miss", "Amount") in [one[:2] for one in told["costs"]]
    page = found.to_html()
    assert '<h2 id="money-title">In money</h2>' in page
    assert "Ranked by expected saving the cost is least" in page
    assert re.search(r'href="#money"', page)


def test_no_section_where_all_rows_cost_the_same():
    plain = sy.judge(Y, {"p": P}, goal=sy.Costs(5, 100))
    assert section(plain.run) is None
    assert "money-title" not in plain.to_html()


def test_equal_costs_show_the_figures_of_constant_costs():
    constant = sy.judge(Y, {"p": P}, goal=sy.Costs(5, 100))
    asked = {"amounts": {"c": np.full(ROWS, 100.0)}, "metric": "average_precision"}
    by_row = sy.judge(Y, {"p": P}, goal=sy.Costs(5, "c"), **asked)
    first = [one.run["techniques"][0] for one in (constant, by_row)]
    assert first[0]["metrics"] == first[1]["metrics"]
    assert first[0]["confusion"] == first[1]["confusion"]
    tuned = [one.run["decision"]["tuned"]["value"] for one in (constant, by_row)]
    assert tuned[0] == tuned[1]
    lines = [
        next(x for x in str(one).splitlines() if x.startswith(" p ")) for one in (constant, by_row)
    ]
    assert lines[0] == lines[1]


@pytest.mark.parametrize(
    "goal",
    [
        sy.Costs(1, 20),
        sy.Costs("fee+1", '0.9*"Claim amount"'),
        sy.Maximise("f1"),
        sy.MinRecall(0.8),
        sy.Alerts(5, closest=True),
        sy.Alerts(50, per="day", by="Amount"),
        sy.Alerts(50, per=86400),
        sy.Bounds(sy.MinRecall(0.8), sy.Alerts(20), closest=True),
        sy.ThreeWay(sy.Costs(30, "Amount"), 4, 0.9, 100),
    ],
    ids=lambda goal: goal.kind,
)
def test_flags_on_the_page_give_the_goal_again(goal):
    words, given = goal_words(goal.to_dict()), dict.fromkeys(NAMES)
    given["closest"] = "--closest" in words
    pairs = [word for word in words if word != "--closest"]
    for flag, value in zip(pairs[::2], pairs[1::2], strict=True):
        text = flag.removeprefix("--").replace("-", "_")
        is_text = text in ("per", "by", "cost_fp", "cost_fn", "maximise")
        given[text] = value if is_text else float(value)
    assert goal_of(given) == goal
