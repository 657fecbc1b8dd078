"""The ledger of a resampled table: rows before, added, dropped and after, class by class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def ledger_counts(
    classes: Sequence[Any],
    before: NDArray[np.integer],
    kept: NDArray[np.integer],
    after: NDArray[np.integer],
    asked: NDArray[np.integer] | None,
) -> dict[str, Any]:
    """Rows of all classes and of each, as plain values.

    Args:
        before: rows of each class in the source, shape (classes,).
        kept: different rows of the source that the new table has.
        after: rows of the new table.
        asked: rows that were asked for; None where the data decide.
    """
    added, dropped = after - kept, before - kept
    lines = {"before": before, "added": added, "dropped": dropped, "after": after}
    if asked is not None:
        lines["asked"] = asked
    return {
        "rows_in": int(before.sum()),
        "rows_added": int(added.sum()),
        "rows_dropped": int(dropped.sum()),
        "rows_out": int(after.sum()),
        "classes": [
            {"class": label} | {key: int(numbers[code]) for key, numbers in lines.items()}
            for code, label in enumerate(classes)
        ],
    }
