"""Paired tests against published values and SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from steelyard.errors import RequestError
from steelyard.stats.paired import correlated_bayes, holm, nadeau_bengio

DIFFERENCES = (0.02, 0.01, 0.03, -0.01, 0.02, 0.04, 0, 0.01, 0.02, 0.01)


def test_nadeau_bengio_published():
    found = nadeau_bengio(DIFFERENCES, 1 / 9)
    assert (found.t, found.p, found.df) == pytest.approx((2.277042, 0.048798, 9), abs=1e-6)


def test_without_overlap_it_is_the_plain_t_test():
    found = nadeau_bengio(DIFFERENCES, 1e-12)
    theirs = stats.ttest_1samp(DIFFERENCES, 0)
    assert (found.t, found.p) == pytest.approx((theirs.statistic, theirs.pvalue))


def test_correlated_bayes_published():
    found = correlated_bayes(DIFFERENCES, 1 / 10, rope=0.01)
    expected = (0.002125, 0.231503, 0.766372)
    assert (found.worse, found.equivalent, found.better) == pytest.approx(expected, abs=1e-6)


def test_equal_differences():
    assert nadeau_bengio([0.0, 0.0, 0.0], 0.25).p == 1
    assert nadeau_bengio([0.1, 0.1, 0.1], 0.25).p < 1e-9
    assert correlated_bayes([0.0, 0.0], 0.2).equivalent == 1
    assert correlated_bayes([0.02, 0.02], 0.2).better == 1
    assert correlated_bayes([-0.02, -0.02], 0.2).worse == 1


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=20))
def test_signs_swap_the_sides(differences):
    ours = correlated_bayes(differences, 0.2)
    theirs = correlated_bayes([-d for d in differences], 0.2)
    assert ours.better == pytest.approx(theirs.worse, abs=1e-9)
    assert ours.worse + ours.equivalent + ours.better == pytest.approx(1)
    assert nadeau_bengio(differences, 0.25).p == pytest.approx(
        nadeau_bengio([-d for d in differences], 0.25).p
    )


def test_holm_published():
    # Worked by hand: 4 x .005, 3 x .01, 2 x .03 and 1 x .04 raised to .06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.001, 0.2))
def test_holm_rejects_what_the_step_down_procedure_rejects(p_values, level):
    rejected = set()
    for step, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] * (len(p_values) - step) > level:
            break
        rejected.add(index)
    assert {i for i, p in enumerate(holm(p_values)) if p <= level} == rejected


@pytest.mark.parametrize("bad", [[0.1], [], [0.1, np.nan], [[0.1, 0.2], [0.1, 0.2]]])
def test_too_little_to_test_is_refused(bad):
    with pytest.raises(RequestError, match="at least 2 folds"):
        nadeau_bengio(bad, 0.25)
    with pytest.raises(RequestError, match="at least 2 folds"):
        correlated_bayes(bad, 0.2)


def test_impossible_protocols_are_refused():
    with pytest.raises(RequestError, match="test_train_ratio"):
        nadeau_bengio(DIFFERENCES, 0)
    with pytest.raises(RequestError, match="rho"):
        correlated_bayes(DIFFERENCES, 1.0)


def test_the_corrected_test_keeps_its_level_where_the_plain_one_does_not():
    """Same mean, folds correlated by what they share: a null with correlation 1/5."""
    rng = np.random.default_rng(2)
    shared = rng.normal(size=(2000, 1)) * np.sqrt(0.2)
    d = shared + rng.normal(size=(2000, 10)) * np.sqrt(0.8)
    corrected = np.mean([nadeau_bengio(row, 0.25).p < 0.05 for row in d])
    plain = np.mean([stats.ttest_1samp(row, 0).pvalue < 0.05 for row in d])
    assert corrected <= 0.06
    assert plain > 0.2
