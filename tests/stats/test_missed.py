"""Rows drawn with unequal chances: the chances hold, what is missed is unbiased, intervals hold."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from steelyard.stats.missed import missed
from steelyard.stats.unequal_sampling import drawn, inclusion_probabilities

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import missed as worlds  # the file of the same name in benchmarks/


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.integers(1, 80))
def test_chances_sum_to_the_rows_wanted_and_are_chances(sizes, n):
    found = inclusion_probabilities(sizes, n)
    assert found.sum() == pytest.approx(min(n, len(sizes)))
    assert ((found > 0) & (found <= 1)).all()
    assert found.min() >= min(1.0, 0.25 * min(n, len(sizes)) / len(sizes))


def test_each_row_is_drawn_as_often_as_its_chance_says():
    rng = np.random.default_rng(0)
    chance = inclusion_probabilities(rng.random(40) ** 4, 12)
    draws = [drawn(chance, rng) for _ in range(4000)]
    assert all(len(one) == 12 for one in draws)
    times = np.bincount(np.concatenate(draws), minlength=40) / 4000
    assert np.abs(times - chance).max() < 4 * np.sqrt(0.25 / 4000)


def test_equal_chances_are_a_poisson_interval():
    found = missed(30, np.full(4, 0.1), 0.1)["missed"]
    assert found["value"] == pytest.approx(40)
    # 4 counts of weight 10, but for what is drawn without replacement.
    low, high = stats.gamma.ppf([0.025, 0.975], [4, 5]) * 10
    assert found["low"] == pytest.approx(low, rel=0.15)
    assert found["high"] == pytest.approx(high, rel=0.05)


def test_all_rows_labelled_leave_no_doubt():
    found = missed(6, np.ones(2), 1.0)
    assert found["missed"] == {"value": 2.0, "low": 2.0, "high": 2.0}
    assert found["recall"] == {"value": 0.75, "low": 0.75, "high": 0.75}


def test_none_drawn_is_no_proof_that_none_is_missed():
    found = missed(6, np.array([]), 0.1)
    assert found["missed"]["value"] == 0
    assert found["recall"]["value"] == 1.0
    assert found["recall"]["low"] < 0.25
    assert missed(0, np.array([]), 0.1)["recall"]["value"] is None


@pytest.mark.parametrize("blind", [0.0, 0.2])
def test_what_is_missed_is_unbiased_and_the_interval_of_recall_holds(blind):
    rng = np.random.default_rng(1)
    y, p, flagged = worlds.population(20_000, 0.02, 2.0, blind, rng)
    truth, lost = (y & flagged).sum() / y.sum(), (y & ~flagged).sum()
    found = worlds.recalls(y, p, flagged, 500, 400, rng)
    error = found[:, 3].std() / 20
    assert abs(found[:, 3].mean() - lost) < 4 * error
    assert abs(found[:, 0].mean() - truth) < 0.03
    assert ((found[:, 1] <= truth) & (truth <= found[:, 2])).mean() >= 0.94
