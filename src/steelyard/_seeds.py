"""Seeds of draws, checked in one place."""

from typing import Any

import numpy as np

from steelyard.errors import RequestError

LARGEST = 2**32 - 1  # of numpy's older generators, which scikit-learn uses


def check_seed(seed: Any) -> int:
    """The seed as a whole number.

    Raises: RequestError: it is none from 0 to 4,294,967,295.

    >>> check_seed(7)
    7
    """
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= seed <= LARGEST:
        raise RequestError(f"`seed={seed!r}`: it takes a whole number from 0 to {LARGEST}")
    return int(seed)
