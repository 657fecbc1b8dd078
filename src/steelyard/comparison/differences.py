"""Each technique less the reference, metric by metric, with the interval of the difference.

The verdict rests on one metric, tested and adjusted (`comparison.verdict`); these are of all the
others, for a reader who asks about one of them. They are intervals of each difference alone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard.comparison.judging import Judged
from steelyard.comparison.protocol import Protocol
from steelyard.stats.fold_table import FoldTable
from steelyard.stats.intervals import quantile
from steelyard.stats.limits import TO_COMPARE
from steelyard.stats.metrics import METRICS, evaluate
from steelyard.stats.paired import nadeau_bengio
from steelyard.stats.predictions import Predictions

MOST_ROWS = 200_000


def differences(
    judged: Sequence[Judged], protocol: Protocol
) -> dict[str, dict[str, dict[str, float]]]:
    """By technique and metric `{value, low, high}`: its metric less the reference's, as deployed.

    Empty where there is no reference, where too few positives are there to compare, and of more
    than `MOST_ROWS` rows, where all metrics again would take seconds. Source: as
    `paired.nadeau_bengio`.
    """
    by_name = {one.technique.name: one for one in judged}
    found: dict[str, dict[str, dict[str, float]]] = {name: {} for name in by_name}
    reference = by_name.get(protocol.reference)
    scored = [split for split in protocol.splits if split.scored]
    few = protocol.positives < TO_COMPARE or len(scored) < 2
    if reference is None or few or len(protocol.scored) > MOST_ROWS:
        return found
    ratio = float(np.mean([len(split.test) / len(split.train) for split in scored]))
    for metric in METRICS:
        theirs = _table(metric.name, reference.predictions)
        for name, one in by_name.items():
            ours = None if one is reference else _table(metric.name, one.predictions)
            if ours is not None and theirs is not None:
                found[name][metric.name] = _interval(ours, theirs, ratio)
    return found


def _interval(ours: FoldTable, theirs: FoldTable, ratio: float) -> dict[str, float]:
    test = nadeau_bengio(ours.by_fold - theirs.by_fold, ratio, ours.row_noise(theirs))
    reach = quantile(test.df, 0.95) * test.error if test.error else 0.0
    return {"value": test.mean, "low": test.mean - reach, "high": test.mean + reach}


def _table(metric: str, repeats: Sequence[Predictions]) -> Any:
    """As `FoldTable.of`, without keeping a number a row for every metric."""
    found = [evaluate(metric, rows) for rows in repeats]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return None
    return FoldTable(
        np.array([one.value for one in known]),
        np.stack([one.influence for one in known]),
        np.stack([rows.fold_codes for rows in repeats]),
        repeats[0].groups,
    )
