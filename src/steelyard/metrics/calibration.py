"""Do the probabilities come true?"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import RequestError
from steelyard.metrics._inputs import FloatArray, Macro, per_class, probabilities_of
from steelyard.stats import calibration


def calibration_error(
    y_true: ArrayLike,
    probabilities: ArrayLike,
    *,
    bins: int = 10,
    sample_weight: ArrayLike | None = None,
    positive: Any = None,
    labels: Sequence[Any] | None = None,
    average: Macro = "macro",
) -> float | FloatArray:
    """Expected calibration error over bins of equal mass: mean of |mean p - share of hits|.

    At most about the prevalence, so tiny on rare classes whatever the model: read it beside
    `observed_expected`. Equal-width bins would put nearly all rows of a rare class in one.
    Never 0 on a finite sample, and rises with `bins`: compare at the same n and bins only.

    Args:
        y_true: labels, shape (n,).
        probabilities: of the class of interest, shape (n,), or of each class, shape (n, K);
            two columns are binary: the second is the class of interest.
        bins: how many, >= 1. Ties are shared between bins in proportion, so every bin has
            exactly the same mass and the order of rows does not matter.
        sample_weight: shape (n,), >= 0.
        positive: the class of interest, for a vector; needed unless labels are 0 and 1.
        labels: the class of each column; needed unless labels are 0 .. K-1.
        average: "macro", the mean over classes of one against the rest; None, one per class.

    Returns: in [0, 1].
    Raises: RequestError (not probabilities), DataError, TargetError, WeightError.

    >>> round(calibration_error([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8], bins=2), 6)
    0.25
    """
    if bins < 1:
        raise RequestError(f"bins is {bins!r}; it takes a whole number >= 1, such as 10")
    return per_class(
        partial(calibration.calibration_error, bins=bins),
        y_true,
        probabilities,
        sample_weight,
        positive,
        labels,
        average,
        check=probabilities_of,
        both=False,
    )


def observed_expected(
    y_true: ArrayLike,
    probabilities: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    positive: Any = None,
    labels: Sequence[Any] | None = None,
) -> float | FloatArray:
    """Rows of the class observed per row expected (the sum of its probabilities).

    1 is right on the whole; .1 is what training on balanced data does to a class of 10 %. Errors
    in opposite directions cancel, so 1 does not mean calibrated. Arguments as for
    `calibration_error`; (n, K) with K > 2 gives one ratio per class, shape (K,).

    Raises: RequestError if nothing is expected, and as `calibration_error`.

    >>> observed_expected([0, 0, 0, 1], [0.5, 0.5, 0.5, 0.5])
    0.5
    """
    wide = np.ndim(probabilities) == 2 and np.shape(probabilities)[1] > 2
    return per_class(
        _ratio,
        y_true,
        probabilities,
        sample_weight,
        positive,
        labels,
        None if wide else "macro",
        check=probabilities_of,
        both=False,
    )


def _ratio(mask: NDArray[np.bool_], p: FloatArray, weight: FloatArray | None) -> float:
    if not (p.any() if weight is None else weight @ p):
        raise RequestError(
            "the probabilities of a class sum to 0; observed/expected takes a positive sum: "
            "check which column is which"
        )
    return calibration.observed_expected_influence(mask, p, weight)[0]
