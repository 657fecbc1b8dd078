"""What a threshold means per 1,000 rows: sums by hand, SciPy's intervals, rows drawn anew."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import precision_score

from steelyard.stats.consequences import consequences

CASE = {"true_positives": 40, "false_positives": 60, "positives": 50, "negatives": 950}


def test_sums_by_hand():
    found = consequences(**CASE, costs=(2, 30))
    values = {name: entry["value"] for name, entry in found.items()}
    assert values["recall"] == pytest.approx(0.8)
    assert values["precision"] == pytest.approx(0.4)
    assert values["caught"] == pytest.approx(40)
    assert values["missed"] == pytest.approx(10)
    assert values["false_alarms"] == pytest.approx(60)
    assert values["flagged"] == pytest.approx(100)
    assert values["cost"] == pytest.approx(10 * 30 + 60 * 2)
    assert values["cost_of_none"] == pytest.approx(50 * 30)
    assert values["cost_of_all"] == pytest.approx(950 * 2)
    assert values["net_benefit"] == pytest.approx(40 - 60 * 2 / 30)


def test_rates_have_scipys_wilson_intervals():
    found = consequences(**CASE)
    for name, hits, total in (
        ("recall", 40, 50),
        ("false_alarm_rate", 60, 950),
        ("precision", 40, 100),
    ):
        theirs = stats.binomtest(hits, total).proportion_ci(method="wilson")
        assert found[name]["low"] == pytest.approx(theirs.low)
        assert found[name]["high"] == pytest.approx(theirs.high)


def test_repeats_make_no_interval_narrower():
    twice = consequences(80, 120, 100, 1900, repeats=2, costs=(1, 5))
    once = consequences(**CASE, costs=(1, 5))
    for name, entry in once.items():
        assert twice[name] == pytest.approx(entry), name


def test_another_prevalence_is_that_of_rows_drawn_with_it():
    rng = np.random.default_rng(0)
    y = rng.random(1_000_000) < 0.2
    flagged = np.where(y, rng.random(len(y)) < 0.8, rng.random(len(y)) < 60 / 950)
    found = consequences(**CASE, prevalence=0.2)
    assert found["precision"]["value"] == pytest.approx(precision_score(y, flagged), abs=0.005)
    assert found["flagged"]["value"] == pytest.approx(1000 * flagged.mean(), abs=1)
    assert found["precision"]["low"] < found["precision"]["value"] < found["precision"]["high"]


def test_the_interval_of_a_cost_holds_what_new_rows_cost():
    rng = np.random.default_rng(0)
    truth = 1000 * (0.05 * 0.2 * 30 + 0.95 * 0.06 * 2)
    held = 0
    for _ in range(400):
        hits, alarms = rng.binomial(50, 0.8), rng.binomial(950, 0.06)
        cost = consequences(hits, alarms, 50, 950, prevalence=0.05, costs=(2, 30))["cost"]
        held += cost["low"] <= truth <= cost["high"]
    assert 0.92 <= held / 400 <= 0.99


def test_nothing_flagged_has_no_precision():
    found = consequences(0, 0, 50, 950, costs=(1, 1))
    assert found["precision"] == {"value": None, "low": None, "high": None}
    assert found["cost"]["value"] == found["cost_of_none"]["value"]
