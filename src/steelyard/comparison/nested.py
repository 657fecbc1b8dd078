"""What the recommended technique is worth when the choosing is part of what is tested.

The best of twelve looks better than it is, since luck helped to choose it. Here each fold is scored
with the technique that the verdict recommends without any row of that fold, in any repeat.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from steelyard.comparison.judging import Judged
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.verdict import Verdict, decide
from steelyard.stats.cross_validated import cross_validated_metrics
from steelyard.stats.fold_table import FoldTable
from steelyard.stats.limits import TO_NAME_BEST
from steelyard.stats.predictions import Predictions


def verdict_by(
    contenders: Sequence[Judged], protocol: Protocol, kept: np.ndarray | None = None
) -> Verdict:
    """The verdict that the scored rows give, or those of them in the mask `kept`."""
    tables = {one.technique.name: one.table for one in contenders}
    if kept is not None:
        tables = {
            one.technique.name: FoldTable.of(
                protocol.metric, [rows.rows(kept) for rows in one.predictions]
            )
            for one in contenders
        }
    scored = [split for split in protocol.splits if split.scored]
    return decide(
        tables,
        positives=protocol.positives,
        metric=protocol.metric,
        reference=protocol.reference,
        test_train_ratio=float(np.mean([len(s.test) / len(s.train) for s in scored])),
    )


def nested(contenders: Sequence[Judged], protocol: Protocol) -> dict[str, Any] | None:
    """Metrics of the choosing itself, and how often each technique was chosen.

    None where nothing could be chosen: too few positives, no reference, or one technique.
    """
    by_name = {one.technique.name: one for one in contenders}
    positives = protocol.positives
    if protocol.reference not in by_name or len(by_name) < 2 or positives < TO_NAME_BEST:
        return None
    rows = protocol.scored
    chosen: Counter[str] = Counter()
    nested_rows = []
    for repeat, theirs in enumerate(by_name[protocol.reference].predictions):
        p, d = np.full_like(theirs.p, np.nan), np.zeros_like(theirs.d)
        for split in protocol.splits:
            if split.repeat != repeat or not split.scored:
                continue
            test = protocol.fold_of(repeat)[rows] == split.fold
            name = verdict_by(contenders, protocol, ~test).recommended
            chosen[name] += 1
            ours = by_name[name].predictions[repeat]
            p[test], d[test] = ours.p[test], ours.d[test]
        nested_rows.append(_of_others(theirs, p, d))
    metrics = cross_validated_metrics(nested_rows, seed=protocol.seed)
    return {"metrics": metrics, "chosen": dict(chosen)}


def _of_others(rows: Predictions, p: np.ndarray, d: np.ndarray) -> Predictions:
    """The same rows with other probabilities and decisions."""
    return replace(rows, p=p, d=d, found={})
