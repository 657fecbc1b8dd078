"""Intervals against published values, SciPy, and direct counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from steelyard.errors import RequestError
from steelyard.stats.intervals import (
    logit_interval,
    wilson,
)
from steelyard.stats.ranking import Ranked, placements, roc_auc, roc_auc_influence


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        (8, 10, 0.490162, 0.943318),
        (0, 10, 0, 0.277533),
        (10, 10, 0.722467, 1),
        (80, 100, 0.711171, 0.866633),
        (160, 200, 0.739145, 0.849548),
    ],
)
def test_wilson_published(hits, total, low, high):
    found = wilson(hits, total)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)


@given(st.integers(1, 300), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_shares_agree_with_scipy(total, data, level):
    hits = data.draw(st.integers(0, total))
    theirs = stats.binomtest(hits, total)
    found = wilson(hits, total, level=level)
    expected = theirs.proportion_ci(level, "wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


scores = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.9]), min_size=2, max_size=30)


@given(scores, scores)
def test_placements_count_pairs(ours, theirs):
    a, b = np.array(ours), np.array(theirs)
    wins = (a[:, None] > b) + 0.5 * (a[:, None] == b)
    truth = np.repeat([True, False], [len(a), len(b)])
    placed = placements(truth, np.concatenate([a, b]))
    assert roc_auc(truth, np.concatenate([a, b])) == pytest.approx(wins.mean(), abs=1e-12)
    np.testing.assert_allclose(placed, np.concatenate([wins.mean(1), wins.mean(0)]), atol=1e-12)


def test_the_error_from_influences_is_the_spread_of_the_auc():
    rng = np.random.default_rng(1)
    truth = np.repeat([True, False], [60, 600])
    values, errors = [], []
    for _ in range(400):
        value, psi = roc_auc_influence(Ranked.of(truth, rng.normal(size=660) + 1.2 * truth))
        values.append(value)
        errors.append(np.sqrt((psi**2).sum()))
    # 400 draws know a standard deviation to 3.5 %.
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.11)


def test_logit_interval_is_symmetric_in_the_share_and_its_complement():
    up, down = logit_interval(0.9, 0.05, df=12), logit_interval(0.1, 0.05, df=12)
    assert (up.low, up.high) == pytest.approx((1 - down.high, 1 - down.low))
    assert logit_interval(1.0, 0.0).low == 1.0


@pytest.mark.parametrize(("hits", "total"), [(1, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(hits, total):
    with pytest.raises(RequestError, match="hits"):
        wilson(hits, total)
