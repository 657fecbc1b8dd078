"""Intervals against published values, SciPy, and direct counting."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from steelyard.errors import RequestError
from steelyard.stats.intervals import (
    average_precision_logit,
    clopper_pearson,
    delong_error,
    hanley_mcneil_error,
    logit_interval,
    placements,
    wilson,
)


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


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"), [(8, 10, 0.443905, 0.974789), (0, 10, 0, 0.308497)]
)
def test_clopper_pearson_published(hits, total, low, high):
    found = clopper_pearson(hits, total)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)


def test_rule_of_three_is_near_the_exact_one_sided_end():
    # 0 of 30 at 95 % one-sided is 90 % two-sided; the rule says 3 / 30.
    assert clopper_pearson(0, 30, level=0.90).high == pytest.approx(0.095034, abs=1e-6)


@given(st.integers(1, 300), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_shares_agree_with_scipy(total, data, level):
    hits = data.draw(st.integers(0, total))
    theirs = stats.binomtest(hits, total)
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        found = ours(hits, total, level=level)
        expected = theirs.proportion_ci(level, method)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize(
    ("value", "positives", "low", "high"),
    [
        (0.6, 20, 0.380, 0.785),
        (0.6, 100, 0.501, 0.691),
        (0.6, 500, 0.556, 0.642),
        (0.3, 50, 0.190, 0.440),
    ],
)
def test_average_precision_logit_published(value, positives, low, high):
    found = average_precision_logit(value, positives)
    # The source gives three digits, some cut and some rounded: .78585 stands there as .785.
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-3)


@pytest.mark.parametrize(("positives", "error"), [(20, 0.0463), (100, 0.0207), (500, 0.0093)])
def test_hanley_mcneil_published(positives, error):
    assert hanley_mcneil_error(0.9, positives, 50 * positives) == pytest.approx(error, abs=5e-5)


scores = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.9]), min_size=2, max_size=30)


@given(scores, scores)
def test_placements_count_pairs(ours, theirs):
    a, b = np.array(ours), np.array(theirs)
    wins = (a[:, None] > b) + 0.5 * (a[:, None] == b)
    truth = np.repeat([True, False], [len(a), len(b)])
    auc, placed = placements(truth, np.concatenate([a, b]))
    assert auc == pytest.approx(wins.mean(), abs=1e-12)
    np.testing.assert_allclose(placed, np.concatenate([wins.mean(1), wins.mean(0)]), atol=1e-12)
    spread = wins.mean(1).var(ddof=1) / len(a) + wins.mean(0).var(ddof=1) / len(b)
    assert delong_error(truth, np.concatenate([a, b])) == pytest.approx(math.sqrt(spread))


def test_delong_error_is_the_spread_of_the_auc():
    rng = np.random.default_rng(1)
    truth = np.repeat([True, False], [60, 600])
    values, errors = [], []
    for _ in range(400):
        score = rng.normal(size=660) + 1.2 * truth
        values.append(placements(truth, score)[0])
        errors.append(delong_error(truth, score))
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
