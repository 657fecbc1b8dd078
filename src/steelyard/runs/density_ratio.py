"""How much more often rows of a kind come among new rows than among old ones."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PENALTY = 10.0  # of logistic regression: what a few rows say of many columns is mostly noise
MOST = 30.0  # times the mean; a row that stood for more would speak for all


def density_ratio(design: Floats, old_weight: Floats) -> Floats:
    """Factors of mean 1 under which the first rows of a design look as the others do.

    Odds of a logistic regression that tells the two sides apart. `old_weight`: how much each of the
    first rows counts; returns as many.
    Source: Sugiyama, Suzuki, Kanamori, "Density Ratio Estimation in Machine Learning", 2012,
        chapter 4.
    """
    from sklearn.linear_model import LogisticRegression

    old = len(old_weight)
    new = len(design) - old
    is_new = np.repeat([0, 1], [old, new])
    smaller = min(old, new)
    even = np.repeat([smaller / old, smaller / new], [old, new])
    even[:old] *= old_weight / old_weight.mean()
    fitted = LogisticRegression(C=1.0 / PENALTY, max_iter=500).fit(
        design, is_new, sample_weight=even
    )
    log_odds = fitted.decision_function(design[:old])
    weight = np.exp(log_odds - log_odds.max())
    return np.minimum(weight / weight.mean(), MOST)
