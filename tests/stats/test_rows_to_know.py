"""As many labels as are said tell a share within a factor of two; half as many do not."""

import numpy as np
import pytest
from scipy import stats

from steelyard.runs.monitor import band_state
from steelyard.stats.rows_to_know import rows_to_know


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.0005])
def test_exact_intervals_from_so_many_rows_lie_within_a_factor_of_two(share):
    rows = rows_to_know(share)
    for size, enough in ((rows, True), (rows // 2, False)):
        counted = round(size * share)
        exact = stats.binomtest(counted, size).proportion_ci(0.95, "exact")
        assert (exact.low >= share / 2 and exact.high <= 2 * share) == enough


def test_counting_so_many_labels_is_off_by_more_than_two_in_few_samples():
    share = 0.03
    seen = np.random.default_rng(0).binomial(rows_to_know(share), share, 20_000)
    off = np.abs(np.log(np.maximum(seen, 0.5) / rows_to_know(share) / share)) > np.log(2)
    assert 0.01 < off.mean() <= 0.05


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ([(0.06, 0.15), (0.07, 0.19)], "inside"),
        ([(0.0, 1.0), (0.09, 0.12)], "unknown"),
        ([(0.06, 0.15), (0.15, 0.3)], "edge"),
        ([(0.3, 0.4), (0.06, 0.15)], "edge"),
        ([(0.3, 0.4), (0.01, 0.04)], "outside"),
    ],
)
def test_where_the_intervals_of_both_readings_lie(ends, state):
    assert band_state(ends, (0.05, 0.2)) == state
