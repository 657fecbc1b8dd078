"""What a ratio asks for, in rows of each class."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard.errors import RequestError, TargetCountError
from steelyard.sampling_plan.ratios import rows_of, rows_over


def wanted_counts(
    ratio: Sequence[str], classes: Sequence[Any], counts: np.ndarray, *, adds: bool
) -> dict[int, int]:
    """Wanted number of rows of each class code that changes.

    Args:
        ratio: one number R: every class at least R times the largest (methods that add rows), or
            at most the smallest over R (methods that remove some); or items CLASS=N.
        counts: rows of each class, shape (classes,).
        adds: whether the method adds rows.
    Raises: RequestError, TargetCountError: an item that cannot be read, or not be met.

    >>> wanted_counts(["0.5"], ["no", "yes"], np.array([900, 100]), adds=False)
    {0: 200}
    >>> wanted_counts(["yes=300"], ["no", "yes"], np.array([900, 100]), adds=True)
    {1: 300}
    """
    if len(ratio) == 1 and "=" not in ratio[0]:
        share = _share(ratio[0])
        if adds:
            wanted = np.maximum(counts, rows_of(share, int(counts.max())))
        else:
            wanted = np.minimum(counts, rows_over(int(counts.min()), share))
        return {code: int(n) for code, n in enumerate(wanted) if n != counts[code]}
    codes = {str(label): code for code, label in enumerate(classes)}
    named = {}
    for item in ratio:
        label, _, number = item.rpartition("=")
        if label not in codes or not number.isdigit():
            raise RequestError(
                f"`ratio={item}` is neither a number in (0, 1] nor CLASS=N with one of the classes "
                f"{', '.join(codes)}"
            )
        have, n = int(counts[codes[label]]), int(number)
        if (n < have) if adds else (n > have):
            raise TargetCountError(
                f"`ratio={item}`: class {label!r} has {have:,} rows, and this method only "
                f"{'adds' if adds else 'removes'} rows; ask for {have:,} or "
                f"{'more' if adds else 'fewer'}"
            )
        named[codes[label]] = n
    return named


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise RequestError(f"`ratio={text}` is neither a number in (0, 1] nor CLASS=N")
    return share
