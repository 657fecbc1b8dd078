"""One formatter, in Python and in the page's script, to the digit."""

import json

import numpy as np
import pytest

from steelyard.report.formatting import amount, decimal, number, out_of, percent, signed
from steelyard.report.page import resource


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.5, "50.0 %"), (0.0123, "1.2 %"), (0.00123, "0.12 %"), (0.99877, "99.88 %"), (0, "0 %")],
)
def test_percent(share, words):
    assert percent(share) == words


def test_the_script_formats_as_python_does(shown):
    rng = np.random.default_rng(0)
    halves = [0.5, 1.5, 2.5, 12.5, 0.125, 0.375, 0.0625, 112.5, 113.5, 1234.5]
    values = [*rng.random(300), *10 ** rng.uniform(-6, 6, 300), *halves, 0.001, 0.01, 0.1]
    values = [float(v) for v in values] + [-float(v) for v in values]
    shares = [v for v in values if 0 <= v <= 1] + [0.0, 1.0]
    page = shown(
        "<!doctype html><title>x</title><script>" + resource("assets/format.js") + "</script>"
    )
    theirs = page.evaluate(
        """([values, shares]) => ({
            amount: values.map(steelyard.amount),
            number: values.map((v) => steelyard.number(v)),
            signed: values.map((v) => steelyard.signed(v)),
            decimal: shares.map(steelyard.decimal),
            percent: shares.map((v) => steelyard.percent(v)),
            hundred: shares.map((v) => steelyard.outOf(v, 100)),
            thousand: shares.map((v) => steelyard.outOf(v, 1000)),
        })""",
        json.loads(json.dumps([values, shares])),
    )
    ours = {
        "amount": [amount(v) for v in values],
        "number": [number(v) for v in values],
        "signed": [signed(v) for v in values],
        "decimal": [decimal(v) for v in shares],
        "percent": [percent(v) for v in shares],
        "hundred": [out_of(v, 100) for v in shares],
        "thousand": [out_of(v, 1000) for v in shares],
    }
    for name, words in ours.items():
        assert theirs[name] == words, name
