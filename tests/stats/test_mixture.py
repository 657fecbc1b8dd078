"""Are new rows a mix of the old classes: right as often as promised, and seen when they are not."""

import numpy as np
import pytest
from scipy.stats import binom

from steelyard.stats.mixture_test import LEVEL, UnsureShares, mixture_test

SHARE = 0.3


def draw(rows, share, rng, shift=0.0):
    """Four columns, of which the first two know the class."""
    y = (rng.random(rows) < share).astype(int)
    return rng.normal(size=(rows, 4)) + y[:, None] * [2.0, 1.0, 0.0, 0.0] + [0, 0, shift, 0], y


def known_shares(rows):
    prior = np.array([1 - SHARE, SHARE])
    return UnsureShares(prior, np.zeros((rows, 2)), np.zeros((300, 2)))


def by_moments(new):
    """The share from the mean of the first column, which is 2 where all are positive."""
    share = new[:, 0].mean() / 2
    moves = (new[:, 0] / 2 - share) / len(new)
    return UnsureShares(
        np.array([1 - share, share]), np.column_stack([-moves, moves]), np.zeros((300, 2))
    )


@pytest.mark.parametrize("shares", [known_shares, by_moments], ids=["known", "estimated"])
def test_a_mix_of_the_old_classes_is_refuted_no_more_often_than_promised(shares):
    refuted, draws = 0, 200
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        (old, y), (new, _) = draw(600, 0.1, rng), draw(300, SHARE, rng)
        given = shares(new if shares is by_moments else 300)
        refuted += mixture_test(old, y, new, given, seed=seed).p_value < LEVEL
    assert refuted <= binom.ppf(0.995, draws, LEVEL)


def test_an_estimate_from_the_rows_themselves_takes_the_gap_out_of_its_own_column():
    rng = np.random.default_rng(0)
    (old, y), (new, _) = draw(2000, 0.1, rng), draw(500, SHARE, rng)
    found = mixture_test(old[:, :1], y, new[:, :1], by_moments(new))
    assert abs(found.gap) < 0.1
    assert found.p_value > 0.02


def test_a_column_that_moved_is_found_by_name_and_size():
    rng = np.random.default_rng(0)
    (old, y), (new, _) = draw(2000, 0.1, rng), draw(500, SHARE, rng, shift=0.5)
    found = mixture_test(old, y, new, known_shares(500))
    assert found.refuted
    assert found.column == 2
    assert found.gap == pytest.approx(0.5, abs=0.1)
    same = mixture_test(old, y, new, known_shares(500), wobble=np.random.default_rng(0).normal(
        size=(300, 4)))  # fmt: skip
    assert not same.refuted, "what else moves the columns by as much explains it"


def test_weights_count_as_copies():
    rng = np.random.default_rng(0)
    (old, y), (new, _) = draw(400, 0.2, rng), draw(300, SHARE, rng)
    twice = 1.0 + (np.arange(400) < 200)
    copied = np.r_[np.arange(400), np.arange(200)]
    weighted = mixture_test(old, y, new, known_shares(300), sample_weight=twice)
    whole = mixture_test(old[copied], y[copied], new, known_shares(300))
    assert weighted.gap == pytest.approx(whole.gap, rel=0.1)


def test_power_is_how_often_the_alternative_is_refuted():
    """Old rows drawn by the alternative's weights stand for new rows that moved like that."""
    rng = np.random.default_rng(0)
    old, y = draw(3000, 0.1, rng)
    weight = np.exp(0.13 * old[:, 2])
    shares = UnsureShares(np.array([0.9, 0.1]), np.zeros((500, 2)), np.zeros((300, 2)))
    refuted, power = [], []
    for seed in range(100):
        rng = np.random.default_rng([seed, 1])
        new = old[rng.choice(3000, 500, p=weight / weight.sum())]
        found = mixture_test(old, y, new, shares, alternatives=[weight], seed=seed)
        refuted.append(found.p_value < LEVEL)
        power.append(found.power)
    assert np.mean(refuted) == pytest.approx(np.mean(power), abs=0.15)
