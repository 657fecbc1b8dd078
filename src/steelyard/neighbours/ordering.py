"""Rows in spatial order, so that each run of `LEAF` rows is close together."""

import numpy as np

LEAF = 256


def spatial_order(rows: np.ndarray) -> np.ndarray:
    """Order rows so that each run of `LEAF` is close together: median splits of the widest column.

    Splits fall on multiples of `LEAF`, so all leaves but the last are full.
    """
    order = np.arange(len(rows))
    stack = [(0, len(rows))]
    while stack:
        start, stop = stack.pop()
        leaves = -(-(stop - start) // LEAF)
        if leaves < 2:
            continue
        part = order[start:stop]
        # The spread of some 64 rows is enough to choose a column.
        sample = rows[part[:: max(1, len(part) // 64)]]
        column = int(np.argmax(sample.var(axis=0)))
        middle = leaves // 2 * LEAF
        order[start:stop] = part[np.argpartition(rows[part, column], middle)]
        stack += [(start, start + middle), (start + middle, stop)]
    return order
