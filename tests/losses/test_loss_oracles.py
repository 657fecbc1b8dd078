"""Losses against the independently computed values of the project's formulas."""

import numpy as np
import pytest

from steelyard.losses.class_balanced import ClassBalanced
from steelyard.losses.logit_adjusted import BalancedSoftmax, LogitAdjusted

COUNTS = [1000, 100, 10]
Z = np.array([[2.0, 1.0, 0.5], [0.2, 0.4, 0.1], [1.5, -0.5, 0.3]], "float32")
Y = np.array([0, 1, 2])


@pytest.mark.parametrize(
    ("loss", "mean"),
    [
        (LogitAdjusted(COUNTS, tau=0.0), 0.988810),
        (LogitAdjusted(COUNTS, tau=1.0), 2.695237),
        (BalancedSoftmax(COUNTS), 2.695237),
        (ClassBalanced(COUNTS, beta=0.99), 1.402694),
    ],
    ids=["cross-entropy", "tau 1", "balanced softmax", "class balanced"],
)
def test_oracle(loss, mean):
    assert float(loss(Y, Z)) == pytest.approx(mean, rel=1e-5)
    assert float(loss(np.eye(3)[Y], Z)) == pytest.approx(mean, rel=1e-5)
