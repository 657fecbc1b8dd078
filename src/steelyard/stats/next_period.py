"""What the next period may show, where periods differ by more than the luck of their rows."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, logit

Floats = NDArray[np.float64]

FEWEST = 3  # periods


@dataclass(frozen=True)
class NextPeriod:
    """An interval (95 %) for a share in the period after the last, as large as those seen.

    `wider`: how many times as wide as what the rows of one period alone would leave open.
    """

    low: float
    high: float
    wider: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def next_period(values: Floats, errors: Floats) -> NextPeriod | None:
    """From a share in each of several periods, in order, and its standard errors by chance.

    Around the last one, by how far each was from the one before, on the logit scale: holds for
    shares that stay, wander or trend. The steps are few, so Student's t. None with fewer than
    three periods.

    >>> next_period(np.array([0.5, 0.5, 0.5]), np.array([0.05, 0.05, 0.05])).wider
    1.0
    """
    known = np.isfinite(values) & np.isfinite(errors)
    share = values[known].clip(1e-6, 1 - 1e-6)
    if len(share) < FEWEST:
        return None
    level, error = logit(share), errors[known] / (share * (1 - share))
    steps = np.diff(level)
    by_chance = np.sqrt(error[-1] ** 2 + np.mean(error**2))
    seen = np.sqrt(np.mean(steps**2))
    t = stats.t.ppf(0.975, len(steps))
    narrow = 1.96 * by_chance
    # With few steps their mean square may be small by luck: never less than chance gives.
    reach = max(t * seen, narrow)
    low, high = expit(level[-1] - reach), expit(level[-1] + reach)
    return NextPeriod(float(low), float(high), float(reach / narrow) if narrow > 0 else 1.0)
