"""What run.json says of decisions in money, where every row has costs of its own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.consequences import PER, consequences
from steelyard.stats.money import Floats, Ints, by_share_flagged, in_money, mean_costs

Flags = NDArray[np.bool_]


def money_record(
    costs: Floats,
    truth: Flags,
    flagged: Sequence[Flags],
    p: Sequence[Floats],
    *,
    groups: Ints | None = None,
    weight: Floats | None = None,
) -> dict[str, Any]:
    """Means over repeats of the same rows, of values and of the ends of intervals.

    Args:
        costs: (rows, 2). truth: (rows,). groups, weight: as `in_money` takes them.
        flagged, p: of each repeat, (rows,).
    Returns: what `in_money` gives; `mean_costs` of a false alarm and a miss; `counts` of flagged
        rows over all repeats; and, where rows count alike, `curve`: the cost by the share of rows
        that is flagged, of the first repeat.
    """
    options: dict[str, Any] = {"groups": groups, "weight": weight}
    found = [
        in_money(costs, truth, one, p=score, **options)
        for one, score in zip(flagged, p, strict=True)
    ]
    means = {
        name: {end: float(np.mean([of[name][end] for of in found])) for end in value}
        for name, value in found[0].items()
    }
    counts = {
        "true_positives": int(sum((one & truth).sum() for one in flagged)),
        "false_positives": int(sum((one & ~truth).sum() for one in flagged)),
        "positives": int(truth.sum()) * len(flagged),
        "negatives": int((~truth).sum()) * len(flagged),
        "repeats": len(flagged),
    }
    if (costs == costs[0]).all() and weight is None:
        # The very intervals of constant costs.
        alike = consequences(**counts, costs=(costs[0, 0], costs[0, 1]))
        means["cost_per_row"] = {
            end: float(value or 0.0) / PER for end, value in alike["cost"].items()
        }
    mass = np.ones(len(truth)) if weight is None else weight
    curve = by_share_flagged(costs, truth, p[0]) if weight is None else None
    return means | {"mean_costs": mean_costs(costs, truth, mass), "counts": counts, "curve": curve}
