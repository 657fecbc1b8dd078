"""The final model says on average what the folds' models said, whatever its own level."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit, logit

from steelyard.comparison.final import recalibrated_intercept
from steelyard.decision import correct_prior
from steelyard.techniques import get

COUNTS = np.array([1800, 200])
NATURAL = COUNTS / COUNTS.sum()


@pytest.mark.parametrize("name", ["plain", "random-over", "focal"])
def test_a_level_of_its_own_is_taken_out(name):
    rng = np.random.default_rng(0)
    technique = get(name)
    true = expit(rng.normal(-2.5, 1, 2000))
    folds = np.column_stack([1 - true, true])
    judged = SimpleNamespace(technique=technique, corrected=np.stack([folds, folds]))
    trained_on = technique.trained_prior(COUNTS)
    lifted = expit(logit(true) + 0.3)  # 30 % too many
    held = np.column_stack([1 - lifted, lifted])
    if trained_on is not None:
        held = correct_prior(held, NATURAL, trained_on)
    held[::3] = np.nan  # rows that every member trained on
    found = recalibrated_intercept(judged, held, COUNTS)
    known = np.isfinite(held).all(axis=1)
    again = correct_prior(held[known], found, NATURAL)
    np.testing.assert_allclose(again, folds[known], atol=1e-6)


def test_hardly_any_row_held_out_changes_nothing():
    technique = get("random-over")
    p = np.full((2000, 2), 0.5)
    held = np.full((2000, 2), np.nan)
    held[:100] = 0.5
    judged = SimpleNamespace(technique=technique, corrected=p[None])
    np.testing.assert_array_equal(
        recalibrated_intercept(judged, held, COUNTS), technique.trained_prior(COUNTS)
    )
